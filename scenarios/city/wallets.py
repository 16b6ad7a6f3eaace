"""What people do with their coins: they join, earn, give, redeem, buy and share red packets.

An act is a function here and a line in `ACTS`. A `purchase` is what an outside shop reports to the
wallet, an `order` is paid for in coins.

What a wallet holds is a lower estimate, since only the ledger knows what a draw gave and which
event it refused: people mostly have what they spend, and some ask for more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.city.plan import DAY_US, FARM, FARM_IDS, HOUR_US, MINUTE_US, SECOND_US

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.city.outbox import Outbox
    from scenarios.city.people import People, Sessions
    from scenarios.city.plan import Moment

    Numbers = NDArray[np.int64]

INVITED_SHARE = 0.3
CHECK_IN_COINS, INVITATION_COINS, GAME_COINS_MAX = 5, 20, 30
SPEND_CENTS_MIN, SPEND_CENTS_MAX = 50, 20_000  # less than a coin's worth is refused
CARELESS_SHARE = 0.02  # ask for what they don't have, or give to people without a wallet
GIFT_COINS_MIN, GIFT_COINS_MAX, BIRTHDAY_COINS_MAX = 2, 50, 500
BIRTHDAY = 1  # among what `records.TEXTS["message"]` says
TIERS = np.array([10, 30, 50, 100, 200])
OWN_CARRIER_SHARE = 0.85
HELD_SHARE = 0.7
ANSWERS = (0.92, 0.05, 0.03)  # of a carrier: delivered, failed, none in time
PRICES = np.array([6, 15, 80, 600, 1000])  # of what `records.TEXTS["item"]` names, in that order
DELIVERED_SHARE = 0.9  # of orders; the others are called off
REFUNDED_SHARE = 0.06  # of what was delivered
QUANTITY_MAX = 3
PACKET_COINS_MIN, PACKET_COINS_MAX = 20, 600
CROWD_SHARE = 0.1  # of packets, for as many as a crowd has
FEW_CLAIMS_MAX, CROWD_CLAIMS_MAX = 10, 100
WANTED_MIN, WANTED_MAX = 0.5, 1.5  # people who try, of the claims a packet has
FARM_COINS = 4  # that each id of a farm draws a day
FARM_DAY = 8  # on which it begins, when its wallets are open even if that was held back
NEVER_TODAY = 65_535
AHEAD_US = 8 * HOUR_US  # of UTC, are the program's days

ACTS = {
    "check_in": 0.40,
    "game": 0.15,
    "purchase": 0.12,
    "transfer": 0.06,
    "redeem": 0.10,
    "packet": 0.02,
    "order": 0.06,
}
"""Share of the sessions of people with a wallet that do each; the others only look."""


class Wallets:
    """Who has a wallet, and at least how many coins; 7 bytes per person."""

    def __init__(self, people: People, outbox: Outbox) -> None:
        self.people = people
        self.outbox = outbox
        self.is_open = np.zeros(people.plan.people, dtype=np.bool_)
        self.coins = np.zeros(people.plan.people, dtype=np.int32)
        self._coming: list[tuple[Numbers, Numbers]] = []
        self._checked_in = np.full(people.plan.people, NEVER_TODAY, dtype=np.uint16)

    def live(self, moment: Moment, sessions: Sessions) -> None:
        """Let those with a session join, and then act."""
        self._join(moment, sessions)
        bounds = np.cumsum(list(ACTS.values()))
        acts = np.searchsorted(bounds, moment.draw.random(len(sessions.person)), side="right")
        for number, name in enumerate(ACTS):
            at = acts == number
            getattr(self, f"_{name}")(moment, sessions.person[at], sessions.time[at])
        for person, coins in self._coming:
            np.add.at(self.coins, person, coins.astype(np.int32))
        self._coming.clear()

    def receive(self, person: Numbers, coins: Numbers) -> None:
        """Note coins that arrive within this part of the day, to be spent after it."""
        self._coming.append((person, coins))

    def _spend(self, person: Numbers, coins: Numbers) -> None:
        np.subtract.at(self.coins, person, coins.astype(np.int32))

    def _can_spend(self, moment: Moment, person: Numbers, coins: int) -> NDArray[np.bool_]:
        careless = moment.draw.random(len(person)) < CARELESS_SHARE
        found: NDArray[np.bool_] = (self.coins[person] >= coins) | careless
        return found

    def _join(self, moment: Moment, sessions: Sessions) -> None:
        """Open a wallet at the first session, say whether marketing is welcome, and be known."""
        new = np.flatnonzero(~self.is_open[sessions.person])
        person, first = np.unique(sessions.person[new], return_index=True)
        time = sessions.time[new][first] - 1
        self.outbox.add("open", time, person=person)
        granted = self.people.consents[person].astype(np.int64)
        self.outbox.add("consent", time, person=person, granted=granted)
        self._tell(person, time)
        friend = self.people.friends(person, moment.draw)
        invited = (moment.draw.random(len(person)) < INVITED_SHARE) & self.is_open[friend]
        self.is_open[person] = True
        self.receive(friend[invited], np.full(invited.sum(), INVITATION_COINS))
        self.outbox.add(
            "invitation", time[invited] + MINUTE_US, person=friend[invited], friend=person[invited]
        )

    def _tell(self, person: Numbers, time: Numbers) -> None:
        """Tell what is known of those who join, and of some a second device."""
        people = self.people
        self.outbox.add(
            *("profile", time),
            person=person,
            carrier=people.carrier[person],
            birth_year=people.birth_year(person),
            device=people.device(person),
        )
        after = people.second_device(person)
        has = after >= 0
        self.outbox.add("link", (time + after)[has], person=person[has])

    def withdraw_consent(self, moment: Moment) -> None:
        """Let those whose day it is take back their consent."""
        begin, end = moment.of(len(self.is_open), self.people.plan.parts)
        block = slice(begin, end)
        at = (
            (self.people.withdraw_day[block] == moment.day)
            & self.people.consents[block]
            & self.is_open[block]
        )
        person = begin + np.flatnonzero(at)
        time = self.people.times(moment, len(person))
        self.outbox.add("consent", time, person=person, granted=0)

    def farm(self, moment: Moment) -> None:
        """Let a farm draw from its owner's packet of the day, and pass the coins on; once a day."""
        plan, out, day_us = self.people.plan, self.outbox, moment.start_us
        ids, owner = plan.machine(FARM), np.array([plan.farmer])
        if moment.day == 0:
            out.add("open", np.full(FARM_IDS + 1, day_us + SECOND_US), person=np.append(ids, owner))
        if moment.day < FARM_DAY:
            return
        out.add("game", np.array([day_us + HOUR_US]), person=owner, amount=GAME_COINS_MAX)
        terms: dict[str, Any] = {
            "home": int(self.people.partition[plan.farmer]),
            "packet": out.counts["packet_send"] + 1,
        }
        sent = np.array([day_us + 2 * HOUR_US])
        out.add(
            *("packet_send", sent),
            person=owner,
            amount=FARM_COINS * FARM_IDS,
            claims=FARM_IDS,
            mode=0,
            expires=sent + DAY_US,
            **terms,
        )
        out.add("packet_expire", sent + DAY_US + MINUTE_US, **terms)
        drawn = sent + MINUTE_US * (1 + np.arange(FARM_IDS))
        out.add("packet_claim", drawn, claimer=ids, **terms)
        out.add(
            *("transfer", drawn + HOUR_US),
            person=ids,
            to=plan.farmer,
            amount=FARM_COINS,
            message=0,
        )

    # -- acts --------------------------------------------------------------------------------

    def _check_in(self, _moment: Moment, person: Numbers, time: Numbers) -> None:
        """Once a day of the program's calendar."""
        person, first = np.unique(person, return_index=True)
        day = (time[first] + AHEAD_US - self.people.plan.start_us) // DAY_US
        new = self._checked_in[person] != day
        person, time = person[new], time[first][new]
        self._checked_in[person] = day[new]
        self.receive(person, np.full(len(person), CHECK_IN_COINS))
        self.outbox.add("check_in", time, person=person)

    def _game(self, moment: Moment, person: Numbers, time: Numbers) -> None:
        amount = moment.draw.integers(1, GAME_COINS_MAX + 1, len(person))
        self.receive(person, amount)
        self.outbox.add("game", time, person=person, amount=amount)

    def _purchase(self, moment: Moment, person: Numbers, time: Numbers) -> None:
        """In an outside shop, which the program rewards by its own rule."""
        spread = (SPEND_CENTS_MAX / SPEND_CENTS_MIN) ** moment.draw.random(len(person))
        spend = (SPEND_CENTS_MIN * spread).astype(np.int64)
        self.receive(person, spend // 100)
        self.outbox.add("purchase", time, person=person, spend=spend)

    def _transfer(self, moment: Moment, person: Numbers, time: Numbers) -> None:
        draw = moment.draw
        to = self.people.friends(person, draw)
        careless = draw.random(len(person)) < CARELESS_SHARE
        able = self._can_spend(moment, person, GIFT_COINS_MIN) & (self.is_open[to] | careless)
        person, to, time = person[able], to[able], time[able]
        message = draw.integers(0, 5, len(person))
        limit = np.where(message == BIRTHDAY, BIRTHDAY_COINS_MAX, GIFT_COINS_MAX)
        most = np.clip(self.coins[person] // 2, GIFT_COINS_MIN, limit)
        amount = draw.integers(1, most + 1)
        self._spend(person, amount)
        self.receive(to, amount)
        self.outbox.add("transfer", time, person=person, to=to, amount=amount, message=message)

    def _redeem(self, moment: Moment, person: Numbers, time: Numbers) -> None:
        """In one of the tiers that the coins allow, mostly at the person's own carrier."""
        draw = moment.draw
        able = self._can_spend(moment, person, int(TIERS[0]))
        person, time = person[able], time[able]
        tiers = np.maximum(np.searchsorted(TIERS, self.coins[person], side="right"), 1)
        amount = TIERS[draw.integers(0, tiers)]
        other = (self.people.carrier[person] + draw.integers(1, 3, len(person))) % 3
        own = draw.random(len(person)) < OWN_CARRIER_SHARE
        carrier = np.where(own, self.people.carrier[person], other)
        network = np.where(own, 0, self.people.carrier[person].astype(np.int64) + 1)
        self._spend(person, amount)
        held = draw.random(len(person)) < HELD_SHARE
        asked = {"person": person, "carrier": carrier, "amount": amount, "network": network}
        self.outbox.add("redeem", time[~held], **{name: asked[name][~held] for name in asked})
        self._hold(moment, time[held], {name: asked[name][held] for name in asked})

    def _hold(self, moment: Moment, time: Numbers, asked: dict[str, Numbers]) -> None:
        """Hold coins until the carrier has answered, or for a day."""
        draw, until, person = moment.draw, time + DAY_US, asked["person"]
        number = self.outbox.add("redeem_held", time, until=until, **asked)
        answered = time + (draw.exponential(5.0, len(time)) * MINUTE_US).astype(np.int64)
        ends = np.minimum(answered, until - MINUTE_US) + SECOND_US
        answer = np.searchsorted(np.cumsum(ANSWERS)[:-1], draw.random(len(time)), side="right")
        late = until + draw.integers(SECOND_US, HOUR_US, len(time))
        for which, kind, when in (
            (0, "redeem_settle", ends),
            (1, "redeem_fail", ends),
            (2, "redeem_expire", late),
        ):
            at = answer == which
            self.outbox.add(kind, when[at], person=person[at], redemption=number[at])

    def _order(self, moment: Moment, person: Numbers, time: Numbers) -> None:
        """Buy from the program's catalogue what the coins allow."""
        draw = moment.draw
        able = self._can_spend(moment, person, int(PRICES[0]))
        person, time = person[able], time[able]
        offers = np.maximum(np.searchsorted(PRICES, self.coins[person], side="right"), 1)
        item = draw.integers(0, offers)
        most = np.clip(self.coins[person] // PRICES[item], 1, QUANTITY_MAX)
        quantity = draw.integers(1, most + 1)
        amount = PRICES[item] * quantity
        self._spend(person, amount)
        order = self.outbox.add(
            "order_place", time, person=person, item=item, amount=amount, quantity=quantity
        )
        wait = (draw.exponential(2.0, len(time)) * HOUR_US).astype(np.int64)
        answered = time + SECOND_US + np.minimum(wait, DAY_US)
        delivered = draw.random(len(time)) < DELIVERED_SHARE
        self._answer("order_cancel", answered, person, order, ~delivered)
        self._answer("order_fulfil", answered, person, order, delivered)
        refunded = delivered & (draw.random(len(time)) < REFUNDED_SHARE)
        regretted = answered + draw.integers(MINUTE_US, DAY_US // 2, len(time))
        self._answer("order_refund", regretted, person, order, refunded)

    def _answer(
        self, kind: str, time: Numbers, person: Numbers, order: Numbers, at: NDArray[np.bool_]
    ) -> None:
        self.outbox.add(kind, time[at], person=person[at], order=order[at])

    def _packet(self, moment: Moment, person: Numbers, time: Numbers) -> None:
        """Share coins in a red packet, among a few friends or a crowd."""
        draw = moment.draw
        able = self.coins[person] >= PACKET_COINS_MIN
        person, time = person[able], time[able]
        most = np.clip(self.coins[person] * 3 // 4, PACKET_COINS_MIN, PACKET_COINS_MAX)
        amount = draw.integers(PACKET_COINS_MIN, most + 1)
        crowd = draw.random(len(person)) < CROWD_SHARE
        claims = draw.integers(2, np.where(crowd, CROWD_CLAIMS_MAX, FEW_CLAIMS_MAX) + 1)
        claims = np.minimum(claims, amount)
        self._spend(person, amount)
        expires = time + DAY_US
        terms: dict[str, Any] = {
            "home": self.people.partition[person].astype(np.int64),
            "packet": self.outbox.counts["packet_send"] + 1 + np.arange(len(person)),
        }
        self.outbox.add(
            *("packet_send", time),
            person=person,
            amount=amount,
            claims=claims,
            mode=draw.integers(0, 2, len(person)),
            expires=expires,
            **terms,
        )
        late = draw.integers(SECOND_US, HOUR_US, len(person))
        self.outbox.add("packet_expire", expires + late, **terms)
        self._claim(moment, person, time, claims, terms)

    def _claim(
        self, moment: Moment, sender: Numbers, time: Numbers, claims: Numbers, terms: dict[str, Any]
    ) -> None:
        """Let friends of the senders try, more or fewer than there are claims, some twice."""
        draw = moment.draw
        wanted = WANTED_MIN + (WANTED_MAX - WANTED_MIN) * draw.random(len(sender))
        packet = np.repeat(np.arange(len(sender)), (claims * wanted).astype(np.int64))
        claimer = self.people.friends(sender[packet], draw, claims[packet] + 8)
        able = self.is_open[claimer] | (draw.random(len(packet)) < CARELESS_SHARE)
        packet, claimer = packet[able], claimer[able]
        wait = SECOND_US + (draw.exponential(1.5, len(packet)) * HOUR_US).astype(np.int64)
        self.outbox.add(
            *("packet_claim", time[packet] + wait),
            claimer=claimer,
            **{name: column[packet] for name, column in terms.items()},
        )
