"""Reads a page as its reader does: the words of each block, the figures by name, the links."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCKS = {
    *("p", "td", "th", "li", "dt", "dd", "h1", "h2", "h3", "div", "section", "title", "option"),
    *("label", "button", "footer", "nav", "a", "tr", "table", "header", "span"),
}
CODE = {"pre", "code", "style"}  # what is typed or run is in its own language
SPOKEN = ("aria-label", "title", "placeholder", "alt")
EMPTY = {"meta", "link", "input", "br", "path", "rect", "img"}


class Figure(NamedTuple):
    """A number that may stand on several pages."""

    name: str
    scope: str
    value: str


class Reading(HTMLParser):
    """One page, read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.figures: list[Figure] = []
        self.links: list[str] = []
        self._open: list[tuple[str, str]] = []  # tag, and its language if it has one
        self._text = ""
        self.feed(html)
        self._flush()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in BLOCKS:
            self._flush()
        if tag not in EMPTY:
            of = given.get("lang", "") if tag != "html" else ""
            self._open.append((tag, of))
        if not self._foreign():
            self.words += [given[name] for name in SPOKEN if given.get(name)]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if "data-figure" in given:
            self.figures.append(
                Figure(given["data-figure"], given["data-scope"], given["data-value"])
            )

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self._flush()
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] == "script":
            self.words += list(_texts(json.loads(data))) if data.strip() else []
        elif not self._foreign():
            self._text += data

    def _foreign(self) -> bool:
        return any(tag in CODE or lang == "en" for tag, lang in self._open)

    def _flush(self) -> None:
        if text := " ".join(self._text.split()):
            self.words.append(text)
        self._text = ""


def _texts(value: Any) -> Iterator[str]:
    """Give the texts of a chart, not its keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        shown = [v for k, v in value.items() if k != "kind"] if isinstance(value, dict) else value
        for each in shown:
            yield from _texts(each)
