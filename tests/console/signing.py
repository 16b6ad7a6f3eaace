"""Sign in to a console as a person does: by the terminal's link, forms and cookies.

The first time it opens the link that makes the first administrator, who has all the platform's
roles then; later it signs in with their password. Each console's cookies are kept, by address.
"""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from flowdrop import entry

TOKEN = "the token of a console under test"
EMAIL = "ada@platform.example"
PASSWORD = "correct horse battery staple"
ROLES = ("administrator", "operator", "marketer", "approver", "data_scientist")

_COOKIES: dict[str, dict[str, str]] = {}


def csrf(page: str) -> str:
    """Return the token of a page's forms."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found, page
    return found[1]


def submit(client: httpx.Client, page: str, to: str, /, **fields: Any) -> httpx.Response:
    """Send a form as the browser would that shows `page`."""
    shown = client.get(page)
    return client.post(to, data={"csrf": csrf(shown.text), **fields})


def enter(client: httpx.Client, token: str = TOKEN, who: str = "") -> httpx.Response:
    """Open a link of the terminal."""
    link = urlsplit(entry.link("http://here", token, time.time(), who))
    return client.get(f"{link.path}?{link.query}")


def begin(client: httpx.Client, token: str = TOKEN) -> None:
    """Make the first administrator, signed in, with every role of the platform."""
    assert enter(client, token).headers["location"] == "/welcome"
    made = submit(client, "/welcome", "/welcome", email=EMAIL, name="Ada", password=PASSWORD)
    assert made.status_code == 303, made.text
    roles = submit(client, "/people", "/people/1/roles", role=list(ROLES))
    assert roles.status_code == 303, roles.text


def sign_in(client: httpx.Client, email: str = EMAIL, password: str = PASSWORD) -> httpx.Response:
    return submit(client, "/sign-in", "/sign-in", email=email, password=password, to="/")


def signed_in(url: str, token: str = TOKEN, **options: Any) -> httpx.Client:
    """Return a client of the console at `url` that has signed in as the administrator."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    made = {"base_url": origin, "timeout": 120, **options}
    if origin not in _COOKIES:
        with httpx.Client(**made) as client:
            page = client.get("/sign-in").text
            if "flowdrop console link" in page and 'id="email"' not in page:
                begin(client, token)
            else:
                assert sign_in(client).status_code == 303
            _COOKIES[origin] = dict(client.cookies)
    return httpx.Client(cookies=_COOKIES[origin], **made)


def forget(url: str) -> None:
    """Forget the cookies of a console that serves no more: another may get its port."""
    _COOKIES.pop(url, None)


def got(url: str, **options: Any) -> httpx.Response:
    """Get a page of a console as its administrator."""
    with signed_in(url) as client:
        return client.get(url, **options)


def cookies(url: str) -> list[dict[str, Any]]:
    """Return the administrator's cookies as Playwright takes them."""
    with signed_in(url) as client:
        origin = str(client.base_url).rstrip("/")
        return [
            {"name": name, "value": value, "url": origin}
            for name, value in _COOKIES[origin].items()
        ]
