"""Pages for strangers: sign in, the code, the first administrator, a new password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.background import BackgroundTask

from console.access import mail, people, provider, sign_ins, tickets
from console.access.audit import record
from console.access.people import DeadLinkError
from console.access.sign_ins import NotSignedInError
from console.access.throttle import TooManyTriesError
from console.i18n import translator
from console.reports.basis import LocalizedError
from console.web.door import COOKIE, StrangerError, browser, cookie_key, let_in, let_in_by_link
from console.web.language import language
from console.web.rendering import page
from console.web.security import require_own_form
from console.web.state import state
from flowdrop import entry

if TYPE_CHECKING:
    from console.i18n import LocalizedText

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

SETUP = "flowdrop_setup"  # the cookie of a browser that may make the first administrator
PROVIDER = "flowdrop_provider"  # of one that is away at the provider
AWAY_SECONDS = 900
Text = Annotated[str, Form()]


def sign_in_page(
    request: Request, status: int = 200, error: LocalizedText | None = None, **facts: Any
) -> HTMLResponse:
    """Return the form to sign in, such as a stranger gets in place of a page."""
    with state(request).session() as session:
        is_first = not state(request).settings.sign_in or people.nobody(session)
    given = {"email": "", "to": own_path(request.query_params.get("to", "")), **facts}
    provided = bool(state(request).settings.oidc_issuer)
    answer = page(
        request, "sign_in.html", error=error, is_first=is_first, provided=provided, **given
    )
    answer.status_code = status
    return answer


def own_path(path: str) -> str:
    """Return where somebody goes after signing in: a page of ours, or the first one."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours and path.partition("?")[0] not in {"/sign-in", "/sign-in/code"} else "/"


@router.get(entry.PATH)
def enter(request: Request, ticket: str = "") -> Response:
    """Let in the browser that opened a link of the terminal, and keep it in."""
    at = state(request)
    secret = at.settings.console_token.get_secret_value()
    with at.session() as session:
        if not tickets.is_used(session, ticket, secret, at.now()):
            raise StrangerError
        if not at.settings.sign_in:
            answer = RedirectResponse("/", 303)
            let_in_by_link(request, answer)
            return answer
        if people.lacks_administrator(session):
            answer = RedirectResponse("/welcome", 303)
            _keep(request, answer, SETUP, "first")
            return answer
        key = tickets.enter(session, ticket, browser(request), at.now())
    return _in(request, key, "/")


@router.get("/welcome")
def welcome(request: Request) -> Response:
    """Ask who is to be the first administrator."""
    _require_setup(request)
    return page(request, "welcome.html", error=None, email="", name="")


@router.post("/welcome")
def make_first(
    request: Request, email: Text = "", name: Text = "", password: Text = "", csrf: Text = ""
) -> Response:
    """Make the first administrator, and sign them in."""
    require_own_form(request, csrf)
    _require_setup(request)
    at = state(request)
    try:
        with at.session() as session:
            key = people.first_administrator(
                session,
                email=email,
                name=name,
                password=password,
                browser=browser(request),
                now=at.now(),
            )
    except DeadLinkError as error:
        raise StrangerError from error
    except LocalizedError as error:
        return _again(request, "welcome.html", error, email=email, name=name)
    answer = _in(request, key, "/")
    answer.delete_cookie(SETUP)
    return answer


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    """Ask for email and password."""
    return sign_in_page(request)


@router.post("/sign-in")
def check_password(
    request: Request, email: Text = "", password: Text = "", to: Text = "/", csrf: Text = ""
) -> Response:
    """Sign in, or ask for the phone's code."""
    require_own_form(request, csrf)
    at, to = state(request), own_path(to)
    try:
        with at.session() as session:
            key = sign_ins.by_password(session, email, password, browser(request), at.now())
            is_whole = sign_ins.find(session, key, at.sign_in_ends, at.now()) is not None
    except TooManyTriesError as error:
        return sign_in_page(request, 429, error.words, email=email, to=to)
    except NotSignedInError as error:
        return sign_in_page(request, 401, error.words, email=email, to=to)
    if is_whole:
        return _in(request, key, to)
    answer = page(request, "sign_in_code.html", error=None, to=to)
    let_in(request, answer, key)
    return answer


@router.post("/sign-in/code")
def check_code(request: Request, code: Text = "", to: Text = "/", csrf: Text = "") -> Response:
    """Sign in by the phone's code after the password."""
    require_own_form(request, csrf)
    at, to = state(request), own_path(to)
    try:
        with at.session() as session:
            key = sign_ins.by_code(session, cookie_key(request), code, browser(request), at.now())
    except NotSignedInError as error:
        return sign_in_page(request, 401, error.words, to=to)
    except TooManyTriesError as error:
        return sign_in_page(request, 429, error.words, to=to)
    except LocalizedError as error:
        return _again(request, "sign_in_code.html", error, to=to)
    return _in(request, key, to)


