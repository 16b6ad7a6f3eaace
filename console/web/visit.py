"""Who makes a request, as the door found; every handler and page asks here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request  # noqa: TC002 - FastAPI reads it of a dependency's signature

from console.access.permission import Actor, Thing, may, require

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True)
class Place:
    """An organisation, or one of the demo's people, that a menu switches to."""

    id: int
    name: str
    is_current: bool
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request's maker.

    Attributes:
        actor: who may do what.
        name: of the person, as pages call them.
        key: of the browser's sign-in; "" for a program.
        organisations: theirs, if there are several.
        demo: the demo's people, if it is one of them.
    """

    actor: Actor
    name: str
    key: str = ""
    organisations: tuple[Place, ...] = ()
    demo: tuple[Place, ...] = ()

    def may(self, action: str) -> bool:
        """Return whether they may do it, for a page that offers it."""
        return may(self.actor, action)


def visit_of(request: Request) -> Visit | None:
    """Return who makes the request; none for a stranger."""
    found: Visit | None = getattr(request.state, "visit", None)
    return found


def actor_of(request: Request) -> Actor:
    """Return who makes a request that the door let in."""
    found = visit_of(request)
    if found is None:
        raise RuntimeError(f"{request.url.path} is open to strangers, yet asks who they are")
    return found.actor


def needs(action: str) -> Callable[[Request], None]:
    """Return a dependency of handlers that only who may do `action` gets to."""

    def check(request: Request) -> None:
        require(actor_of(request), action)

    check.action = action  # type: ignore[attr-defined]
    return check


def own_thing(request: Request, action: str, kind: str, name: str) -> None:
    """Refuse `action` on one of the platform's things to who may not."""
    require(actor_of(request), action, Thing(kind=kind, name=name))
