"""The learners, simplest first: of those that are about as good, the first one wins a race.

Each is a function of the seed. `named.py` finds those of others.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

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
