"""Which of the people in a report are known, and which are only an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.i18n import LocalizedText

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from console.reports.basis import QueryLog


def identity_notes(
    log: QueryLog, campaigns: Sequence[str], kind: str = "contact"
) -> Iterator[LocalizedText]:
    """Yield what a reader needs to know of the ids behind the campaigns' people, if anything.

    `kind` says who these are: those with a `contact`, or with an `assignment`.
    """
    (row,) = log.rows("reports/identities", campaigns=list(campaigns), type=kind)
    if linked := row["linked"]:
        yield LocalizedText.plural(
            "{n} id counts as the person it is linked to. Linking an id or withdrawing a link "
            "changes the figures of the past, too.",
            "{n} ids count as the people they are linked to. Linking an id or withdrawing a link "
            "changes the figures of the past, too.",
            linked,
        )
    if unlinked := row["unlinked"]:
        yield LocalizedText.plural(
            "{n} of the people is known only as an id: without a wallet, a profile or a link. It "
            "may be another id of somebody who is counted already.",
            "{n} of the people are known only as ids: without a wallet, a profile or a link. Some "
            "may be other ids of people who are counted already.",
            unlinked,
        )
