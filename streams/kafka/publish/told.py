"""What became of what was published, in the ledger's and the campaign agent's own words.

A refusal is an answer: the rules, the balance, the state say no, and would again. Some, however,
say that the event arrived wrongly, as `too_old` does. For an event that was judged before they are
harmless, since that is what a second run looks like; for any other they mean that it is lost.
A conflict was never judged for what it asks; one that was refused as such before is not lost anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.events.decoding import REASONS
from streams.ledger.refusals import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Iterator

# Refusals of how an event arrived, not of what it asked for.
WRONG = frozenset(
    {
        *("too_old", "forgotten", "in_the_future", "conflict"),
        *("unknown_account", "unknown_program", "forged_rules"),
    }
)
NO_ACCOUNT = "unknown_account"  # from a budget's shard it means that no lease has come: an answer
CONFLICT = "conflict"  # another event under its name was judged; it was not

_REFUSALS = {refusal.name: refusal for refusal in REFUSALS}


def explained(reason: str) -> str:
    """Return in sentences what a reason means, and what to do; "" for one that needs none."""
    refusal = _REFUSALS.get(reason)
    return f"{refusal.sentence} {refusal.remedy}" if refusal else REASONS.get(reason, "")


class Told(NamedTuple):
    """What became of the records.

    Attributes:
        outcomes: records by outcome and reason, as in `refused too_old` and `deadletter not_json`.
        explained: of those that arrived wrongly, how many had been judged before, by reason; of
            conflicts, how many had been refused as such.
        lost: how many had not, by reason, and records that were set aside.
        untold: records that no worker has judged yet.
    """

    outcomes: dict[str, int]
    explained: dict[str, int]
    lost: dict[str, int]
    untold: int

    @property
    def is_well(self) -> bool:
        """Whether every record was judged and none is lost."""
        return not (self.lost or self.untold)

    def rows(self) -> list[dict[str, object]]:
        """Return the outcomes as rows of a table."""
        return [
            {
                "outcome": name.partition(" ")[0],
                "reason": name.partition(" ")[2],
                "records": count,
            }
            for name, count in self.outcomes.items()
        ]

    def refusals(self) -> Iterator[str]:
        """Yield a sentence on each reason for which events were refused by what they ask for."""
        for name, count in self.outcomes.items():
            outcome, _, reason = name.partition(" ")
            if outcome in {"refused", "repeat"} and reason and reason not in WRONG:
                yield f"{count:,} {reason}: {explained(reason)}"

    def words(self) -> Iterator[str]:
        """Yield a sentence on each reason that explains something, or asks for something."""
        for reason, count in self.explained.items():
            if reason == CONFLICT:
                what = "refused like this before, so nothing more is lost"
            else:
                missing = "it is not missing" if count == 1 else "none of them is missing"
                what = f"judged before, so {missing}"
            yield f"{count:,} {reason}: {what}"
        for reason, count in self.lost.items():
            is_refusal = reason in _REFUSALS
            letters = f"See `flowdrop deadletters list --reason {reason}`."
            todo = explained(reason) if is_refusal else letters
            are = "it is" if count == 1 else "they are"
            yield f"{count:,} {reason}, never judged before: {are} lost. {todo}"
        if self.untold:
            yield (
                f"Kafka has every record, but no worker has judged {self.untold:,} of them; see "
                "`flowdrop status`. Once one runs, run this again: what is already there changes "
                "nothing. With --no-wait this is not checked"
            )


NOTHING = Told({}, {}, {}, 0)
