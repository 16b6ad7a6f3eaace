"""`flowdrop up | down | status | reset`: the real parts on this machine."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_json_option
from flowdrop.output import counted, print_json, print_rows, say
from flowdrop.places import home
from local.names import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from local import processes
    from local.services import Services

TOLD_BELOW = {"restarts", "last_reason", "troubles"}  # for a sentence, when there is one to print

PART = click.Choice(NAMES)


@dataclass(frozen=True)
class Step:
    """A flowdrop command that `up` runs once `after` answers."""

    name: str
    after: str
    argv: tuple[str, ...]


STEPS = (
    Step("topics", "kafka", ("topics", "create")),
    Step("tables", "clickhouse", ("sql", "migrate")),
)
# These need the topics and the tables; the others start at once, in parallel.
AFTER_STEPS = {"worker", "feed", "console", "intake"}


def _wishes(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> Any:
    wishes = {}
    for text in texts:
        name, _, port = text.partition("=")
        if name not in set(NAMES) - {"feed"} or not port.isdecimal() or not 0 < int(port) < 2**16:
            raise click.BadParameter(f"{text!r} is not PART=PORT, for example kafka=9092")
        wishes[name] = int(port)
    return wishes


@click.command()
@click.argument("parts", nargs=-1, type=PART)
@click.option(
    "--port",
    "wishes",
    multiple=True,
    callback=_wishes,
    metavar="PART=PORT",
    help="Set the port of a part (default: a free one).",
)
@as_json_option("Print what is running as JSON, as `status` does.")
def up(*, parts: tuple[str, ...], wishes: dict[str, int], as_json: bool) -> None:
    """Start the real parts on this machine: all of them, or those named.

    A running part is left alone, one that died is restarted on the same port. A part whose
    address you set yourself (FLOWDROP_KAFKA, ...) is yours and is not started.

    Example: flowdrop up kafka clickhouse
    """
    from local import folder, homes
    from local.environment import exclusive
    from local.secrets import console_link
    from local.secrets import make as make_secrets
    from local.services import elsewhere, open_services

    began = time.monotonic()
    folder.prepare(home())
    make_secrets(home())
    homes.remember(home())
    with exclusive(home() / "run" / "lock"):
        yours = elsewhere()
        for name, address in yours.items():
            say(f"{name:<18} yours, {address}")
        services = open_services(home(), wishes)
        services.write_addresses()
        ours = [name for name in parts or NAMES if name not in yours]
        _start(services, ours, parts or NAMES)
    say(f"{'all':<18} {time.monotonic() - began:5.1f} s")
    if "console" in ours:
        say(f"{'sign in':<18} {console_link(home())}")
    if as_json:
        print_json(rows(services))


@click.command()
@click.argument("parts", nargs=-1, type=PART)
def down(*, parts: tuple[str, ...]) -> None:
    """Stop the parts, last one first, and wait for a clean end.

    Example: flowdrop down
    """
    from local.environment import exclusive
    from local.services import known_services

    if home().exists():
        with exclusive(home() / "run" / "lock"):
            _stop(known_services(home()), parts or NAMES)


@click.command()
@as_json_option()
def status(*, as_json: bool) -> None:
    """Show what runs, where, since when, and in how much memory (MB).

    The exit status is 0 if something was started and all that was started runs. If nothing runs in
    this folder, it names the other folders on this machine that `flowdrop up` was used with.

    Example: flowdrop status --json
    """
    from local.services import known_services

    found = rows(known_services(home()))
    if as_json:
        print_json(found)
    else:
        print_rows([_for_people(row) for row in found], title=f"flowdrop in {home()}")
        say(
            f"{row['part']} was restarted {row['restarts']} times, most recently because: "
            f"{row['last_reason']}"
            for row in found
            if row["restarts"]
        )
        say(f"{row['part']}: {words}" for row in found for words in row["troubles"])
    states = {row["state"] for row in found}
    if states <= {"stopped"}:
        say(_elsewhere(home()))
    if "died" in states or "running" not in states:
        sys.exit(1)


def _elsewhere(here: Path) -> list[str]:
    """Report where `status` looked, and in which other folders something runs."""
    from local import homes, processes
    from local.services import known_services

    told = [f"nothing runs in {here}; FLOWDROP_HOME names another folder"]
    for other in homes.known():
        if other == here:
            continue
        try:
            parts = known_services(other).parts()
        except (click.ClickException, OSError) as error:  # not a fault of the folder asked for
            told.append(f"  {other}: can't be read ({error})")
            continue
        running = sum(processes.look(part).state == "running" for part in parts)
        told.append(f"  {other}: {counted(running, 'process', 'processes')} running")
    return told


@click.command()
@click.option("--yes", is_flag=True, help="Don't ask.")
def reset(*, yes: bool) -> None:
    """Stop everything and wipe its data; nothing outside its folder is touched.

    Example: flowdrop reset --yes
    """
    if not yes:
        click.confirm(f"Stop everything and delete all data in {home()}?", abort=True)
    clear(home())


def clear(place: Path) -> None:
    """Stop what runs below `place` and wipe it, once it is certain that flowdrop made it."""
    from local import folder
    from local.environment import exclusive
    from local.services import known_services

    if not folder.is_ours(place):
        folder.wipe(place)  # says why not
    if place.exists():
        folder.claim(place)
        with exclusive(place / "run" / "lock"):
            _stop(known_services(place), NAMES)
            folder.wipe(place)


def rows(services: Services) -> list[dict[str, Any]]:
    """Return one row per process: part, state, pid, address, since, memory_mb, log.

    `restarts` and `last_reason` say how often supervision has restarted it, and why; `troubles`
    what keeps a running one from its work.
    """
    from local import processes
    from local.troubles import troubles

    found = []
    told = troubles(services.home)
    for part in services.parts():
        sight = processes.look(part)
        again = services.restarts(part.name)
        found.append(
            {
                "part": part.name,
                "state": sight.state,
                "pid": sight.pid,
                "address": part.address if sight.state != "stopped" else None,
                "since": _time(sight.since),
                "memory_mb": sight.memory_bytes and round(sight.memory_bytes / 1e6),
                "log": str(part.log) if part.log.exists() else None,
                "restarts": again.restarts,
                "last_reason": again.last_reason or None,
                "troubles": told.get(part.name, []) if sight.state == "running" else [],
            }
        )
    return found


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    since = row["since"] and datetime.fromisoformat(row["since"]).astimezone()
    log = row["log"] and f"logs/{row['part']}.log"
    pid = row["pid"] and str(row["pid"])  # a number that is not counted
    shown = row | {"pid": pid, "since": since and f"{since:%H:%M:%S}", "log": log}
    return {name: value for name, value in shown.items() if name not in TOLD_BELOW}


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _start(services: Services, ours: Sequence[str], wanted: Sequence[str]) -> None:
    from local import processes

    first = services.parts([name for name in ours if name not in AFTER_STEPS])
    second = services.parts([name for name in ours if name in AFTER_STEPS])
    steps = [step for step in STEPS if step.after in wanted]
    needed = [part for part in first if part.name in {step.after for step in steps}]
    began = _launch(first)
    _arrive(needed, began)
    for step in steps:
        _run(services.home, step)
    began |= _launch(second)
    _arrive([part for part in [*first, *second] if part not in needed], began)
    for part in [*first, *second]:
        processes.expect(part)  # one without a port answers nothing, but it must be alive so far


def _launch(parts: Sequence[processes.Part]) -> dict[str, float]:
    """Start `parts` without waiting; return once each one that needed it was started."""
    from local import processes

    began = {}
    for part in parts:
        if processes.look(part).state == "running":
            continue
        began[part.name] = time.monotonic()
        processes.start(part)
    return began


def _arrive(parts: Sequence[processes.Part], began: dict[str, float]) -> None:
    from local import processes

    for part in processes.arrivals(parts):
        took = time.monotonic() - began[part.name] if part.name in began else None
        told = f"{took:5.1f} s" if took is not None else "  ran"
        say(f"{part.name:<18} {told}  {part.address}".rstrip())


def _run(place: Path, step: Step) -> None:
    from local.environment import part_environment

    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "flowdrop", *step.argv],
        env=part_environment(place),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = (done.stderr or done.stdout).strip()
        raise click.ClickException(f"`flowdrop {' '.join(step.argv)}` failed:\n{told}")
    say(f"{step.name:<18} {time.monotonic() - began:5.1f} s")


def _stop(services: Services, names: Sequence[str]) -> None:
    from local import processes

    for part in reversed(services.parts(names)):
        if processes.look(part).state == "stopped":
            continue
        began = time.monotonic()
        told = processes.stop(part)
        say(f"{part.name:<18} {time.monotonic() - began:5.1f} s  {told}")
