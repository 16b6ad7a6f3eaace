"""The mappings by which webhooks and Segment's calls become events, read again when they change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from flowdrop.wanted import broken_json
from intake.http.keys import is_feed
from intake.http.limits import EVENTS_MAX
from intake.http.problems import ProblemError
from intake.mapping import Mapping, MappingError, load

SEGMENT = "segment"
SHIPPED = Path(__file__).parent / "segment.toml"

Known = tuple[int, int, Mapping]  # a mapping with its file's time and size


class Feeds:
    """Gives mappings; `folder` has a file NAME.toml for each feed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[Path, str], Known] = {}

    def mapping(self, name: str) -> Mapping:
        """Return the mapping of a feed.

        Raises:
            ProblemError: 404, when there is none; 503, when it can't be used.
        """
        path = self._folder / f"{name}.toml"
        if not is_feed(name) or not path.is_file():
            raise ProblemError(
                404,
                "no_such_feed",
                f"there is no feed {name[:64]!r}: its mapping would be {name[:64]}.toml in the "
                "folder intake_feeds",
            )
        return self._current(path, "")

    def segment(self, source: str) -> Mapping:
        """Return the mapping of Segment's calls for a key's source: ours, or one of the folder.

        Raises:
            ProblemError: 503, when it can't be used.
        """
        own = self._folder / f"{SEGMENT}.toml"
        return self._current(own if own.is_file() else SHIPPED, source)

    def _current(self, path: Path, source: str) -> Mapping:
        found = path.stat()
        seen = (found.st_mtime_ns, found.st_size)
        known = self._known.get((path, source))
        if known is None or known[:2] != seen:
            known = self._known[path, source] = (*seen, _loaded(path, source))
        return known[2]


def _loaded(path: Path, source: str) -> Mapping:
    try:
        mapping = load(path)
    except MappingError as error:
        raise ProblemError(503, "bad_mapping", error.message, 60.0) from error
    if source:
        mapping.file = msgspec.structs.replace(mapping.file, feed=source)
    return mapping


def decoded(body: bytes) -> Any:
    """Return what JSON says.

    Raises:
        ProblemError: 400, when it is none.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(400, "not_json", f"the body is no JSON: {broken_json(error)}") from error


def rows_of(content: Any) -> list[dict[str, object]]:
    """Return an object, or a list of objects, as rows.

    Raises:
        ProblemError: 400, when it is neither; 413, when it has more than `EVENTS_MAX`.
    """
    rows = content if isinstance(content, list) else [content]
    if len(rows) > EVENTS_MAX:
        raise ProblemError(
            413, "too_many", f"{len(rows):,} objects; send at most {EVENTS_MAX:,} at once"
        )
    if not all(isinstance(row, dict) for row in rows):
        raise ProblemError(400, "not_objects", "the body is JSON, but no object or list of objects")
    return rows
