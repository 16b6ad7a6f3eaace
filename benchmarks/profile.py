"""Where the time goes in a worker: by thread, by component, by function.

    python -m benchmarks.profile
    python -m benchmarks.profile --engine layer --events 500000

py-spy samples the running worker a hundred times per second and counts who computes in Python; the
kernel says what each thread used, librdkafka's native ones included.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psutil

from benchmarks.broker import temporary_broker
from benchmarks.job import Job
from benchmarks.ledger import ACCOUNTS, PARTITIONS, choose
from benchmarks.machine import ENGINE_CORE, pinning, say
from benchmarks.measure import await_results, prepared, running
from benchmarks.peers import python_of, why_missing
from benchmarks.tables import markdown

if TYPE_CHECKING:
    from collections.abc import Iterable

RATE_PER_S = 100
FUNCTIONS_MAX = 15

# The first that a frame's file holds names its part.
PARTS = (
    ("streams/ledger/", "the ledger's fold"),
    ("streams/events/decoding.py", "decoding and validating"),
    ("streams/events/wallet.py", "decoding and validating"),
    ("streams/worker/agents.py", "the ledger's agent: batch loop, packing, results"),
    ("benchmarks/", "the bare fold"),
    ("streams/layer/transactions.py", "the layer: producing and committing"),
    ("streams/layer/batch.py", "the layer: draining fetched records"),
    ("streams/layer/", "the layer: the rest"),
    ("aiokafka/", "aiokafka"),
    ("faust/", "Faust and mode"),
    ("mode/", "Faust and mode"),
)

Row = dict[str, Any]


@click.command(epilog="Example: python -m benchmarks.profile --engine layer --seconds 5")
@click.option("--engine", default="flowdrop", show_default=True, help="flowdrop or layer.")
@click.option("--events", default=1_000_000, show_default=True, help="Events.")
@click.option("--seconds", default=8, show_default=True, help="How long to sample.")
@click.option("--json", "as_json", is_flag=True, help="Print one object with three lists.")
def main(*, engine: str, events: int, seconds: int, as_json: bool) -> None:
    """Say where the time of a busy worker goes.

    Progress goes to standard error.
    """
    say(pinning())
    if why := why_missing("py-spy"):
        raise click.ClickException(f"py-spy: {why}")
    tables = look(engine, Job(events, ACCOUNTS, PARTITIONS), seconds)
    if as_json:
        sys.stdout.write(json.dumps(tables, indent=2) + "\n")
    else:
        print("\n\n".join(markdown(rows) for rows in tables.values()))


def look(name: str, job: Job, seconds: int) -> dict[str, list[Row]]:
    """Run `name` over `job` and return the tables `threads`, `parts` and `functions`."""
    (engine,) = choose(name, quick=False)
    with temporary_broker() as broker, prepared(broker, engine, job) as place:
        stacks = Path(place.folder) / "stacks"
        opening = sum(1 for _ in job.opening()) if engine.is_ledger else 1
        with running(engine, place, 1, ENGINE_CORE) as alive:
            await_results(broker, alive, opening, quiet_s=0)
            pid = _busiest(alive.processes[0].pid)
            before, began = _threads(pid), time.monotonic()
            _record(pid, seconds, stacks)
            after, took = _threads(pid), time.monotonic() - began
            alive.expect_alive()
            if broker.ends(place.results, place.partitions) >= opening + job.events:
                say("  the worker ran out of work before the end: use more --events")
        counted = _read(stacks.read_text())
    return {
        "threads": _thread_rows(before, after, took),
        "parts": _share_rows("part", _parts(counted)),
        "functions": _share_rows("function", _functions(counted)),
    }


def _busiest(pid: int) -> int:
    """Return the process of a family that has computed most: a supervisor only waits."""
    root = psutil.Process(pid)
    family = [root, *root.children(recursive=True)]
    return max(family, key=lambda process: process.cpu_times().user).pid


def _record(pid: int, seconds: int, stacks: Path) -> None:
    """Make py-spy write the collapsed stacks of `seconds` seconds."""
    spy = Path(python_of("py-spy")).with_name("py-spy")
    done = subprocess.run(
        [
            *(str(spy), "record", "--pid", str(pid), "--rate", str(RATE_PER_S), "--gil"),
            *("--duration", str(seconds), "--format", "raw", "--full-filenames"),
            *("--output", str(stacks)),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
    )
    if done.returncode or not stacks.exists():
        raise click.ClickException(
            f"py-spy could not look at the worker (it needs the right to trace processes): "
            f"{done.stderr.strip().splitlines()[-1:]}"
        )


def _threads(pid: int) -> dict[str, float]:
    """Return the processor seconds of each kind of thread, by its name's beginning."""
    used: dict[str, float] = {}
    for thread in psutil.Process(pid).threads():
        name = Path(f"/proc/{pid}/task/{thread.id}/comm")
        kind = name.read_text().strip() if name.exists() else "thread"
        label = "main: fold and event loop" if thread.id == pid else _thread_label(kind)
        used[label] = used.get(label, 0.0) + thread.user_time + thread.system_time
    return used


def _thread_label(kind: str) -> str:
    return f"librdkafka, {kind}" if kind.startswith("rdk") else "other Python threads"


def _thread_rows(before: dict[str, float], after: dict[str, float], took_s: float) -> list[Row]:
    shares = {name: (used - before.get(name, 0.0)) / took_s for name, used in after.items()}
    return [
        {"thread": name, "share of a core": f"{share:.1%}"}
        for name, share in sorted(shares.items(), key=lambda item: -item[1])
        if share > 0.001
    ]


def _read(text: str) -> list[tuple[list[str], int]]:
    """Return the stacks, outermost frame first, each with how often it was seen."""
    found = []
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        found.append((stack.split(";"), int(count)))
    return found


def _parts(stacks: Iterable[tuple[list[str], int]]) -> Counter[str]:
    """Count by the innermost frame that belongs to a part; C code counts where it is called."""
    seen: Counter[str] = Counter()
    for frames, count in stacks:
        seen[next(filter(None, map(_part, reversed(frames))), "the rest")] += count
    return seen


def _part(frame: str) -> str:
    return next((part for place, part in PARTS if place in frame), "")


def _functions(stacks: Iterable[tuple[list[str], int]]) -> Counter[str]:
    seen: Counter[str] = Counter()
    for frames, count in stacks:
        name, _, place = frames[-1].partition(" (")
        path = place.rstrip(")").rpartition(":")[0]
        seen[f"{name} ({'/'.join(Path(path).parts[-2:])})"] += count
    return seen


def _share_rows(what: str, seen: Counter[str]) -> list[Row]:
    total = seen.total()
    return [
        {what: name, "share": f"{count / total:.1%}"}
        for name, count in seen.most_common(FUNCTIONS_MAX)
    ]


if __name__ == "__main__":
    main()
