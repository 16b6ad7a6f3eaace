"""What a report of reach is cut by: something of the events, or something known of the people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from console.i18n import LocalizedText
from console.reports.basis import NoReportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EVENT_CUTS = ("channel", "creative", "format", "hour")
PARTS_MAX = 200  # of a cut: more are no table to read
STORED_CUTS = ("channel", "creative", "format")  # which the tables of reach hold apart


class Cut(NamedTuple):
    """What to cut by.

    Attributes:
        by: channel, creative, format or hour of the events; attribute, audience, decile or arm of
            the people; '' for no cut.
        names: the attribute, the audiences, the program whose scores, the campaign whose arms.
        text: how it was asked for.
    """

    by: str = ""
    names: tuple[str, ...] = ()
    text: str = ""

    @property
    def is_of_people(self) -> bool:
        """Whether everybody is in one part of it."""
        return bool(self.by) and self.by not in EVENT_CUTS

    @property
    def is_stored(self) -> bool:
        """Whether the tables of reach hold its parts apart."""
        return self.by in STORED_CUTS

    def said(self, part: str) -> str:
        """Return a part as people read it: an attribute's value is JSON."""
        if self.by != "attribute" or not part:
            return part
        decoded = json.loads(part)
        return decoded if isinstance(decoded, str) else part

    def in_order(self, parts: Iterable[str]) -> list[str]:
        """Return its parts in order; deciles are numbers."""
        return sorted(parts, key=lambda part: (len(part) if self.by == "decile" else 0, part))


def cut_of(text: str | None, campaigns: Sequence[str]) -> Cut:
    """Return the cut that someone asked for: `channel`, `audience:A,B`, `decile:PROGRAM`, ...

    Raises:
        NoReportError: when it names nothing, or arms of several campaigns are asked for.
    """
    if not text:
        return Cut()
    word, _, rest = text.partition(":")
    if text in EVENT_CUTS:
        return Cut(text, (), text)
    if text == "arm":
        if len(campaigns) > 1:
            raise NoReportError(
                LocalizedText(
                    "arms are of one campaign, got {n}; name the one whose arms to cut by",
                    n=len(campaigns),
                )
            )
        return Cut("arm", tuple(campaigns), text)
    if word in {"audience", "decile"}:
        names = tuple(filter(None, (name.strip() for name in rest.split(","))))
        if not names or (word == "decile" and len(names) > 1):
            raise NoReportError(
                LocalizedText(
                    "{text!r} is not a cut; write `audience:NAME`, `audience:NAME,NAME` or "
                    "`decile:PROGRAM`",
                    text=text,
                )
            )
        return Cut(word, names, text)
    return Cut("attribute", (text,), text)


def require_parts(cut: Cut, found: Iterable[str]) -> None:
    """Refuse a cut by what is known of nobody, or has a value for nearly everybody.

    Args:
        cut: by what people are cut.
        found: its parts that somebody is in.

    Raises:
        NoReportError: naming what to ask for instead.
    """
    parts = tuple(found)
    if len(parts) > PARTS_MAX:
        raise NoReportError(
            LocalizedText(
                "by: {by} has {n} values among these people, and {most} are the most; cut by "
                "something with fewer",
                by=repr(cut.text),
                n=f"{len(parts):,}",
                most=PARTS_MAX,
            )
        )
    if cut.by == "audience":
        for name in cut.names:
            if not any(name in part.split(" + ") for part in parts):
                raise NoReportError(
                    LocalizedText(
                        "no audience {name!r} was frozen by then, or nobody in it has an event; "
                        "see `flowdrop audience list`",
                        name=name,
                    )
                )
        return
    if parts:
        return
    if cut.by == "decile":
        raise NoReportError(
            LocalizedText(
                "program {name!r} has no scores by then; `flowdrop audience score` makes them",
                name=cut.names[0],
            )
        )
    if cut.by == "arm":
        raise NoReportError(
            LocalizedText(
                "nobody was assigned to an arm of {name}; cut by something else", name=cut.names[0]
            )
        )
    raise NoReportError(
        LocalizedText(
            "nobody's profile gives {by!r} by then; cut by channel, creative, format, hour, arm, "
            "`audience:NAME`, `decile:PROGRAM` or an attribute that `flowdrop events attributes` "
            "lists",
            by=cut.names[0],
        )
    )
