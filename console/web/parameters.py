"""What an address may ask: the parameters that its handler declares, and no others.

A mistyped name would otherwise be dropped, and the answer be one to another question.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from fastapi import Request  # noqa: TC002 - FastAPI reads it of a dependency's signature

from console.i18n import LocalizedText, Names
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from collections.abc import Collection

    from fastapi.routing import APIRoute

LANG = "lang"  # of every page; see `language`


class UnknownParameterError(LocalizedError):
    """An address asks for what its page does not know."""

    def __init__(self, name: str, known: Collection[str]) -> None:
        close = difflib.get_close_matches(name, known, n=1)
        super().__init__(_words(name, close, sorted(known)))
        self.alike = close


def only_declared(request: Request) -> None:
    """Refuse a parameter of the address that nothing reads; a dependency of handlers.

    Raises:
        UnknownParameterError: naming the first one and the known one that is most like it.
    """
    known = declared(request.scope["route"])
    for name in request.query_params:
        if name not in known and name != LANG:
            raise UnknownParameterError(name, known)


def declared(route: APIRoute) -> list[str]:
    """Return the names of the parameters that a handler takes from the address."""
    return [field.alias for field in route.dependant.query_params]


def _words(name: str, close: list[str], known: list[str]) -> LocalizedText:
    if close:
        return LocalizedText(
            "this address has no parameter {name!r}; did you mean {close!r}?",
            name=name,
            close=close[0],
        )
    if known:
        return LocalizedText(
            "this address has no parameter {name!r}; it takes {known}",
            name=name,
            known=Names(tuple(map(repr, known)), last="and"),
        )
    return LocalizedText(
        "this address has no parameter {name!r}, and takes none; leave it out", name=name
    )
