"""Learners by name: ours, `module:Name`, or an entry point of an installed package."""

from __future__ import annotations

import importlib
import inspect
from functools import partial
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from features.uplift.errors import UnusableError
from features.uplift.learners.crossed import CrossedLearner
from features.uplift.learners.doubly_robust import DoublyRobustLearner
from features.uplift.learners.response import ResponseLearner
from features.uplift.learners.single import SingleLearner
from features.uplift.learners.two import TwoLearner

if TYPE_CHECKING:
    from collections.abc import Callable

    from features.uplift.learners.base import Learner

LEARNERS: dict[str, Callable[[int], Learner]] = {
    f"{name}-{kind}": partial(learner, kind)
    for name, learner in (
        ("response", ResponseLearner),
        ("s", SingleLearner),
        ("t", TwoLearner),
        ("x", CrossedLearner),
        ("dr", DoublyRobustLearner),
    )
    for kind in ("linear", "trees")
}
"""Ours, simplest first: of those that are about as good, the first one wins a race."""

GROUP = "flowdrop.learners"
"""Of entry points: `name = "package.module:Name"` in a package's metadata."""


def names() -> list[str]:
    """Return the names of our learners and of those that installed packages add."""
    return [*LEARNERS, *sorted(entry_points(group=GROUP).names - set(LEARNERS))]


def learner(name: str) -> Callable[[int], Learner]:
    """Return what makes the learner `name` of a seed.

    A class, or function, of others is given the seed if it has a parameter `seed`.

    Raises:
        UnusableError: when there is none, or it has not the interface of `Learner`.
    """
    if name in LEARNERS:
        return LEARNERS[name]
    make = _found(name)

    def made(seed: int) -> Learner:
        try:
            takes_seed = "seed" in inspect.signature(make).parameters
            one = make(seed=seed) if takes_seed else make()
        except (TypeError, ValueError) as error:
            raise UnusableError(
                f"learner {name!r} can't be made: {error}; it must be called without arguments, or "
                "with seed only"
            ) from error
        lacking = [
            method
            for method in ("fit", "predict_effect")
            if not callable(getattr(one, method, None))
        ]
        if lacking:
            raise UnusableError(
                f"learner {name!r} has no {' and no '.join(lacking)}; give it "
                "fit(X, arm, y, propensity) and predict_effect(X)"
            )
        found: Learner = one
        return found

    made(0)
    return made


def _found(name: str) -> Any:
    module, colon, attribute = name.partition(":")
    if not colon:
        known = {one.name: one for one in entry_points(group=GROUP)}
        if name not in known:
            raise UnusableError(
                f"there is no learner {name!r}; choose of {', '.join(names())}, or name one "
                "of your own as package.module:Name"
            )
        module, _, attribute = known[name].value.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, ValueError) as error:
        raise UnusableError(
            f"learner {name!r}: module {module!r} can't be imported ({error}); run the command "
            "where Python finds it, or add its folder to PYTHONPATH"
        ) from error
    except AttributeError as error:
        raise UnusableError(
            f"learner {name!r}: module {module!r} has no {attribute!r}; check its spelling"
        ) from error
