"""The console's words: two languages, one TOML file each, chosen by `?lang=`, cookie or browser.

Operations have a file for both, so that what is new there has its words in one place.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.web.formats import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import Request

FOLDER = Path(__file__).parent.parent / "i18n"
QUERIES = FOLDER / "queries_zh.toml"
OPERATIONS = FOLDER / "operations.toml"
LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT = "en"
COOKIE = "flowdrop_lang"


class Phrases:
    """Every phrase of one language, by key (`reach.title`)."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._texts = dict(_flat(tomllib.loads((FOLDER / f"{lang}.toml").read_text("utf-8"))))
        for name, uses in tomllib.loads(OPERATIONS.read_text("utf-8")).items():
            self._texts |= {f"{use}.{name}": words[lang] for use, words in uses.items()}

    def keys(self) -> set[str]:
        """Return every key."""
        return set(self._texts)

    def text(self, key: str) -> str:
        """Return the phrase `key` as the file has it."""
        return self._texts[key]

    def __call__(self, key: str, **values: Any) -> str:
        """Return the phrase `key` with `values` put into its places."""
        return self._texts[key].format(**values)

    def n(self, key: str, count: int, **values: Any) -> str:
        """Return the phrase `key` about `count` things, which stands in its place `n`."""
        one = f"{key}_one"
        chosen = one if count == 1 and one in self._texts else key
        return self(chosen, n=number(count), **values)

    def label(self, kind: str, value: str) -> str:
        """Return the word for a value of `kind` (`state`, `reason`); an unknown one is itself."""
        return self._texts.get(f"{kind}.{value}", value)


@cache
def phrases(lang: str) -> Phrases:
    """Return the phrases of `lang`, read once."""
    return Phrases(lang)


@cache
def _queries() -> dict[str, str]:
    return tomllib.loads(QUERIES.read_text("utf-8"))


def query_description(name: str, english: str, lang: str) -> str:
    """Return what the query `name` tells; `english` is the comment on top of its file."""
    return _queries().get(name, english) if lang == "zh" else english


def language(request: Request) -> str:
    """Return the language for `request`: asked for, kept, or the browser's first that we have."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    for wish in request.headers.get("accept-language", "").split(","):
        code = wish.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return DEFAULT


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
