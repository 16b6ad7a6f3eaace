"""Everything that is known of a model of uplift; file, registry and card say the same."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.uplift.reading import Columns
from flowdrop.output import json_text


@dataclass(frozen=True)
class Facts:
    """What a model learned from, how it was chosen and judged, and what was found on the way."""

    model_id: str
    program: str
    learner: str
    seed: int
    metric: str  # fixed before anything was fitted
    path: str  # of the experiment
    columns: dict[str, Any]  # `features.uplift.reading.Columns`
    features: list[str]
    arms: list[str]  # the first is control
    people: list[int]  # of each arm, with those held out
    costs: list[float]  # of each arm but control
    rows: int  # learned from
    held_rows: int  # of whom it knows nothing; judged on
    first: str | None  # earliest time of the experiment, where it has times
    last: str | None
    data_fingerprint: str  # SHA-256 of the people's content, in any order
    definition_fingerprint: str
    race: dict[str, Any] | None  # nothing where one learner was asked for
    judged: dict[str, Any]  # `features.lifecycle.judging.Judged`, on those held out
    leakage: list[dict[str, Any]]  # `features.leakage.evidence.Evidence` of each feature
    versions: dict[str, str]
    trained_at: datetime

    def to_json(self) -> str:
        """Return the facts as JSON text with sorted keys."""
        return json_text(self.__dict__, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Facts:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        values["trained_at"] = datetime.fromisoformat(values["trained_at"])
        return cls(**values)

    @property
    def roles(self) -> Columns:
        """Which column of the file is what."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in self.columns.items()
        }
        return Columns(**values)

    @property
    def command(self) -> str:
        """What trains it again."""
        roles = self.roles
        words = ["--from", self.path, "--arm", roles.arm, "--outcome", roles.outcome]
        words += ["--features", ",".join(self.features), "--learner", self.learner]
        words += ["--metric", self.metric, "--seed", str(self.seed)]
        for option in ("control", "propensity", "time"):
            if getattr(roles, option) is not None:
                words += [f"--{option}", getattr(roles, option)]
        for arm, cost in zip(self.arms[1:], self.costs, strict=True):
            words += ["--cost", f"{arm}={cost:g}"]
        return f"`flowdrop models train {shlex.join(words)}`"
