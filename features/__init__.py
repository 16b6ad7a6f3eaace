"""Features as of a point in time, models that learn from them, and the audiences they choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from features.sets.reading import load_training_set

__all__ = ["load_training_set"]


def __getattr__(name: str) -> Any:
    # loaded when it is asked for, so that a command's help need not wait for it
    if name == "load_training_set":
        from features.sets.reading import load_training_set

        return load_training_set
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
