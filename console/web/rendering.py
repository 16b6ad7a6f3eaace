"""Turn a template and its facts into a page in the reader's language."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from console.i18n import LANGUAGES, translator
from console.i18n.labels import label
from console.programs import title
from console.reports.arm_names import arm_name
from console.web import security
from console.web.formats import FILTERS
from console.web.language import COOKIE, language
from console.web.state import state
from console.web.visit import visit_of
from flowdrop.output import json_text, visible

if TYPE_CHECKING:
    from fastapi import Request

FOLDER = Path(__file__).parent.parent / "templates"
YEAR_SECONDS = 365 * 24 * 3600


@cache
def environment(lang: str) -> Environment:
    """Return the environment of every template in `lang`: escaped, and strict about names."""
    say = translator(lang)
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=_seen,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.filters["localized"] = say.said
    made.policies["json.dumps_function"] = json_text  # of the filter `tojson`
    made.globals |= {
        "_": say.gettext,
        "ngettext": say.ngettext,
        "label": partial(label, say),
        "arm_name": lambda arm: arm_name(arm).of(lang),
        "lang": lang,
        "link": link,
    }
    return made


# Joiners make one character of several in titles and messages.
_KEPT = frozenset("\n\t\r\u200c\u200d")


def _seen(value: object) -> object:
    """Return what a page shows, with escapes for what would be invisible."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return type(value)(visible(value, _KEPT))


def link(path: str, **query: str | int | list[str] | tuple[str, ...]) -> str:
    """Return `path` with `query` encoded; a list repeats its name."""
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def page(request: Request, template: str, /, **facts: Any) -> HTMLResponse:
    """Return the page that `template` makes of `facts`, and keep the requested language."""
    lang = language(request)
    cookie = security.browser_cookie(request)
    html = (
        environment(lang)
        .get_template(template)
        .render(
            languages={
                code: (name, link(request.url.path, **_query(request, lang=code)))
                for code, name in LANGUAGES.items()
            },
            path=request.url.path,
            program_title=cache(partial(title, state(request).settings.programs, lang=lang)),
            csrf=security.form_token(request, cookie),
            me=visit_of(request),
            **facts,
        )
    )
    response = HTMLResponse(html)
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(COOKIE, lang, max_age=YEAR_SECONDS, httponly=True, samesite="lax")
    if security.COOKIE not in request.cookies:
        security.keep_cookie(request, response, cookie)
    return response


def _query(request: Request, **changed: str) -> dict[str, list[str]]:
    """Return the request's query with `changed` in it, every value kept."""
    query = {key: request.query_params.getlist(key) for key in request.query_params}
    return query | {key: [value] for key, value in changed.items()}
