"""How long choosing under a budget takes, and what it gives away: `python -m benchmarks.choice`.

A million people and five amounts, with a concave answer and costs of each person's own; then as
many people as an exact solver of linear programmes (HiGHS) does in reasonable time, by both.

    python -m benchmarks.choice --json
"""

from __future__ import annotations

import resource
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, kron

from benchmarks.tables import markdown
from features.choice.limits import Limits
from features.choice.personal import choose
from flowdrop.output import print_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

AMOUNTS = (1.0, 2.0, 5.0, 10.0, 20.0)
BUDGET = 0.6  # coins per person


@dataclass(frozen=True)
class Outcome:
    """One solver on so many people."""

    solver: str
    people: int
    seconds: float
    cpu_s: float  # of the process; seconds hold what else the machine does
    value: float
    gap: float  # to the bound, as a share of it
    memory_mb: int | None  # most that the process held so far


def world(people: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Return effects and expected costs of five amounts (column) on people (row)."""
    draws = np.random.default_rng(seed)
    amounts = np.array(AMOUNTS)
    base, half = draws.gamma(1.0, 0.02, (people, 1)), draws.uniform(1, 15, (people, 1))
    spent = 0.2 + 0.6 * draws.random((people, 1))
    effects: Floats = base * (1 - np.exp(-amounts / half))
    costs: Floats = amounts * spent * (1 - np.exp(-(amounts + 5) / 8))
    return effects, costs


def ours(people: int) -> Outcome:
    """Choose by flowdrop."""
    effects, costs = world(people)
    begun, cpu = time.perf_counter(), time.process_time()
    found = choose(effects, costs, Limits(budget=BUDGET * people))
    return Outcome(
        solver="flowdrop",
        people=people,
        seconds=time.perf_counter() - begun,
        cpu_s=time.process_time() - cpu,
        value=found.value,
        gap=found.gap,
        memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def highs(people: int) -> Outcome:
    """Choose by HiGHS, whole people, to a gap of a ten thousandth."""
    effects, costs = world(people)
    count = len(AMOUNTS)
    each = kron(_identity(people), np.ones((1, count)), format="csr")
    begun, cpu = time.perf_counter(), time.process_time()
    found = milp(
        -effects.ravel(),
        constraints=[
            LinearConstraint(csr_array(costs.ravel()[None, :]), ub=BUDGET * people),
            LinearConstraint(each, ub=1.0),
        ],
        integrality=np.ones(people * count, dtype=np.int64),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 1e-4},
    )
    return Outcome(
        solver="HiGHS",
        people=people,
        seconds=time.perf_counter() - begun,
        cpu_s=time.process_time() - cpu,
        value=-float(found.fun or 0.0),
        gap=float(found.mip_gap or 0.0),
        memory_mb=None,
    )


def _identity(people: int) -> csr_array:
    rows = np.arange(people)
    return csr_array((np.ones(people), (rows, rows)))


@click.command(epilog="Example: python -m benchmarks.choice --people 1000000 --exact 10000")
@click.option("--people", default=1_000_000, show_default=True, help="Chosen from by flowdrop.")
@click.option("--exact", default=10_000, show_default=True, help="Chosen from by both.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(*, people: int, exact: int, as_json: bool) -> None:
    """Choose from a million people, and beside HiGHS from as many as it can do."""
    found = [ours(people), ours(exact), highs(exact)]
    if as_json:
        print_json([asdict(one) for one in found])
        return
    click.echo(markdown([_row(one) for one in found]))


def _row(one: Outcome) -> dict[str, object]:
    return {
        "solver": one.solver,
        "people": one.people,
        "seconds": f"{one.seconds:.2f}",
        "CPU s": f"{one.cpu_s:.2f}",
        "value": f"{one.value:,.4f}",
        "gap": f"{one.gap:.1e}",
        "RSS MB": one.memory_mb,
    }


if __name__ == "__main__":
    main()
