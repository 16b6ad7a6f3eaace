"""What advertisers do: fund campaigns, draw arms, contact, give coins and show advertisements.

A campaign begins on day 3 and every fifth day from there, runs for 14 days, and is not started if
it would not end within the city's days. On its first day everyone with a wallet who may be marketed
to, except a fifth, is drawn into an arm. Those in a treated arm are contacted, get the arm's coins,
and are shown advertisements until the campaign ends or they take back their consent. Those of them
who buy are rewarded by the campaign's rule, and so, at times, is a friend who told them.

Machines are shown advertisements too, and "see" every one. Each kind gives itself away in its own
way: too many (`BOT_EXPOSURES_PER_DAY` or more by every campaign, while no person is shown more than
`EXPOSURES_MAX` by a campaign in all), a robot's name, a data centre's network, more than eyes and
hands can do, or wallets that only draw from red packets and pass the coins on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scenarios.city.draws import uniform
from scenarios.city.outcomes import delays, effects_of, outcomes
from scenarios.city.people import DEVICE_SHARES, LANS, chosen
from scenarios.city.plan import DAY_US, FARM, HOUR_US, MACHINES, MINUTE_US, SECOND_US
from scenarios.city.worlds import EFFECTS, mean_base

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from scenarios.city.outbox import Outbox
    from scenarios.city.people import People, Sessions
    from scenarios.city.plan import Moment, Plan
    from scenarios.city.wallets import Wallets

    Numbers = NDArray[np.int64]

FIRST_DAY, EVERY_DAYS, RUNS_DAYS = 3, 5, 14
ELIGIBLE_SHARE = 0.8
EXPOSURE_SHARE = 0.45  # of the sessions of those to be shown something
BURST_MAX = 3  # advertisements per session
PAUSE_US = 20 * SECOND_US  # between two of them
EXPOSURES_MAX = 20  # to a person, by a campaign
BOT_EXPOSURES_PER_DAY = 60
MACHINE_EXPOSURES_PER_DAY = 3  # by every campaign, to those who hide among people
TOGETHER = 9  # advertisements that one who is faster than a person has in view at once
REACTION_US = 50_000
FARM_FROM_DAY = 12
MEASURED_SHARE = 0.92
PAID_SHARE = 0.1
CLICK_SHARE = 0.02  # of viewable exposures
TOLD_SHARE = 0.4  # of those who are rewarded, by a friend
CONTACT_MIN_US, CONTACT_MAX_US = 30 * MINUTE_US, 90 * MINUTE_US
UNASSIGNED = 255
ROBOT = len(DEVICE_SHARES)  # among what `records.TEXTS["agent"]` says

# Pixels and seconds in view for an exposure to count: display, large display, video.
FORMAT_SHARES = (0.5, 0.2, 0.3)
VIEWABLE_PIXELS = np.array([0.5, 0.3, 0.5])
VIEWABLE_SECONDS = np.array([1.0, 1.0, 2.0])


class Arm(NamedTuple):
    """An arm of a campaign.

    Attributes:
        name: number in `records.TEXTS["arm"]`.
        probability: of being drawn into it.
        effect: what it adds to a person's chance of converting, on average.
        coins: given to each.
        is_treated: whether people are contacted and shown advertisements.
    """

    name: int
    probability: float
    effect: float = 0.0
    coins: int = 0
    is_treated: bool = True


class Form(NamedTuple):
    """How a campaign is made; campaigns take turns."""

    advertiser: str
    title_en: str
    title_zh: str
    goal: str
    channel: int  # number in `records.TEXTS["channel"]`
    arms: tuple[Arm, ...]  # the first is the control
    is_paid: bool  # whether some are paid to look
    rule: int = -1  # number in `records.TEXTS["rule"]`, by which buyers are rewarded, or none
    rule_coins: int = 0  # roughly what it gives, with the friend's part
    coin_microcents: int = 1_000_000  # the price of a coin, in millionths of a cent

    @property
    def effects(self) -> list[float]:
        """Of the arms, in order."""
        return [arm.effect for arm in self.arms]


NONE = 0
AD_EFFECT = 0.03
FORMS = (
    Form(
        "tea-house",
        "Coins for your first tea",
        "首杯茶送流量币",
        "conversions",
        0,
        (Arm(NONE, 0.5, is_treated=False), Arm(1, 0.5, EFFECTS[10], 10)),
        is_paid=True,
        rule=0,
        rule_coins=58,
    ),
    Form(
        "book-shop",
        "Coins for every book",
        "买书送流量币",
        "value",
        1,
        (
            Arm(NONE, 0.4, is_treated=False),
            Arm(2, 0.3, EFFECTS[5], 5),
            Arm(3, 0.3, EFFECTS[20], 20),
        ),
        is_paid=False,
        rule=1,
        rule_coins=220,
        coin_microcents=800_000,
    ),
    Form(
        "cinema",
        "New films this week",
        "本周新片",
        "visits",
        2,
        (Arm(NONE, 0.25, is_treated=False), Arm(4, 0.75, AD_EFFECT)),
        is_paid=False,
    ),
)


class Campaign:
    """A running campaign, and the truth about it; 4 bytes per person.

    Attributes:
        number: from 1, in its name.
        form: how it is made.
        begins, ends: days, the second excluded.
        budget: coins it was funded with.
        arm: of each person, or `UNASSIGNED`.
        contacted: who was sent the offer.
        exposures, viewable: advertisements shown to each person, and those of them in view.
        invalid: exposures and clicks of machines, by the rule that they break.
    """

    def __init__(self, number: int, form: Form, begins: int, people: int) -> None:
        self.number = number
        self.form = form
        self.begins = begins
        self.ends = begins + RUNS_DAYS
        self.budget = 0
        self.arm = np.full(people, UNASSIGNED, dtype=np.uint8)
        self.contacted = np.zeros(people, dtype=np.bool_)
        self.exposures = np.zeros(people, dtype=np.uint8)
        self.viewable = np.zeros(people, dtype=np.uint8)
        self.invalid = {kind: np.zeros(2, dtype=np.int64) for kind in (*MACHINES, FARM)}


class Marketing:
    """The campaigns that run."""

    def __init__(self, wallets: Wallets, outbox: Outbox) -> None:
        self.wallets = wallets
        self.people: People = wallets.people
        self.plan: Plan = self.people.plan
        self.outbox = outbox
        self.running: list[Campaign] = []

    def begin(self, day: int) -> None:
        """Begin what begins on a day, at the end of the day before: it is described just then."""
        since = day - FIRST_DAY
        if since < 0 or since % EVERY_DAYS or day + RUNS_DAYS > self.plan.days:
            return
        number = 1 + since // EVERY_DAYS
        campaign = Campaign(number, FORMS[(number - 1) % len(FORMS)], day, self.plan.people)
        self.running.append(campaign)
        if any(arm.coins for arm in campaign.form.arms):
            self._fund(campaign)
        self._describe(campaign)

    def ended(self, day: int) -> Iterator[Campaign]:
        """Yield those that have ended by a day, which are then forgotten."""
        yield from (campaign for campaign in self.running if campaign.ends <= day)
        self.running = [campaign for campaign in self.running if campaign.ends > day]

    def live(self, moment: Moment, sessions: Sessions) -> None:
        """Draw arms on the first day, and show advertisements."""
        for campaign in self.running:
            if moment.day == campaign.begins:
                self._assign(campaign, moment)
            self._show(campaign, moment, sessions)
            self._show_bots(campaign, moment)
            if moment.part == 0:
                self._show_machines(campaign, moment)

    def _fund(self, campaign: Campaign) -> None:
        """Fund what is likely to be given; give back what is left when the campaign has ended.

        Rewards are funded three times over: what a shard lacks for one is not requested from the
        reserve.
        """
        buys = mean_base(self.plan.world)
        likely = sum(
            arm.probability * (arm.coins + 3 * (buys + arm.effect) * campaign.form.rule_coins)
            for arm in campaign.form.arms
            if arm.is_treated
        )
        people = self.wallets.is_open.sum() * 0.6
        luck = uniform(self.plan.seed, "budgets", np.array([campaign.number]))[0]
        campaign.budget = max(self.plan.partitions * 2, int(likely * people * (0.9 + 0.6 * luck)))
        begins_us = self.plan.start_us + campaign.begins * DAY_US
        ends_us = self.plan.start_us + campaign.ends * DAY_US
        number = np.array([campaign.number])
        funded = np.array([begins_us + 1])
        self.outbox.add("fund", funded, campaign=number, amount=campaign.budget)
        homes = np.arange(self.plan.partitions)
        shards = np.full(len(homes), ends_us + 10 * MINUTE_US) + homes
        self.outbox.add("defund_shard", shards, campaign=campaign.number, home=homes)
        self.outbox.add("defund", np.array([ends_us + 2 * HOUR_US]), campaign=number)

    def _describe(self, campaign: Campaign) -> None:
        """Tell what the campaign is, a second before it begins."""
        form, start_us = campaign.form, self.plan.start_us
        begins_us = start_us + campaign.begins * DAY_US
        self.outbox.add(
            *("describe", np.array([begins_us - SECOND_US])),
            campaign=campaign.number,
            advertiser=form.advertiser,
            title_en=form.title_en,
            title_zh=form.title_zh,
            goal=form.goal,
            begin=begins_us,
            end=start_us + campaign.ends * DAY_US,
            budget=campaign.budget,
            channel=form.channel,
            coin_microcents=form.coin_microcents,
        )

    def _assign(self, campaign: Campaign, moment: Moment) -> None:
        """Draw this part of the people into arms, and treat those in treated arms."""
        seed, number, form = self.plan.seed, campaign.number, campaign.form
        person = np.arange(*moment.of(self.plan.people, self.plan.parts))
        eligible = self.wallets.is_open[person] & self.people.consenting(person, moment.day)
        eligible &= uniform(seed, f"campaign/{number}/eligible", person) < ELIGIBLE_SHARE
        person = person[eligible]
        probabilities = np.array([arm.probability for arm in form.arms])
        draws = uniform(seed, f"campaign/{number}/arm", person)
        arm = chosen(tuple(probabilities), draws)
        campaign.arm[person] = arm
        time = self.people.times(moment, len(person))
        self.outbox.add(
            *("assignment", time),
            person=person,
            campaign=number,
            arm=np.array([arm.name for arm in form.arms])[arm],
            probability=probabilities[arm],
        )
        self._treat(campaign, moment, person, time)
        self._await(campaign, moment, person, time)

    def _treat(self, campaign: Campaign, moment: Moment, person: Numbers, time: Numbers) -> None:
        """Contact the treated, unless they take back their consent before, and give coins."""
        form, draw = campaign.form, moment.draw
        wait = draw.integers(CONTACT_MIN_US, CONTACT_MAX_US, len(person))
        day = (time + wait - self.plan.start_us) // DAY_US
        treated = np.array([arm.is_treated for arm in form.arms])[campaign.arm[person]]
        treated &= self.people.consenting(person, day)
        person, time = person[treated], (time + wait)[treated]
        campaign.contacted[person] = True
        self.outbox.add(
            *("contact", time),
            person=person,
            campaign=campaign.number,
            channel=form.channel,
            cost=draw.integers(1, 9, len(person)),
            until=self.plan.start_us + campaign.ends * DAY_US - 1,
        )
        coins = np.array([arm.coins for arm in form.arms])[campaign.arm[person]]
        given = coins > 0
        person, coins = person[given], coins[given]
        self.wallets.receive(person, coins)
        self.outbox.add(
            *("grant", time[given] + SECOND_US),
            person=person,
            campaign=campaign.number,
            amount=coins,
        )

    def _await(self, campaign: Campaign, moment: Moment, person: Numbers, time: Numbers) -> None:
        """Let those who visit or convert in their arm do so."""
        seed, number = self.plan.seed, campaign.number
        effect = effects_of(campaign.arm[person], campaign.form.effects)
        found = outcomes(seed, number, person, effect, self.plan.world)
        after = time + delays(seed, number, person)
        visits, converts = found.visits, found.converts
        self.outbox.add("visit", after[visits] - MINUTE_US, person=person[visits], campaign=number)
        person, after, value = person[converts], after[converts], found.value[converts]
        conversion = self.outbox.add(
            "conversion", after, person=person, campaign=number, value=value
        )
        if campaign.form.rule >= 0:
            bought = {"person": person, "conversion": conversion, "value": value}
            self._reward(campaign, moment, after + MINUTE_US, bought)

    def _reward(
        self, campaign: Campaign, moment: Moment, time: Numbers, bought: dict[str, Numbers]
    ) -> None:
        """Reward the treated who buy and, for some, the friend who told them."""
        form, draw, person = campaign.form, moment.draw, bought["person"]
        at = np.array([arm.is_treated for arm in form.arms])[campaign.arm[person]]
        own = {name: column[at] for name, column in bought.items()}
        self.outbox.add("reward", time[at], **own, campaign=campaign.number, rule=form.rule)
        friend = self.people.friends(person, draw)
        at &= (draw.random(len(person)) < TOLD_SHARE) & self.wallets.is_open[friend]
        own = {name: column[at] for name, column in bought.items()}
        self.outbox.add(
            *("reward_sharer", time[at] + SECOND_US),
            **own,
            campaign=campaign.number,
            to=friend[at],
        )

    # -- advertisements ----------------------------------------------------------------------

    def _show(self, campaign: Campaign, moment: Moment, sessions: Sessions) -> None:
        """Show advertisements to people of treated arms, in the first of their sessions."""
        draw = moment.draw
        treated = np.zeros(UNASSIGNED + 1, dtype=np.bool_)
        treated[: len(campaign.form.arms)] = [arm.is_treated for arm in campaign.form.arms]
        to = treated[campaign.arm[sessions.person]]
        to &= draw.random(len(to)) < EXPOSURE_SHARE
        to &= self.people.consenting(sessions.person, moment.day)
        person, first = np.unique(sessions.person[to], return_index=True)
        time = sessions.time[to][first]
        room = EXPOSURES_MAX - campaign.exposures[person].astype(np.int64)
        burst = np.minimum(draw.integers(1, BURST_MAX + 1, len(person)), room)
        campaign.exposures[person] += burst.astype(np.uint8)
        number = np.arange(burst.sum()) - np.repeat(np.cumsum(burst) - burst, burst)
        # The campaign may end with the day, and consent too.
        ends_us = self.plan.start_us + (moment.day + 1) * DAY_US
        time = np.minimum(np.repeat(time, burst) + number * PAUSE_US, ends_us - 1)
        self._view(campaign, draw, np.repeat(person, burst), time)

    def _view(
        self, campaign: Campaign, draw: np.random.Generator, person: Numbers, time: Numbers
    ) -> None:
        """Let people see, or not, what they are shown, and click."""
        count = len(person)
        shape = chosen(FORMAT_SHARES, draw.random(count))
        pixels = np.round(np.minimum(draw.random(count) * 1.4, 1.0), 2)
        seconds = np.round(draw.exponential(4.0, count), 1)
        measured = draw.random(count) < MEASURED_SHARE
        viewable = measured & (pixels >= VIEWABLE_PIXELS[shape])
        viewable &= seconds >= VIEWABLE_SECONDS[shape]
        np.add.at(campaign.viewable, person[viewable], np.uint8(1))
        rows: dict[str, NDArray[Any]] = {
            "person": person,
            "format": shape,
            "creative": shape,
            "cost": draw.integers(1, 6, count),
            "paid": (draw.random(count) < PAID_SHARE * campaign.form.is_paid).astype(np.int64),
            "lan": self.people.lan(person),
            "agent": self.people.device(person),
        }
        same = {"campaign": campaign.number, "channel": campaign.form.channel}
        unseen = {name: column[~measured] for name, column in rows.items()}
        self.outbox.add("exposure_unmeasured", time[~measured], **unseen, **same)
        seen = {name: column[measured] for name, column in rows.items()}
        view = {"pixels": pixels[measured], "seconds": seconds[measured]}
        self.outbox.add("exposure", time[measured], **seen, **view, **same)
        clicks = viewable & (draw.random(count) < CLICK_SHARE)
        names = ("person", "creative", "lan", "agent")
        clicked = {name: rows[name][clicks] for name in names}
        self.outbox.add("click", time[clicks] + 2 * SECOND_US, **clicked, **same)

    # -- machines ------------------------------------------------------------------------------

    def _show_bots(self, campaign: Campaign, moment: Moment) -> None:
        """Show advertisements all day long to those who see too many."""
        each = -(-BOT_EXPOSURES_PER_DAY // self.plan.parts)
        person = np.repeat(self.plan.machine("rate"), each)
        time = self.people.times(moment, len(person))
        self._show_machine(campaign, "rate", moment.draw, person, time)

    def _show_machines(self, campaign: Campaign, moment: Moment) -> None:
        """Show a few to those who give themselves away otherwise; once a day."""
        draw = np.random.default_rng([self.plan.seed, campaign.number, moment.day, len(MACHINES)])
        kinds = [("robots", MACHINE_EXPOSURES_PER_DAY), ("data_centre", MACHINE_EXPOSURES_PER_DAY)]
        if moment.day >= FARM_FROM_DAY:
            kinds.append((FARM, MACHINE_EXPOSURES_PER_DAY))
        for kind, each in kinds:
            person = np.repeat(self.plan.machine(kind), each)
            time = moment.start_us + draw.integers(0, DAY_US - HOUR_US, len(person))
            self._show_machine(campaign, kind, draw, person, time)
        fast = self.plan.machine("faster")
        time = moment.start_us + draw.integers(0, DAY_US - HOUR_US, len(fast))
        person, together = np.repeat(fast, TOGETHER), np.repeat(time, TOGETHER)
        shape = self._show_machine(campaign, "faster", draw, person, together)
        campaign.invalid["faster"][1] += len(fast)
        self.outbox.add(
            *("click", time + REACTION_US),
            person=fast,
            campaign=campaign.number,
            channel=campaign.form.channel,
            creative=shape[::TOGETHER],
            lan=self.people.lan(fast),
            agent=self.people.device(fast),
        )

    def _show_machine(
        self,
        campaign: Campaign,
        kind: str,
        draw: np.random.Generator,
        person: Numbers,
        time: Numbers,
    ) -> Numbers:
        """Show a kind of machines advertisements, all in view; return their formats."""
        campaign.invalid[kind][0] += len(person)
        shape = draw.integers(0, 3, len(person))
        self.outbox.add(
            *("exposure", time),
            person=person,
            campaign=campaign.number,
            channel=campaign.form.channel,
            format=shape,
            creative=shape,
            pixels=1.0,
            seconds=30.0,
            cost=draw.integers(1, 6, len(person)),
            paid=0,
            lan=LANS if kind == "data_centre" else self.people.lan(person),
            agent=ROBOT if kind == "robots" else self.people.device(person),
        )
        return shape
