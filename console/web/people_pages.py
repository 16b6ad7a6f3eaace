"""People and organisations, for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.access import mail, people, second_factor
from console.access.people import Post
from console.access.roles import ADVERTISER, OF_KIND, PLATFORM, ROLES
from console.access.tables import User
from console.i18n import translator
from console.reports.basis import LocalizedError
from console.web.language import language
from console.web.rendering import page
from console.web.security import require_own_form
from console.web.state import state
from console.web.visit import actor_of, needs

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

router = APIRouter(
    prefix="/people",
    include_in_schema=False,
    default_response_class=HTMLResponse,
    dependencies=[Depends(needs("people.manage"))],
)
Text = Annotated[str, Form()]
Roles = Annotated[list[str] | None, Form()]


@router.get("")
def everybody(request: Request) -> HTMLResponse:
    """List people and organisations, with the forms that change them."""
    return _people(request)


@router.post("/invite")
def invite(
    request: Request,
    email: Text = "",
    name: Text = "",
    organisation: Text = "",
    role: Roles = None,
    csrf: Text = "",
) -> Response:
    """Invite somebody; without an advertiser's name into the platform."""
    require_own_form(request, csrf)
    at = state(request)
    try:
        with at.session() as session:
            user, key = people.invite(
                session,
                actor_of(request),
                email=email,
                name=name,
                post=_post(organisation, role),
                now=at.now(),
            )
            return _sent(request, user, "invitation", key)
    except LocalizedError as error:
        return _people(request, error, email=email, name=name, organisation=organisation)


@router.post("/{number}/roles")
def roles(
    request: Request, number: int, organisation: Text = "", role: Roles = None, csrf: Text = ""
) -> Response:
    """Give somebody these roles in an organisation, and no others there."""
    require_own_form(request, csrf)
    at = state(request)
    try:
        with at.session() as session:
            user, post = _user(session, number), _post(organisation, role)
            people.set_roles(session, actor_of(request), user, post, at.now())
    except LocalizedError as error:
        return _people(request, error)
    return _back()


@router.post("/{number}/active")
def active(request: Request, number: int, to: Text = "", csrf: Text = "") -> Response:
    """Deactivate somebody, or let them in again."""
    require_own_form(request, csrf)
    at = state(request)
    try:
        with at.session() as session:
            user = _user(session, number)
            people.set_active(session, actor_of(request), user, at.now(), active=to == "on")
    except LocalizedError as error:
        return _people(request, error)
    return _back()


@router.post("/{number}/link")
def link(request: Request, number: int, csrf: Text = "") -> Response:
    """Send somebody another link to choose a password."""
    require_own_form(request, csrf)
    at = state(request)
    with at.session() as session:
        user = _user(session, number)
        purpose = "password" if user.password_hash else "invitation"
        key = people.new_link(session, actor_of(request), user, at.now())
        return _sent(request, user, purpose, key)


@router.post("/{number}/second-factor")
def reset_second(request: Request, number: int, csrf: Text = "") -> Response:
    """Take a lost phone's secret away."""
    require_own_form(request, csrf)
    at = state(request)
    with at.session() as session:
        user = _user(session, number)
        people.reset_second_factor(session, actor_of(request), user, at.now())
    return _back()


def _post(organisation: str, chosen: list[str] | None) -> Post:
    name = organisation.strip()
    kind = ADVERTISER if name else PLATFORM
    return Post(kind=kind, organisation=name, roles=tuple(chosen or ()))


def _sent(request: Request, user: User, purpose: str, key: str) -> Response:
    """Send the link; where there is no mail server, show it once to pass on by hand."""
    at = state(request)
    say, address = translator(language(request)), at.link(key)
    is_sent = bool(at.settings.smtp.get_secret_value()) and mail.send_link(
        at.settings, user.email, purpose, address, say
    )
    return _people(request, sent_to=user.email, link="" if is_sent else address)


def _people(request: Request, error: LocalizedError | None = None, **given: str) -> HTMLResponse:
    at = state(request)
    with at.session() as session:
        users = people.every(session)
        answer = page(
            request,
            "people.html",
            error=error.words if error else None,
            users=users,
            with_second={each.id for each in users if second_factor.has(session, each)},
            organisations=people.organisations(session),
            of_kind=OF_KIND,
            roles=ROLES,
            **{"sent_to": "", "link": "", "email": "", "name": "", "organisation": "", **given},
        )
    answer.status_code = 422 if error else 200
    return answer


def _user(session: Session, number: int) -> User:
    found = session.get(User, number)
    if found is None:
        raise people.UnknownPersonError(str(number))
    return found


def _back() -> Response:
    return RedirectResponse("/people", 303)
