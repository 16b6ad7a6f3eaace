"""The rules that flag: what each looks for, by which queries, and its thresholds' defaults.

A flag is a reason to look, not a verdict. To add a rule, add a row to `RULES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from console.i18n import LocalizedText

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
    words: LocalizedText


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
                    help="Coins: each gift stays below this, together they reach it.",
                ),
                Threshold(name="split_hours", default=24, help="Hours within which they do."),
                Threshold(name="split_gifts", default=3, help="Minimum number of gifts."),
            ),
            words=LocalizedText(
                "several gifts from one wallet to another, each below a limit, that reach it "
                "together"
            ),
        ),
        Rule(
            name="circular_gifts",
            queries=("circular_gifts",),
            thresholds=(
                Threshold(name="circle_coins", default=100, help="Minimum coins of each gift."),
                Threshold(name="circle_days", default=3, help="Days within which they come back."),
                Threshold(
                    name="circle_share",
                    default=0.8,
                    help="Smallest gift, as a share of the largest.",
                ),
            ),
            words=LocalizedText(
                "gifts of about the same size that circle through 2 to 4 wallets and come back"
            ),
        ),
        Rule(
            name="packet_farms",
            queries=("packet_claimers", "packet_collectors"),
            thresholds=(
                Threshold(name="farm_claims", default=20, help="Minimum draws of a wallet."),
                Threshold(name="farm_senders", default=2, help="Maximum number of senders."),
                Threshold(
                    name="drain_wallets",
                    default=5,
                    help="Number of wallets that pass on what they drew.",
                ),
                Threshold(name="drain_hours", default=24, help="Hours after a draw."),
                Threshold(name="drain_share", default=0.8, help="Share of it that is passed on."),
            ),
            words=LocalizedText(
                "a wallet that draws from many red packets of few senders, or to which many "
                "wallets pass on what they drew"
            ),
        ),
    )
}
THRESHOLDS = {each.name: each for rule in RULES.values() for each in rule.thresholds}


def bound(rule: Rule, given: dict[str, int | float]) -> dict[str, Any]:
    """Return what the rule's queries bind: its thresholds, or the defaults."""
    values: dict[str, Any] = {
        each.name: given.get(each.name, each.default) for each in rule.thresholds
    }
    if "split_hours" in values:
        values["split_seconds"] = values["split_hours"] * HOUR_SECONDS
    return values
