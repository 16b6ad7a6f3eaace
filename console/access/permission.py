"""The one permission check: pages, the API and commands all ask `may` or `require`."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.access.roles import (
    ACTIONS,
    ADMINISTRATOR,
    FOR_ORGANISATIONS,
    MAY,
    OPERATOR,
    ROLES,
)
from console.i18n import LocalizedText, Names
from console.reporting.viewer import STAFF, Viewer
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from collections.abc import Iterable

_FOR = " (by "  # an address has no spaces


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody who acts, in one of their organisations.

    Attributes:
        name: under which the audit log keeps what they do.
        roles: in the organisation.
        organisation: the advertiser's name; none for the platform.
        user: number of the person; none for the operator of the machine.
        scopes: actions that a token is limited to; none without a token.
        is_demo: whether it is one of the demo's people.
    """

    name: str
    roles: frozenset[str]
    organisation: str | None = None
    user: int | None = None
    scopes: frozenset[str] | None = None
    is_demo: bool = False

    @property
    def viewer(self) -> Viewer:
        """As whom they see reports."""
        return STAFF if self.organisation is None else Viewer(organisation=self.organisation)

    @property
    def actions(self) -> frozenset[str]:
        """What they may do at all."""
        own = frozenset[str]().union(*(MAY[role] for role in self.roles))
        if self.organisation is not None:
            own &= FOR_ORGANISATIONS
        return own if self.scopes is None else own & self.scopes


@dataclass(frozen=True, kw_only=True)
class Thing:
    """What is acted on, as far as permission depends on it.

    Attributes:
        kind: "drop", "user"; with its name it is how the audit log calls it.
        name: which one.
        organisation: the advertiser whose it is; none for the platform's.
        authors: who made its last version; none of them may approve it.
    """

    kind: str
    name: str
    organisation: str | None = None
    authors: frozenset[str] = frozenset()


class ForbiddenError(LocalizedError):
    """Somebody of the platform lacks the role for this."""

    def __init__(self, action: str, actor: Actor) -> None:
        if actor.scopes is not None and action not in actor.scopes:
            super().__init__(
                LocalizedText(
                    "this token may not {action}: it lacks the scope {scope}; make one that has it",
                    action=LocalizedText(ACTIONS[action]),
                    scope=action,
                )
            )
            return
        roles = tuple(LocalizedText(ROLES[role]) for role, own in MAY.items() if action in own)
        super().__init__(
            LocalizedText(
                "{who} may not {action}; that takes the role of {roles}: ask an administrator",
                who=actor.name,
                action=LocalizedText(ACTIONS[action]),
                roles=Names(roles, last="or"),
            )
        )


class NothingThereError(LocalizedError):
    """For whoever asks there is no such thing."""

    def __init__(self) -> None:
        super().__init__(LocalizedText("The address may be mistyped, or the page has moved."))


def may(actor: Actor, action: str, thing: Thing | None = None) -> bool:
    """Return whether `actor` may do `action`, to `thing` if it is about one."""
    if action not in actor.actions or not sees(actor, thing):
        return False
    is_own = thing is not None and person_of(actor.name) in thing.authors
    return not (action == "drop.approve" and is_own)


def sees(actor: Actor, thing: Thing | None) -> bool:
    """Return whether a thing exists for `actor` at all."""
    return thing is None or actor.organisation in (None, thing.organisation)


def require(actor: Actor, action: str, thing: Thing | None = None) -> None:
    """Refuse what `actor` may not do.

    Raises:
        NothingThereError: to an organisation's people, where there is nothing of theirs.
        ForbiddenError: to the platform's, naming the roles that may.
    """
    if may(actor, action, thing):
        return
    outside = actor.organisation is not None and action not in FOR_ORGANISATIONS
    if outside or not sees(actor, thing):
        raise NothingThereError
    raise ForbiddenError(action, actor)


def person_of(name: str) -> str:
    """Return for whom somebody acts under a name that the audit log keeps."""
    return name.partition(_FOR)[0]


def on_behalf(actor: Actor, by: Actor) -> Actor:
    """Return `actor` as whom `by` acts, under both names."""
    return replace(actor, name=f"{actor.name}{_FOR}{by.name})")


def machine(name: str = "") -> Actor:
    """Return who runs commands on the machine itself, or shows the console's own token."""
    return Actor(name=name or getpass.getuser(), roles=frozenset({OPERATOR, ADMINISTRATOR}))


def scopes_of(actor: Actor, asked: Iterable[str]) -> frozenset[str]:
    """Return the scopes that a token of `actor` may have, of those asked for."""
    return actor.actions & frozenset(asked)
