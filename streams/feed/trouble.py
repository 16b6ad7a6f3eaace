"""What the feed reports about a table, for `flowdrop status`: a sentence that names the remedy."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from flowdrop.places import home

if TYPE_CHECKING:
    from pathlib import Path

PLACE = "run/feed.trouble.json"  # below FLOWDROP_HOME; local/cli.py reads it

log = logging.getLogger(__name__)


class Trouble:
    """Keeps the sentences, one per table; `lasting` ones stay until the table is rebuilt."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or home() / PLACE
        self._lasting: dict[str, str] = {}
        self._passing: dict[str, str] = {}

    def begin(self, lasting: dict[str, str]) -> None:
        """Report the state at the start, and forget what an earlier feed reported."""
        self._lasting, self._passing = dict(lasting), {}
        for words in lasting.values():
            log.error("%s", words)
        self._write()

    def last(self, table: str, words: str) -> None:
        """Report what is wrong with `table` until it is rebuilt."""
        log.error("%s", words)
        self._lasting[table] = words
        self._write()

    def tell(self, table: str, words: str) -> None:
        """Report what keeps `table` from continuing right now."""
        if self._passing.get(table) != words:
            log.warning("%s", words)
            self._passing[table] = words
            self._write()

    def over(self, table: str) -> None:
        """Note that `table` continues."""
        if self._passing.pop(table, None) is not None:
            log.warning("%s goes on", table)
            self._write()

    def _write(self) -> None:
        with suppress(OSError):  # a full disk is one of the troubles
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(self._lasting | self._passing))
            new.replace(self._path)