@router.get("/forgotten")
def forgotten(request: Request) -> Response:
    """Ask whose password is forgotten."""
    return page(request, "forgotten.html", sent=False, email="")


@router.post("/forgotten")
def send_link(request: Request, email: Text = "", csrf: Text = "") -> Response:
    """Send a link, if it is somebody; the answer is the same if it is not."""
    require_own_form(request, csrf)
    at = state(request)
    say = translator(language(request))
    answer = page(request, "forgotten.html", sent=True, email=email)

    def send() -> None:
        with at.session() as session:
            found = people.forgotten(session, email, at.now())
            if found is not None:
                user, key = found
                mail.send_link(at.settings, user.email, "password", at.link(key), say)

    answer.background = BackgroundTask(send)
    return answer


@router.get("/invitation")
def invitation(request: Request, key: str = "") -> Response:
    """Ask whom a link was sent to for a password."""
    at = state(request)
    with at.session() as session:
        found = people.of_link(session, key, at.now())
        facts = {"name": found.user.name, "email": found.user.email, "purpose": found.purpose}
    return page(request, "invitation.html", error=None, key=key, **facts)


@router.post("/invitation")
def choose(request: Request, key: Text = "", password: Text = "", csrf: Text = "") -> Response:
    """Take the password, then ask to sign in with it."""
    require_own_form(request, csrf)
    at = state(request)
    with at.session() as session:
        found = people.of_link(session, key, at.now())
        facts = {"name": found.user.name, "email": found.user.email, "purpose": found.purpose}
        try:
            people.choose_password(session, key, password, at.now())
        except DeadLinkError:
            raise
        except LocalizedError as error:
            session.rollback()
            return _again(request, "invitation.html", error, key=key, **facts)
    return RedirectResponse("/sign-in", 303)


@router.get("/provider")
def to_provider(request: Request) -> Response:
    """Send the browser to the provider."""
    at = state(request)
    asked = provider.ask()
    answer = RedirectResponse(provider.address(at.settings, asked, at.provider_back), 303)
    _keep(request, answer, PROVIDER, [asked.state, asked.nonce, asked.verifier])
    return answer


@router.get("/provider/back")
def from_provider(request: Request) -> Response:
    """Sign in whom the provider names."""
    at = state(request)
    kept = _kept(request, PROVIDER)
    if not kept:
        raise StrangerError
    asked = provider.Asked(*kept)
    came = f"{at.provider_back}?{request.url.query}"
    with at.session() as session:
        try:
            user = provider.person(session, at.settings, asked, at.provider_back, came)
        except provider.ProviderError as error:
            record(
                session,
                at=at.now(),
                who="somebody",
                action="sign_in_failed",
                thing="console",
                detail={"how": "provider"},
            )
            session.commit()
            return sign_in_page(request, 401, error.words)
        key = sign_ins.start(session, user, browser(request), at.now(), how="provider")
    answer = _in(request, key, "/")
    answer.delete_cookie(PROVIDER)
    return answer


def _in(request: Request, key: str, to: str) -> Response:
    """Let a browser in, and end what it was signed in as before."""
    at = state(request)
    before = cookie_key(request) if COOKIE in request.cookies else ""
    if before:
        with at.session() as session:
            sign_ins.end(session, before, at.now())
    answer = RedirectResponse(to, 303)
    let_in(request, answer, key)
    return answer


def _again(request: Request, template: str, error: LocalizedError, **facts: Any) -> Response:
    answer = page(request, template, error=error.words, **facts)
    answer.status_code = 422
    return answer


def _require_setup(request: Request) -> None:
    with state(request).session() as session:
        if _kept(request, SETUP) != "first" or not people.lacks_administrator(session):
            raise StrangerError


def _keep(request: Request, response: Response, name: str, value: Any) -> None:
    at = state(request)
    text = URLSafeTimedSerializer(at.key(name)).dumps(value)
    response.set_cookie(
        name, text, max_age=AWAY_SECONDS, httponly=True, samesite="lax", secure=at.is_https
    )


def _kept(request: Request, name: str) -> Any:
    try:
        signer = URLSafeTimedSerializer(state(request).key(name))
        return signer.loads(request.cookies.get(name, ""), max_age=AWAY_SECONDS)
    except (BadSignature, UnicodeError):
        return None
