"""A result without what its protection does not let an organisation see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from console.reporting.answer import Answer, Hidden

if TYPE_CHECKING:
    from console.reporting.protection import Path, Protection
    from console.reporting.viewer import Viewer

T = TypeVar("T")


def masked(found: T, protection: Protection[T], viewer: Viewer) -> Answer[T]:
    """Return a result in which only what may be told is left."""
    shown = _Shown(protection)
    return Answer(found=shown.of(found), viewer=viewer, hidden=shown.hidden)


class _Shown:
    """Takes a result apart and puts together what is left of it."""

    def __init__(self, protection: Protection[Any]) -> None:
        self._of = protection
        self._rows: Counter[str] = Counter()

    @property
    def hidden(self) -> tuple[Hidden, ...]:
        return tuple(Hidden(part=part, rows=n, people=None) for part, n in self._rows.items())

    def of(self, found: Any, path: Path = ()) -> Any:
        """Return what is left of a part of the result, and where it is."""
        if is_dataclass(found) and not isinstance(found, type):
            return replace(
                found,
                **{
                    each.name: getattr(found, each.name)
                    if each.name in self._of.told
                    else self.of(getattr(found, each.name), (*path, each.name))
                    for each in fields(found)
                },
            )
        if isinstance(found, list | tuple):
            return type(found)(self.of(each, (*path, n)) for n, each in enumerate(found))
        if isinstance(found, Mapping):
            return {}
        return None
