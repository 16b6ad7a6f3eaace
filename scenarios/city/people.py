"""Who lives in the city, and when they look at their phones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scenarios.city.draws import uniform
from scenarios.city.plan import DAY_US, HOUR_US, name
from streams.events import partition_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.city.plan import Moment, Plan

CARRIERS = ("mobile", "telecom", "unicom")
CARRIER_SHARES = (0.55, 0.25, 0.20)
AGE_MIN, AGE_MAX, ADULT_AGE = 12, 80, 18
HABITS = ("early", "day", "night")
HABIT_SHARES = (0.25, 0.50, 0.25)
CONSENT_SHARE = 0.85
WITHDRAW_SHARE = 0.12  # of those who consented, within `WITHDRAW_DAYS`
WITHDRAW_DAYS = 100
NEVER = 65_535
JOIN_SHARE_FIRST_DAY = 0.6
JOIN_DAYS = 30
SESSIONS_PER_DAY = 2.0  # of a person of mean activity
FRIENDS = 16  # a person's friends have the next numbers, eight on either side
ACQUAINTANCES_SHARE = 0.1  # of gifts, to anybody
BIRTH_YEAR_MIN = 1900  # the catalogue of attributes knows none before
LANS = 64  # networks that people look from
DEVICE_SHARES = (0.55, 0.20, 0.25)  # of `records.TEXTS["device"]`, in that order
SECOND_DEVICE_SHARE = 0.2

# How often a phone is looked at in each hour of a day, by habit.
_EARLY = (1, 1, 1, 1, 3, 8, 10, 9, 7, 6, 5, 5, 6, 5, 4, 4, 4, 5, 5, 4, 3, 2, 1, 1)
_DAY = (1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 9, 8, 7, 7, 7, 8, 9, 9, 8, 6, 4, 2)
_NIGHT = (7, 5, 3, 2, 1, 1, 1, 2, 3, 4, 4, 5, 6, 5, 5, 5, 5, 6, 7, 8, 9, 10, 10, 9)
HOURS = np.array([_EARLY, _DAY, _NIGHT], dtype=np.float64)
HOURS /= HOURS.sum(axis=1, keepdims=True)


def chosen(shares: tuple[float, ...], draws: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return which of several each draw from [0, 1) stands for, by their shares."""
    found = np.searchsorted(np.cumsum(shares)[:-1], draws, side="right")
    return found.astype(np.uint8)


