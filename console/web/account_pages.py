"""My account: password, second factor, tokens, organisation, signing out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from console.access import demo, people, second_factor, sign_ins, tokens
from console.access.audit import record
from console.access.roles import ACTIONS
from console.i18n import LocalizedText
from console.reports.basis import LocalizedError
from console.web.door import COOKIE, browser, let_in
from console.web.rendering import page
from console.web.security import require_own_form
from console.web.state import state
from console.web.visit import actor_of, visit_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from console.access.tables import Organisation, SignIn, User

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
Text = Annotated[str, Form()]


@router.get("/account")
def account(request: Request) -> HTMLResponse:
    """Show one's own account."""
    return _account(request)


@router.post("/account/password")
def password(request: Request, old: Text = "", new: Text = "", csrf: Text = "") -> Response:
    """Change one's password, and sign out everywhere else."""
    require_own_form(request, csrf)
    at = state(request)
    with at.session() as session:
        user = _me(request, session)
        try:
            key = _key(request)
            people.change_password(session, user, old=old, new=new, key=key, now=at.now())
        except LocalizedError as error:
            session.rollback()
            return _account(request, error)
    return _back()


@router.post("/account/second-factor")
def begin_second(request: Request, csrf: Text = "") -> Response:
    """Show the secret for the phone."""
    require_own_form(request, csrf)
    with state(request).session() as session:
        user = _me(request, session)
        if second_factor.has(session, user):
            return _back()
        secret = second_factor.begin(session, user)
        drawn = _drawn(second_factor.address(user, secret))
    return _account(request, secret=secret, drawn=drawn)


@router.post("/account/second-factor/confirm")
def confirm_second(request: Request, code: Text = "", csrf: Text = "") -> Response:
    """Require the phone's code from now on."""
    require_own_form(request, csrf)
    at = state(request)
    with at.session() as session:
        user = _me(request, session)
        secret = second_factor.begin(session, user)
        try:
            second_factor.confirm(session, user, code, at.now())
        except LocalizedError as error:
            session.rollback()
            drawn = _drawn(second_factor.address(user, secret))
            return _account(request, error, secret=secret, drawn=drawn)
        sign_ins.end_all(session, user, at.now(), but=_key(request))
        thing = f"user:{user.email}"
        record(session, at=at.now(), who=user.email, action="second_factor", thing=thing)
        session.commit()
    return _back()


@router.post("/account/second-factor/remove")
def remove_second(request: Request, code: Text = "", csrf: Text = "") -> Response:
    """Sign in without the phone again; it takes one more code."""
    require_own_form(request, csrf)
    at = state(request)
    with at.session() as session:
        user = _me(request, session)
        try:
            second_factor.require_code(session, user, code, at.now())
        except LocalizedError as error:
            session.rollback()
            return _account(request, error)
        second_factor.remove(session, user)
        thing = f"user:{user.email}"
        record(session, at=at.now(), who=user.email, action="second_factor_off", thing=thing)
        session.commit()
    return _back()


@router.post("/account/tokens")
def make_token(
    request: Request,
    name: Text = "",
    days: Annotated[int, Form()] = 30,
    scope: Annotated[list[str] | None, Form()] = None,
    csrf: Text = "",
) -> Response:
    """Make a token and show it, once."""
    require_own_form(request, csrf)
    at = state(request)
    try:
        with at.session() as session:
            token = tokens.create(
                session,
                actor_of(request),
                organisation=_organisation(request, session),
                name=name,
                scopes=scope or [],
                days=days,
                now=at.now(),
            )
    except LocalizedError as error:
        return _account(request, error)
    return _account(request, token=token)


@router.post("/account/tokens/{number}/revoke")
def revoke_token(request: Request, number: str, csrf: Text = "") -> Response:
    """End a token."""
    require_own_form(request, csrf)
    at = state(request)
    with at.session() as session:
        tokens.revoke(session, actor_of(request), number, at.now())
    return _back()


@router.post("/account/organisation")
def change_organisation(
    request: Request, organisation: Annotated[int, Form()] = 0, csrf: Text = ""
) -> Response:
    """Act in another of one's organisations."""
    require_own_form(request, csrf)
    with state(request).session() as session:
        sign_ins.change_organisation(session, _sign_in(request, session), organisation)
    return RedirectResponse("/", 303)


@router.post("/account/others")
def end_others(request: Request, csrf: Text = "") -> Response:
    """Sign out everywhere else."""
    require_own_form(request, csrf)
    at = state(request)
    with at.session() as session:
        user = _me(request, session)
        sign_ins.end_all(session, user, at.now(), but=_key(request))
        session.commit()
    return _back()


@router.post("/sign-out")
def sign_out(request: Request, csrf: Text = "") -> Response:
    """Sign out."""
    require_own_form(request, csrf)
    at = state(request)
    with at.session() as session:
        sign_ins.end(session, _key(request), at.now())
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.post("/demo/switch")
def switch(request: Request, user: Annotated[int, Form()] = 0, csrf: Text = "") -> Response:
    """Become another of the demo's people; nobody else can."""
    require_own_form(request, csrf)
    at, me = state(request), visit_of(request)
    if me is None or not me.actor.is_demo:
        return RedirectResponse("/", 303)
    with at.session() as session:
        other = next((each for each in demo.every(session) if each.id == user), None)
        if other is None:
            return RedirectResponse("/", 303)
        sign_ins.end(session, me.key, at.now())
        key = sign_ins.start(session, other, browser(request), at.now(), how="demo")
    answer = RedirectResponse("/", 303)
    let_in(request, answer, key)
    return answer


def _account(request: Request, error: LocalizedError | None = None, **made: Any) -> HTMLResponse:
    at = state(request)
    with at.session() as session:
        user = _me(request, session)
        has_second = second_factor.has(session, user)
        answer = page(
            request,
            "account.html",
            user=user,
            error=error.words if error else None,
            has_second=has_second,
            tokens=tokens.of_user(session, user),
            now=at.now(),
            actions={name: ACTIONS[name] for name in ACTIONS if name in actor_of(request).actions},
            **{"secret": "", "drawn": "", "token": "", **made},
        )
    answer.status_code = 422 if error else 200
    return answer


def _drawn(text: str) -> Markup:
    """Return a QR code as SVG: no script, no style, two colours of its own."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True)
    return Markup(svg)  # noqa: S704 - made by the library of a text that it encodes


def _key(request: Request) -> str:
    me = visit_of(request)
    return me.key if me else ""


def _sign_in(request: Request, session: Session) -> SignIn:
    found = sign_ins.find(session, _key(request), state(request).sign_in_ends, state(request).now())
    if found is None:
        raise LocalizedError(
            LocalizedText("an account's page is for who signed in by a browser, not by a token")
        )
    return found


def _me(request: Request, session: Session) -> User:
    return _sign_in(request, session).user


def _organisation(request: Request, session: Session) -> Organisation:
    return _sign_in(request, session).organisation


def _back() -> Response:
    return RedirectResponse("/account", 303)
