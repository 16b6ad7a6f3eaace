"""What became of what was published, in the ledger's and the campaign agent's own words.

A refusal is an answer: the rules, the balance, the state say no, and would again. Some, however,
say that the event arrived wrongly, as `too_old` does. For an event that was judged before they are
harmless, since that is what a second run looks like; for any other they mean that it is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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


class Told(NamedTuple):
    """What became of the records.

    Attributes:
        outcomes: records by outcome and reason, as in `refused too_old` and `deadletter not_json`.
        explained: of those that arrived wrongly, how many had been judged before, by reason.
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

    def words(self) -> Iterator[str]:
        """Yield a sentence on each reason that explains something, or asks for something."""
        for reason, count in self.explained.items():
            yield f"{count:,} {reason}: judged before, so none of them is missing"
        for reason, count in self.lost.items():
            refusal = _REFUSALS.get(reason)
            todo = (
                f"{refusal.sentence} {refusal.remedy}"
                if refusal is not None
                else f"See `flowdrop deadletters list --reason {reason}`."
            )
            yield f"{count:,} {reason}, never judged before: they are lost. {todo}"
        if self.untold:
            yield (
                f"Kafka has every record, but no worker has judged {self.untold:,} of them; see "
                "`flowdrop status`. Once one runs, run this again: what is already there changes "
                "nothing. With --no-wait this is not checked"
            )


NOTHING = Told({}, {}, {}, 0)
