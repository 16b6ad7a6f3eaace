"""A model's card: what it is for, what it learned from, what it is worth and where it ends.

The headings are those of Mitchell et al. (2019), "Model Cards for Model Reporting", as far as
numbers can fill them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from features.lifecycle.facts import Facts

SHOWN = 40  # features in the table of leakage


def card(facts: Facts, sha256: str) -> str:
    """Return the card as Markdown."""
    parts = (_model(facts, sha256), _data(facts), _worth(facts), _race(facts), _leakage(facts))
    return "\n".join([*(line for part in parts for line in part), *_limits(facts)]) + "\n"


def _model(facts: Facts, sha256: str) -> Iterable[str]:
    outcome = facts.columns["outcome"]
    yield f"# {facts.model_id}"
    yield ""
    yield (
        f"Predicts how much {_listed(facts.arms[1:])} changes {outcome!r} of each person, against "
        f"{facts.arms[0]!r}. Program {facts.program}."
    )
    yield ""
    yield from table(
        ("fact", "value"),
        [
            ("learner", f"{facts.learner}, calibrated out of fold"),
            ("seed", facts.seed),
            ("trained", f"{facts.trained_at:%Y-%m-%d %H:%M} UTC"),
            ("file", f"model.skops, SHA-256 `{sha256}`"),
            ("again", facts.command),
            (
                "software",
                ", ".join(f"{name} {one}" for name, one in sorted(facts.versions.items())),
            ),
        ],
    )


def _data(facts: Facts) -> Iterable[str]:
    yield from ("", "## Data", "")
    window = f"{facts.first} to {facts.last}" if facts.first else "not given (`--time COLUMN`)"
    people = ", ".join(
        f"{name} {count:,}" for name, count in zip(facts.arms, facts.people, strict=True)
    )
    yield from table(
        ("fact", "value"),
        [
            ("people by arm", people),
            ("drawn", window),
            ("learned from", f"{facts.rows:,} rows"),
            ("held out", f"{facts.held_rows:,} rows, on which it is judged below"),
            ("features", f"{len(facts.features)}: {_listed(facts.features)}"),
            ("content", f"SHA-256 `{facts.data_fingerprint}`"),
        ],
    )


def _worth(facts: Facts) -> Iterable[str]:
    judged = facts.judged
    yield from ("", "## On people it has not seen", "")
    yield (
        f"{judged['meaning']}: **{judged['value']:.4f}** (95 % interval {judged['low']:.4f} to "
        f"{judged['high']:.4f}) on {judged['rows']:,} people. A rule that knows nothing has 0."
    )
    yield ""
    yield from table(
        ("arm", "mean effect", "95 % interval", "slope", "95 % interval", "R² of calibration"),
        [
            (
                one["arm"],
                f"{one['effect']:+.4f}",
                f"{one['effect_low']:+.4f} to {one['effect_high']:+.4f}",
                _number(one["slope"]),
                f"{_number(one['slope_low'])} to {_number(one['slope_high'])}",
                _number(one["calibration_r2"]),
            )
            for one in judged["arms"]
        ],
    )
    yield ""
    yield "The slope is of observed on predicted effect; 1 is calibrated."


def _race(facts: Facts) -> Iterable[str]:
    yield from ("", "## How it was chosen", "")
    if facts.race is None:
        yield f"Learner {facts.learner} was asked for; nothing raced against it."
        return
    yield (
        f"The simplest learner within one standard error of the best, over {facts.race['folds']} "
        "folds of the people learned from."
    )
    yield ""
    yield from table(
        ("learner", facts.metric, "behind the best", "95 % interval"),
        [
            (
                f"**{one['learner']}**" if one["is_winner"] else one["learner"],
                f"{one['metric']:.4f}",
                f"{one['behind']:+.4f}",
                f"{one['behind_low']:+.4f} to {one['behind_high']:+.4f}",
            )
            for one in facts.race["standings"]
        ],
    )


def _leakage(facts: Facts) -> Iterable[str]:
    yield from ("", "## Leakage", "")
    yield (
        "How well each feature alone tells the outcome (AUC of people that its levels were not "
        "measured on; .5 is nothing), and what else was found."
    )
    yield ""
    ranked = sorted(facts.leakage, key=lambda one: -one["power"])
    yield from table(
        ("feature", "power", "verdict", "evidence"),
        [
            (one["feature"], f"{one['power']:.3f}", one["verdict"], "; ".join(one["reasons"]))
            for one in ranked[:SHOWN]
        ],
    )


def _limits(facts: Facts) -> Iterable[str]:
    yield from ("", "## Limits", "")
    yield "- It holds for people like those of the experiment, treated as they were, at that time."
    yield (
        "- What it predicts are means of people who look alike; of one person nobody knows the "
        "effect."
    )
    if facts.judged["low"] <= 0:
        yield (
            "- **Its interval holds 0: it may rank no better than chance.** More people, or a "
            "stronger treatment, would tell."
        )
    for one in facts.judged["arms"]:
        if one["effect_low"] <= 0 <= one["effect_high"]:
            yield f"- Whether {one['arm']!r} has a mean effect is open: its interval holds 0."
    if not facts.first:
        yield "- When people were drawn was not given: whether it holds over time was not examined."
    vouched = [one["feature"] for one in facts.leakage if one["verdict"] == "vouched for"]
    if vouched:
        yield f"- Somebody vouched that {_listed(vouched)} is known beforehand; see above."


def table(head: Sequence[str], lines: Iterable[Sequence[Any]]) -> Iterable[str]:
    """Return the lines of a Markdown table."""
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for line in lines:
        yield f"| {' | '.join(_cell(one) for one in line)} |"


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"
