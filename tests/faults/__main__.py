"""Try faults on real processes: `python -m tests.faults`, in short form with `--short`."""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from tests.faults.ground import Ground
from tests.faults.judge import SHOWN_MAX, Verdict
from tests.faults.tries import FAULTS, Disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# 0 and SIGTERM: asked to; 1: Kafka was away at the start; 70: with a reason; SIGKILL: the fault
EXITS = {0, -15, 1, 70, -9}
COLUMNS = "{:<28} {:>16} {:>10} {:>6} {:>8} {:>15} {:>7} {:>8}"


class Row(NamedTuple):
    """One fault's line of the table."""

    name: str
    title: str
    tried: int
    unit: str
    verdict: Verdict
    seconds: float


class Run:
    """Faults one after the other, most of them on one ground."""

    def __init__(
        self, folder: Path, seed: int, say: Callable[[str], object], seconds_max: float = math.inf
    ) -> None:
        self.seconds_max = seconds_max
        self.folder = folder
        self.seed = seed
        self.say = say
        self._open = ExitStack()
        self._ground: Ground | None = None
        self._grounds = 0

    def rows(self, amounts: Iterable[tuple[str, int]]) -> Iterator[Row]:
        """Try each named fault so much; yield its line."""
        with self._open:
            for name, amount in amounts:
                fault = FAULTS[name]
                self.say(f"{name}: {fault.title}, {amount:,}")
                if fault.disk:
                    yield from self._on_small_disk(name, amount)
                else:
                    yield self._on_shared_ground(name, amount)

    def _on_small_disk(self, name: str, amount: int) -> Iterator[Row]:
        folder = self._folder()
        try:
            with Disk(folder / FAULTS[name].disk), Ground(folder, self.seed, self.say) as ground:
                yield self._try(ground, name, amount)
        except PermissionError as error:
            self.say(f"{name} skipped: a small disk can't be mounted here: {error}")

    def _on_shared_ground(self, name: str, amount: int) -> Row:
        if self._ground is None:
            ground = Ground(self._folder(), self.seed, self.say)
            self._ground = self._open.enter_context(ground)
        row = self._try(self._ground, name, amount)
        if not row.verdict.held:
            self._ground = None  # the next fault is not to be blamed for this one
        return row

    def _try(self, ground: Ground, name: str, amount: int) -> Row:
        fault = FAULTS[name]
        began = time.monotonic()
        tried = 0
        ground.verdict = Verdict()
        ground.crew.deaths.clear()
        ground.deadline = began + self.seconds_max
        try:
            tried = fault.run(ground, amount)
            ground.settle()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other faults are tried too
            ground.verdict.broken.append(f"{type(error).__name__}: {error}")
            self.say(traceback.format_exc())
        odd = {code: n for code, n in ground.crew.deaths.items() if code not in EXITS}
        if odd:
            ground.verdict.broken.append(
                f"workers ended with exit codes {odd}, see {ground.stack.folder}"
            )
        seconds = time.monotonic() - began
        ground.say(f"{name}: exit codes {dict(ground.crew.deaths)}")
        return Row(name, fault.title, tried, fault.unit, ground.verdict, seconds)

    def _folder(self) -> Path:
        self._grounds += 1
        folder = self.folder / f"ground-{self._grounds}"
        folder.mkdir()
        return folder


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the table's lines."""
    names = ("fault", "tried", "events", "lost", "doubled", "wrong balances", "broken", "seconds")
    yield COLUMNS.format(*names)
    for row in rows:
        found = row.verdict
        yield COLUMNS.format(
            row.title,
            f"{row.tried:,} {row.unit}",
            f"{found.events:,}",
            found.lost,
            found.doubled,
            found.wrong,
            len(found.broken),
            f"{row.seconds:.0f}",
        )


def facts(row: Row) -> dict[str, object]:
    """Return a line as JSON has it."""
    found = row.verdict
    return {
        "fault": row.name,
        "tried": row.tried,
        "unit": row.unit,
        "events": found.events,
        "lost": found.lost,
        "doubled": found.doubled,
        "wrong_balances": found.wrong,
        "broken": found.broken,
        "outcomes": dict(sorted(found.outcomes.items())),
        "seconds": round(row.seconds, 1),
    }


@click.command()
@click.option("--short", is_flag=True, help="The form that runs in CI, about two minutes.")
@click.option("--only", default="", help=f"Some of {','.join(FAULTS)}.")
@click.option(
    "--times", type=click.IntRange(1), help="How much of each, instead of its own amount."
)
@click.option(
    "--seconds", type=click.IntRange(1), help="End each that counts times after about so long."
)
@click.option("--seed", default=1, show_default=True, help="Of the traffic and of the moments.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def main(
    *, short: bool, only: str, times: int | None, seconds: int | None, seed: int, as_json: bool
) -> None:
    """Try faults on a real broker, workers, warehouse and feed, and judge what they left."""
    names = only.split(",") if only else list(FAULTS)
    if unknown := set(names) - FAULTS.keys():
        raise click.UsageError(f"--only {min(unknown)}: one of {', '.join(FAULTS)}")
    began = time.monotonic()

    def say(what: str) -> None:
        click.echo(f"{time.monotonic() - began:6.0f} s  {what}", err=True)

    # what the short form leaves out for time is tried once when it is asked for by name
    least = 1 if only else 0
    amounts = [(name, times or FAULTS[name].amount[short] or least) for name in names]
    folder = Path(tempfile.mkdtemp(prefix="flowdrop-faults-"))
    rows = []
    run = Run(folder, seed, say, seconds or math.inf)
    try:
        for row in run.rows((name, n) for name, n in amounts if n):
            rows.append(row)
            for line in row.verdict.broken[:SHOWN_MAX]:
                say(f"{row.name}: BROKEN: {line}")
    finally:
        click.echo(
            json.dumps([facts(r) for r in rows], indent=2) if as_json else "\n".join(table(rows))
        )
    if not all(row.verdict.held for row in rows):
        say(f"what was found broken is in {folder}")
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
