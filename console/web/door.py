"""Who is let in: a browser that signed in, a program with a token, nobody else."""

from __future__ import annotations

import getpass
import hmac
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, URLSafeTimedSerializer

from console.access import demo, sign_ins, tokens
from console.access.permission import machine
from console.access.sign_ins import Browser, actor_in
from console.web.state import state
from console.web.visit import Place, Visit
from flowdrop import entry

if TYPE_CHECKING:
    from fastapi import Request, Response
    from sqlalchemy.orm import Session

    from console.access.tables import SignIn

COOKIE = "flowdrop_session"
# What a stranger may open: probes, and all that signing in takes.
OPEN = frozenset(
    {
        *("/healthz", entry.PATH, "/welcome", "/sign-in", "/sign-in/code", "/forgotten"),
        *("/invitation", "/provider", "/provider/back"),
    }
)
MACHINE = "the console's token"


class StrangerError(Exception):
    """Nobody that the console knows."""


def is_open(path: str) -> bool:
    """Return whether a path is answered to anybody."""
    return path in OPEN or path.startswith("/static/")


def visitor(request: Request) -> Visit | None:
    """Return who makes `request`; none for a stranger.

    A token is believed alone: with a wrong one it does not matter who signed in.
    """
    shown = request.headers.get("authorization", "")
    if shown:
        return _program(request, shown)
    at = state(request)
    if COOKIE not in request.cookies:
        return None
    key = cookie_key(request)
    if not at.settings.sign_in:
        return _by_link(request)
    with at.session() as session:
        found = sign_ins.find(session, key, at.sign_in_ends, at.now())
        return None if found is None else _visit(session, found, key)


def cookie_key(request: Request) -> str:
    """Return the key of the sign-in that the browser's cookie names; "" if it is not ours."""
    return sign_ins.unsigned(state(request).key("cookie"), request.cookies.get(COOKIE, ""))


def let_in(request: Request, response: Response, key: str) -> None:
    """Give the browser the cookie of a sign-in."""
    at = state(request)
    response.set_cookie(
        COOKIE,
        sign_ins.signed(at.key("cookie"), key),
        max_age=at.settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=at.is_https,
    )


def browser(request: Request) -> Browser:
    """Return from where a request comes."""
    address = request.client.host if request.client else ""
    return Browser(address=address, agent=request.headers.get("user-agent", ""))


def _by_link(request: Request) -> Visit | None:
    """Return the machine's operator, if the browser came by a link; see the setting sign_in."""
    at = state(request)
    signer = URLSafeTimedSerializer(at.key("link"))
    try:
        signer.loads(request.cookies[COOKIE], max_age=at.settings.session_hours * 3600)
    except (BadSignature, UnicodeError):
        return None
    operator = machine(f"{getpass.getuser()} (console)")
    return Visit(actor=operator, name=operator.name)


def let_in_by_link(request: Request, response: Response) -> None:
    """Give the browser the cookie of the machine's operator; see the setting sign_in."""
    at = state(request)
    response.set_cookie(
        COOKIE,
        URLSafeTimedSerializer(at.key("link")).dumps("operator"),
        max_age=at.settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=at.is_https,
    )


def _program(request: Request, shown: str) -> Visit | None:
    at = state(request)
    scheme, _, token = shown.partition(" ")
    if scheme.lower() != "bearer":
        return None
    own = at.settings.console_token.get_secret_value()
    # As bytes: compare_digest takes only ASCII text.
    if own and hmac.compare_digest(token.encode("utf-8", "replace"), own.encode()):
        return Visit(actor=machine(MACHINE), name=MACHINE)
    with at.session() as session:
        actor = tokens.find(session, token, at.now())
    return None if actor is None else Visit(actor=actor, name=actor.name)


def _visit(session: Session, found: SignIn, key: str) -> Visit:
    user = found.user
    own = {each.organisation_id: each.organisation for each in user.memberships}
    at = own.get(found.organisation_id) or sign_ins.first_organisation(user)
    others = demo.every(session) if user.is_demo else []
    return Visit(
        actor=actor_in(user, at),
        name=user.name,
        key=key,
        organisations=tuple(
            Place(id=each.id, name=each.name, is_current=each.id == at.id) for each in own.values()
        ),
        demo=tuple(
            Place(
                id=each.id,
                name=each.name,
                is_current=each.id == user.id,
                roles=tuple(sorted({one.role for one in each.memberships})),
            )
            for each in others
        ),
    )
