"""What queries say, for `pybabel extract`: the comment on top of each file is a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql.client import top_comment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import BinaryIO


def extract(
    file: BinaryIO,
    _keywords: Collection[str],
    _tags: Collection[str],
    options: Mapping[str, str],  # noqa: ARG001 - Babel gives them by this name
) -> Iterator[tuple[int, None, str, list[str]]]:
    """Give the one message of a query file: line, function, text, comments."""
    yield 1, None, top_comment(file.read().decode()), []