def chosen_each(shares: NDArray[np.float64], draws: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the same where the shares are each draw's own, a row of them."""
    found: NDArray[np.uint8] = (np.cumsum(shares, axis=1)[:, :-1] <= draws[:, None]).sum(
        axis=1, dtype=np.uint8
    )
    return found


class Traits(NamedTuple):
    """What others may see of people, or guess from what they do; a row per person.

    Attributes:
        carrier: number in `CARRIERS`.
        age: years.
        habit: number in `HABITS`.
        activity: how likely a session is used, up to 1.
    """

    carrier: NDArray[np.uint8]
    age: NDArray[np.uint8]
    habit: NDArray[np.uint8]
    activity: NDArray[np.float32]


def traits(seed: int, person: NDArray[np.int64]) -> Traits:
    """Return the traits of people, which the seed and their numbers determine."""

    def draws(stream: str) -> NDArray[np.float64]:
        return uniform(seed, f"people/{stream}", person)

    return Traits(
        carrier=chosen(CARRIER_SHARES, draws("carrier")),
        age=(AGE_MIN + (AGE_MAX - AGE_MIN) * draws("age") ** 1.3).astype(np.uint8),
        habit=chosen(HABIT_SHARES, draws("habit")),
        activity=(0.1 + 0.9 * draws("activity") ** 2).astype(np.float32),
    )


class Sessions(NamedTuple):
    """Looks at the phone, in order of time."""

    person: NDArray[np.int64]
    time: NDArray[np.int64]


class People:
    """What is known about every person; 14 bytes each.

    Attributes:
        carrier: number in `CARRIERS`.
        age: years.
        habit: number in `HABITS`.
        activity: how likely a session is used, up to 1.
        consents: whether they agreed to marketing when they joined.
        withdraw_day: on which day they take that back, or `NEVER`.
        join_day: on which day they may open a wallet.
        partition: where the account lives; the machines' follow.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        everyone = np.arange(plan.people, dtype=np.int64)

        def draws(stream: str) -> NDArray[np.float64]:
            return uniform(plan.seed, f"people/{stream}", everyone)

        self.carrier, self.age, self.habit, self.activity = traits(plan.seed, everyone)
        self.consents = draws("consent") < CONSENT_SHARE
        self.withdraw_day = _days(draws("withdraw") / WITHDRAW_SHARE, WITHDRAW_DAYS)
        late = (draws("join") - JOIN_SHARE_FIRST_DAY) / (1 - JOIN_SHARE_FIRST_DAY)
        self.join_day = _days(late, JOIN_DAYS)
        self.partition = np.fromiter(
            (
                partition_of(name(plan.seed, number), plan.partitions)
                for number in range(plan.people + plan.machines)
            ),
            np.uint16,
            plan.people + plan.machines,
        )
        common = np.tensordot(HABIT_SHARES, HOURS, 1)
        self._cumulative = np.concatenate([[0.0], np.cumsum(common)])
        self._eagerness = HOURS / common
        self._eagerness /= self._eagerness.max()
        self._mean = float(self.activity.mean()) * float(
            np.tensordot(HABIT_SHARES, self._eagerness @ common, 1)
        )

    def consenting(
        self, person: NDArray[np.int64], day: NDArray[np.int64] | int
    ) -> NDArray[np.bool_]:
        """Return whether each may be marketed to on a day: an adult who agrees."""
        return (
            self.consents[person]
            & (self.withdraw_day[person] > day)
            & (self.age[person] >= ADULT_AGE)
        )

    def birth_year(self, person: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the year in which each was born, by their age in the city's first year."""
        years = self.plan.start.year - self.age[person].astype(np.int64)
        return np.maximum(years, BIRTH_YEAR_MIN)

    def device(self, person: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return what each looks at: a number in `records.TEXTS["device"]`."""
        return chosen(DEVICE_SHARES, uniform(self.plan.seed, "people/device", person))

    def lan(self, person: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return from which network each looks: a number in `records.TEXTS["lan"]`."""
        return person % LANS

    def second_device(self, person: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how long after joining each is known by a second device, or -1; microseconds.

        It is within a day.
        """
        has = uniform(self.plan.seed, "people/second_device", person) < SECOND_DEVICE_SHARE
        after = uniform(self.plan.seed, "people/second_device_after", person) * DAY_US
        return np.where(has, after.astype(np.int64), -1)

    def friends(
        self,
        person: NDArray[np.int64],
        draw: np.random.Generator,
        within: NDArray[np.int64] | int = FRIENDS // 2,
    ) -> NDArray[np.int64]:
        """Return a friend of each: someone `within` so many numbers either side, or anybody."""
        step = 1 + (draw.random(len(person)) * within).astype(np.int64)
        near = person + step * draw.choice((-1, 1), len(person))
        anybody = draw.integers(0, self.plan.people, len(person))
        far = draw.random(len(person)) < ACQUAINTANCES_SHARE
        found: NDArray[np.int64] = np.where(far, anybody, near % self.plan.people)
        return found

    def sessions(self, moment: Moment) -> Sessions:
        """Return who looks at the phone in a part of a day, and when."""
        draw, plan = moment.draw, self.plan
        count = draw.poisson(plan.people * SESSIONS_PER_DAY / plan.parts / self._mean)
        person = draw.integers(0, plan.people, count)
        time = self.times(moment, count)
        hour = (time - plan.start_us) % DAY_US // HOUR_US
        eager = self._eagerness[self.habit[person], hour] * self.activity[person]
        taken = (draw.random(count) < eager) & (self.join_day[person] <= moment.day)
        person, time = person[taken], time[taken]
        order = np.argsort(time, kind="stable")
        return Sessions(person[order], time[order])

    def times(self, moment: Moment, count: int) -> NDArray[np.int64]:
        """Return moments within the part of the day, more of them in the busier hours."""
        clock = (moment.part + moment.draw.random(count)) / self.plan.parts
        hours = np.interp(clock, self._cumulative, np.arange(25.0))
        midnight_us = moment.start_us - moment.start_us % DAY_US
        time: NDArray[np.int64] = midnight_us + (hours * HOUR_US).astype(np.int64)
        return time.clip(moment.start_us, moment.end_us - 1)

    def parts(self) -> NDArray[np.int64]:
        """Return where a day's parts begin and end, each as busy as any other, in microseconds."""
        clock = np.arange(self.plan.parts + 1) / self.plan.parts
        hours = np.interp(clock, self._cumulative, np.arange(25.0))
        bounds: NDArray[np.int64] = (hours * HOUR_US).astype(np.int64)
        bounds[0], bounds[-1] = 0, DAY_US
        return bounds


def _days(draws: NDArray[np.float64], days: int) -> NDArray[np.uint16]:
    """Return a day for each draw below 1, the first where it is negative; otherwise `NEVER`."""
    found = np.where(draws < 1, 1 + np.clip(draws, -1, 1) * days, NEVER)
    return np.maximum(found, 0).astype(np.uint16)
