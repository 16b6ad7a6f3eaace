"""What every event carries, and the kinds of values that its fields hold."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

WALLET_TOPIC = "wallet.events"
CAMPAIGN_TOPIC = "campaign.events"
POSTINGS_TOPIC = "ledger.postings"
ACCEPTED_TOPIC = "campaign.accepted"
DEADLETTER_TOPIC = "deadletters"

RECORD_BYTES_MAX = 65_536

Id = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="unique among the subject's events of the same source",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
# Of an event that another refers to by its id.
SourceName = (
    Annotated[
        str,
        Meta(
            min_length=1,
            max_length=128,
            description="that event's source; left out: it is the only one with that id",
        ),
    ]
    | None
)
Coins = Annotated[
    int, Meta(ge=1, le=10**15, description="flow coins, in the smallest unit of the program")
]
Cents = Annotated[int, Meta(ge=0, le=10**13, description="money, in cents")]
Probability = Annotated[float, Meta(gt=0, le=1)]
# The years a time may lie in: the warehouse's range and more, and no overflow in any time zone.
YEAR_MIN, YEAR_MAX = 1970, 2199
Time = Annotated[
    datetime,
    Meta(
        tz=True,
        description="RFC 3339 with an offset, from 1970 to 2199",
        extra_json_schema={
            "pattern": "^(19[7-9]|20[0-9]|21[0-9])[0-9]-.*([Zz]|[+-][0-9]{2}:?[0-9]{2})$"
        },
    ),
]

Title = Annotated[str, Meta(min_length=1, max_length=200)]
Reason = Annotated[str, Meta(max_length=500)]
Step = Literal[
    "transfer",
    "claim",
    "lease",
    "return",
    "grant",
    "reversal",
    "ack",
    "lease_ask",
    "ask",
    "reverse_ask",
    "declined",
    "bounce",
    "unclaimed",
    "unack",
]
KeyId = Annotated[
    str, Meta(min_length=1, max_length=32, description="identifies a key; never reused for another")
]
Signature = Annotated[str, Meta(min_length=64, max_length=64)]
Purpose = Literal["ledger", "rules"]  # of a key
ChangeOfKey = Literal["introduce", "use", "revoke"]
Verified = Literal["none", "phone", "identity"]  # how well a person is identified
# A campaign's longest name and what the ledger puts around it.
LedgerName = Annotated[str, Meta(min_length=1, max_length=160)]


class Envelope(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """What every event carries; `type` chooses the struct, extension attributes are allowed."""

    specversion: Literal["1.0"] = "1.0"
    id: Id
    source: Name
    time: Time
    subject: Annotated[
        str, Meta(min_length=1, max_length=128, description="the account or person; the key")
    ]
    datacontenttype: Literal["application/json"] = "application/json"
    if TYPE_CHECKING:
        data: Any  # each type has its own


class Data(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
):
    """Base of every event's `data`: an unknown field is an error, never ignored.

    A default is left out, so that a field added later changes no event without it: the
    ledger compares the content of events with the same id.
    """


def check_year(field: str, time: datetime) -> None:
    """Check that a time inside `data` lies in the years that every event's `time` must lie in.

    Raises:
        ValueError: which names the field and the years.
    """
    if not YEAR_MIN <= time.year <= YEAR_MAX:
        raise ValueError(f"`{field}` must lie in {YEAR_MIN} to {YEAR_MAX}")
