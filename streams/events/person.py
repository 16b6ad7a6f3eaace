"""What is known of people: their attributes, by source and time, and the ids that are theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Protocol

from msgspec import Meta

from streams.events.campaign import CampaignEvent
from streams.events.envelope import Data, Name

AttributeName = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[a-z][a-z0-9_]*$")]
AttributeText = Annotated[str, Meta(min_length=1, max_length=200)]
Tags = Annotated[list[AttributeText], Meta(max_length=50)]
WholeNumber = Annotated[int, Meta(ge=-(2**53), le=2**53)]
AttributeValue = AttributeText | WholeNumber | float | bool | Tags | None


class PersonEvent(CampaignEvent, frozen=True):
    """Base of what is told of a person apart from any campaign; `subject` is the person."""


class ProfileData(Data, frozen=True):
    """Attributes by name, as the catalogue types them; null takes one back.

    An attribute that is not named stays as it was.
    """

    attributes: Annotated[dict[AttributeName, AttributeValue], Meta(max_length=100)]


class Profile(PersonEvent, frozen=True, tag="flowdrop.person.profile"):
    """What its source knows of a person, from this time on."""

    data: ProfileData


class LinkData(Data, frozen=True):
    """Another id of the person, such as a device's; `kind` says what it is an id of.

    With `linked` false the id is the person's no longer.
    """

    other: Name
    kind: Name = "device"
    linked: bool = True


class Link(PersonEvent, frozen=True, tag="flowdrop.person.link"):
    """An id belongs to a person, from this time on; `subject` is the person."""

    data: LinkData

    def __post_init__(self) -> None:
        """Hold a link to two ids."""
        if self.data.other == self.subject:
            raise ValueError("`data.other` must be another id than the subject")


class OpenedData(Data, frozen=True):
    """The program whose wallet was opened."""

    program: Name


class Opened(PersonEvent, frozen=True, tag="flowdrop.person.opened"):
    """A wallet was opened; only the ledger writes this, so that its person has a number."""

    data: OpenedData

    def __post_init__(self) -> None:
        """Hold an announcement to its only source."""
        if self.source != LEDGER:
            raise ValueError(f"`source` must be {LEDGER!r}")


OURS = "flowdrop."  # how the names of sources begin that nobody else may have
LEDGER = "flowdrop.ledger"  # the source of what the ledger announces
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = b',"number":'


class _Applied(Protocol):
    """What of a result of the ledger an announcement holds; `time` in microseconds since 1970."""

    source_partition: int
    source_offset: int
    subject: str
    program: str
    time: int


def opened(result: _Applied) -> Opened:
    """Return the announcement of an `open` that was applied, named by where its record stands."""
    return Opened(
        id=f"open:{result.source_partition}:{result.source_offset}",
        source=LEDGER,
        time=_EPOCH + timedelta(microseconds=result.time),
        subject=result.subject,
        data=OpenedData(program=result.program),
    )


def with_number(content: bytes, number: int) -> bytes:
    """Return an event's JSON with the number of its person, an extension attribute; 0 for none."""
    return content[:-1] + _NUMBER + b"%d}" % number if number else content


def number_of(value: bytes) -> int:
    """Return the number that `with_number` has put behind an event; 0 for none.

    Raises:
        ValueError: when what stands there is not a number.
    """
    _, found, number = value.rpartition(_NUMBER)
    return int(number[:-1]) if found else 0
