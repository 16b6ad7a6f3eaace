"""Whether the race finds who is changed: `python -m benchmarks.uplift`.

Hillstrom's e-mail experiment, outcome visit, one arm at a time beside no e-mail; five folds five
times, seeds 0 to 4, stratified on arm and outcome. The whole choice is nested: inside each fold's
training people the learners race, the winner is calibrated and fitted, and only then are the fold's
own people seen. Beside it plain response, as everyone does it.

    python -m benchmarks.uplift --arm womens --json
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click
import numpy as np

from benchmarks.tables import markdown
from features.statistics.heterogeneity import best_linear_predictor, calibration_r2
from features.statistics.policy import qini
from features.statistics.rate import rates
from features.statistics.repeated import corrected
from features.uplift.calibration import Calibrated
from features.uplift.experiment import Experiment, experiment
from features.uplift.folds import folds
from features.uplift.learners.named import LEARNERS
from features.uplift.race import predictions, race
from features.uplift.scores import effects_of, held_scores
from flowdrop.output import print_json
from flowdrop.progress import progress
from scenarios.hillstrom import covariates, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from features.uplift.learners.base import Learner

    Floats = NDArray[np.float64]
    Makers = Mapping[str, Callable[[int], Learner]]

ARMS = ("womens", "mens")
FOLDS = 5
SEEDS = range(5)
RESPONSES = ("response-linear", "response-trees")


@dataclass(frozen=True)
class Outcome:
    """What the chosen learner and response did on people that neither had seen."""

    arm: str
    rows: int
    qini: float  # scikit-uplift's normalisation, mean over folds; likewise below
    response: str  # whichever kind of response did better here
    response_qini: float
    difference: float
    difference_low: float
    difference_high: float
    t: float  # Nadeau and Bengio's
    slope: float  # of observed on predicted effect, mean over seeds
    slope_low: float
    slope_high: float
    calibration_r2: float
    autoc: float  # grf's
    autoc_error: float
    winners: dict[str, int]  # folds that each was chosen for


def hillstrom(arm: str) -> Experiment:
    """Return the people of an arm and those who had no e-mail; the outcome is the visit."""
    known, found = covariates().drop(columns="person"), outcomes()
    kept = found["arm"].isin(["none", arm]).to_numpy()
    treated = (found["arm"] == arm).to_numpy(np.int64)
    return experiment(known[kept], treated[kept], found["visit"][kept])


def judge(
    arm: str,
    *,
    learners: Makers = LEARNERS,
    seeds: Iterable[int] = SEEDS,
    step: Callable[[], None] = lambda: None,
) -> Outcome:
    """Choose, calibrate and judge, nested, on one arm of Hillstrom's experiment."""
    data = hillstrom(arm)
    found: dict[str, list[float]] = {name: [] for name in ("chosen", *RESPONSES)}
    winners: Counter[str] = Counter()
    pooled = []
    for seed in seeds:
        scores, predicted = np.zeros(len(data.arm)), np.zeros(len(data.arm))
        for rest, held in folds(data, FOLDS, seed):
            known, new = data.take(rest), data.take(held)
            winner = race(known, learners, metric="qini", seed=seed).winner
            winners[winner] += 1
            made: dict[str, Learner] = {name: LEARNERS[name](seed) for name in RESPONSES}
            made["chosen"] = Calibrated(learners[winner], seed)
            for name, learner in made.items():
                effect = predictions(name, learner, known, new)[:, 0]
                found[name].append(qini(new.outcome.astype(np.int64), new.arm, effect))
                if name == "chosen":
                    predicted[held] = effect
            scores[held] = effects_of(held_scores(known, new, seed))[:, 0]
            step()
        pooled.append((scores, predicted))
    return _outcome(arm, found, pooled, winners)


def _outcome(
    arm: str,
    found: Mapping[str, list[float]],
    pooled: list[tuple[Floats, Floats]],
    winners: Counter[str],
) -> Outcome:
    response = max(RESPONSES, key=lambda name: float(np.mean(found[name])))
    apart = np.array(found["chosen"]) - np.array(found[response])
    difference = corrected(apart, 1 / (FOLDS - 1))
    lines = [best_linear_predictor(*one) for one in pooled]
    slope = float(np.mean([one.slope for one in lines]))
    half = 1.96 * float(np.mean([one.slope_error for one in lines]))
    ranked = [rates(scores, {"chosen": one}, "autoc").single["chosen"] for scores, one in pooled]
    return Outcome(
        arm=arm,
        rows=len(pooled[0][0]),
        qini=float(np.mean(found["chosen"])),
        response=response,
        response_qini=float(np.mean(found[response])),
        difference=difference.mean,
        difference_low=difference.low,
        difference_high=difference.high,
        t=difference.t,
        slope=slope,
        slope_low=slope - half,
        slope_high=slope + half,
        calibration_r2=float(np.mean([calibration_r2(*one) for one in pooled])),
        autoc=float(np.mean([one.value for one in ranked])),
        autoc_error=float(np.mean([one.standard_error for one in ranked])),
        winners=dict(winners.most_common()),
    )


@click.command()
@click.option("--arm", type=click.Choice(ARMS), multiple=True, help="Only this one.")
@click.option("--seeds", default=len(SEEDS), show_default=True, help="How often, from seed 0.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(arm: tuple[str, ...], seeds: int, *, as_json: bool) -> None:
    """Race, calibrate and judge on Hillstrom's arms; each takes ten minutes on an idle core."""
    found = []
    with progress() as bar:
        for one in arm or ARMS:
            task = bar.add_task(one, total=FOLDS * seeds)
            found.append(
                judge(one, seeds=range(seeds), step=lambda task=task: bar.advance(task))  # type: ignore[misc]
            )
    if as_json:
        print_json([asdict(one) for one in found])
        return
    click.echo(markdown([_row(one) for one in found]))


def _row(one: Outcome) -> dict[str, object]:
    return {
        "arm": one.arm,
        "Qini": f"{one.qini:.4f}",
        "response": f"{one.response_qini:.4f}",
        "difference": f"{one.difference:+.4f} ({one.difference_low:+.4f} to "
        f"{one.difference_high:+.4f})",
        "t": f"{one.t:.2f}",
        "slope": f"{one.slope:.2f} ({one.slope_low:.2f} to {one.slope_high:.2f})",
        "R²": f"{one.calibration_r2:.2f}",
        "AUTOC": f"{one.autoc:.4f} ± {one.autoc_error:.4f}",
        "chosen": ", ".join(f"{name} {times}" for name, times in one.winners.items()),
    }


if __name__ == "__main__":
    main()
