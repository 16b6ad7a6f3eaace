"""Every refusal by name, in the order in which the ledger checks, with its remedy."""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """Why an event was not applied.

    Attributes:
        name: what results and reports call it.
        code: what accounts remember; never changed, never used again for another.
        sentence: what was wrong.
        remedy: what to do about it.
    """

    name: str
    code: int
    sentence: str
    remedy: str


REFUSALS: tuple[Refusal, ...] = (
    # where and when
    Refusal(
        "forged_leg",
        1,
        "The leg's signature is not the ledger's.",
        "Only the ledger writes legs; look for who else may write to wallet.events.",
    ),
    Refusal(
        "wrong_partition",
        2,
        "The subject lives on another partition. The worker forwards the record there, once, and "
        "records it as `forwarded`.",
        "Nothing to mend; partitioning by CRC-32 of the key, as `flowdrop replay` does, saves the "
        "way.",
    ),
    Refusal(
        "repeated_leg",
        3,
        "The leg has arrived before.",
        "Nothing to do: the coins were credited then.",
    ),
    Refusal(
        "conflict",
        4,
        "The subject had an event with this id and other content.",
        "Give every event an id of its own; a retry sends the same content.",
    ),
    Refusal(
        "in_the_future",
        5,
        "The event's time is further after its arrival than the tolerance allows.",
        "Set the sender's clock, then send it under a new id.",
    ),
    Refusal(
        "too_old",
        6,
        "The event is older than the deduplication window.",
        "Send events within `dedup_window_days`, or widen it.",
    ),
    Refusal(
        "forgotten",
        7,
        "So many later events of the subject came before it that a repeat could not be told.",
        "Send a subject's events roughly in order of time.",
    ),
    # the program
    Refusal(
        "unknown_program",
        8,
        "There is no such program.",
        "Name one of `programs/*.toml`.",
    ),
    Refusal(
        "operation_closed",
        9,
        "The program does not offer the operation.",
        "See `operations` in the program's file.",
    ),
    # the subject
    Refusal(
        "reserved_name",
        10,
        "The account's name belongs to the ledger.",
        "A wallet's name begins with none of issuer:, budget:, packet:, carrier:, clearing:, "
        "suspense:.",
    ),
    Refusal(
        "wrong_budget",
        11,
        "The subject of a fund is not a shard of the campaign's budget.",
        "The subject is budget:<campaign>@<partition>.",
    ),
    Refusal("already_open", 12, "The wallet exists.", "Nothing to do."),
    Refusal("unknown_account", 13, "There is no such account.", "Open the wallet first."),
    Refusal(
        "wrong_program",
        14,
        "The account holds coins of another program.",
        "Name the program in which it was opened.",
    ),
    Refusal("frozen", 15, "The account is frozen.", "Have it unfrozen."),
    Refusal("closed", 16, "The account is closed.", "Open another."),
    # the operation
    Refusal(
        "unknown_activity",
        17,
        "The program has no such activity.",
        "See `earn` in the program's file.",
    ),
    Refusal(
        "wrong_basis",
        18,
        "The activity's rule needs `spend` where `amount` was given, or the other way round.",
        "See the activity in the program's file.",
    ),
    Refusal(
        "over_limit",
        19,
        "The amount is more than the activity may give at once.",
        "See `given_max` in the program's file.",
    ),
    Refusal(
        "nothing_earned",
        20,
        "The activity's rule gives no coins for this.",
        "Nothing to do.",
    ),
    Refusal(
        "unknown_carrier",
        21,
        "The program has no such carrier.",
        "See `carriers` in the program's file.",
    ),
    Refusal("to_self", 22, "Payer and payee are the same.", "Name another payee."),
    Refusal(
        "unknown_payee",
        23,
        "The payee has no open wallet in the program.",
        "Have them open one.",
    ),
    Refusal(
        "insufficient_balance",
        24,
        "The wallet has fewer coins available.",
        "Ask for at most what is available.",
    ),
    Refusal(
        "budget_exhausted",
        25,
        "The campaign's budget on this partition has fewer coins available, or none.",
        "Fund the shard.",
    ),
    Refusal(
        "balance_limit",
        26,
        "A balance would pass 10^15 coins.",
        "Split the amount over accounts.",
    ),
)

CODES: dict[str, int] = {"": 0, **{refusal.name: refusal.code for refusal in REFUSALS}}
NAMES: dict[int, str] = {code: name for name, code in CODES.items()}

# What depends on the moment (or would be refused the same way for ever), and so is judged anew; and
# a conflict, whose id already stands for another event.
NEVER_REMEMBERED = frozenset({"wrong_partition", "conflict", "too_old", "forgotten"})
