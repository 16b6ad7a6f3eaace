"""The rules that flag: what each looks for, by which queries, and its thresholds' defaults.

A flag is a reason to look, not a verdict. A rule joins by adding a row to `RULES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from console.reports.basis import Words

HOUR_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A number that a rule compares with; its type is that of its default."""

    name: str
    default: int | float
    help: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule: the query files that find what it flags."""

    name: str
    queries: tuple[str, ...]  # below sql/compliance/
    thresholds: tuple[Threshold, ...]
    words: Words


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            name="split_gifts",
            queries=("split_gifts",),
            thresholds=(
                Threshold(
                    name="gift_limit",
                    default=1000,
                    help="Coins: each gift stays below it, together they reach it.",
                ),
                Threshold(name="split_hours", default=24, help="Hours in which they do."),
                Threshold(name="split_gifts", default=3, help="Gifts at least."),
            ),
            words=Words(
                en="many gifts from one wallet to another, each below a limit, that reach it "
                "together",
                zh="同一钱包向另一钱包多次转赠，每次低于限额，合计达到限额",
            ),
        ),
        Rule(
            name="circular_gifts",
            queries=("circular_gifts",),
            thresholds=(
                Threshold(name="circle_coins", default=100, help="Coins of each gift at least."),
                Threshold(name="circle_days", default=3, help="Days in which they come back."),
                Threshold(
                    name="circle_share", default=0.8, help="The least gift, as a share of the most."
                ),
            ),
            words=Words(
                en="gifts of about the same size that go round 2 to 4 wallets and come back",
                zh="数额相近的转赠在 2 至 4 个钱包之间循环并回到起点",
            ),
        ),
        Rule(
            name="packet_farms",
            queries=("packet_claimers", "packet_collectors"),
            thresholds=(
                Threshold(name="farm_claims", default=20, help="Draws of a wallet at least."),
                Threshold(name="farm_senders", default=2, help="Senders at most."),
                Threshold(
                    name="drain_wallets", default=5, help="Wallets that pass on what they drew."
                ),
                Threshold(name="drain_hours", default=24, help="Hours after a draw."),
                Threshold(name="drain_share", default=0.8, help="Share of it that is passed on."),
            ),
            words=Words(
                en="a wallet that draws from many red packets of few senders, or to which many "
                "wallets pass on what they drew",
                zh="一个钱包从少数发送者的大量红包中领取，或多个钱包将所领红包转给同一钱包",
            ),
        ),
    )
}
THRESHOLDS = {each.name: each for rule in RULES.values() for each in rule.thresholds}


def bound(rule: Rule, given: dict[str, int | float]) -> dict[str, Any]:
    """Return what the rule's queries bind: its thresholds, by default where not given."""
    values: dict[str, Any] = {
        each.name: given.get(each.name, each.default) for each in rule.thresholds
    }
    if "split_hours" in values:
        values["split_seconds"] = values["split_hours"] * HOUR_SECONDS
    return values
