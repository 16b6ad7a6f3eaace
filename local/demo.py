"""`flowdrop demo`: the main job end to end on real data, each stage timed, each claim checked."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import webbrowser
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import click

from flowdrop.output import print_json, print_rows, say
from flowdrop.places import home
from flowdrop.settings import Addresses, load
from local.cli import clear
from local.dagruns import USER
from local.environment import part_environment
from local.secrets import console_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import FrameType


SHOWN_COLUMNS = "110"  # so that no table's cell is cut


@dataclass(frozen=True)
class Check:
    """A claim: what was expected, what came out, and whether it held."""

    name: str
    expected: str
    got: str
    held: bool


@dataclass(frozen=True)
class Timing:
    """How long a stage took."""

    stage: str
    seconds: float


@dataclass(frozen=True)
class Stage:
    """A named part of the demo; `run` does it and adds its checks."""

    name: str
    run: Callable[[Demo], None]


@dataclass
class Demo:
    """One demonstration below `place`: it runs commands, and collects times and checks."""

    place: Path
    checks: list[Check] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    def run(self, *command: str, fails: bool = False, **settings: str) -> str:
        """Run a flowdrop command and return what it printed; its progress is shown as it comes.

        `fails` allows it to end with a status other than 0; `settings` go into its environment.
        """
        done = subprocess.run(
            [sys.executable, "-m", "flowdrop", *command],
            env=part_environment(self.place, settings),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode and not fails:
            raise click.ClickException(
                f"`flowdrop {' '.join(command)}` failed; its words are above"
            )
        return done.stdout

    def show(self, *command: str) -> None:
        """Run a flowdrop command and show what it printed."""
        say(["", *self.run(*command, COLUMNS=SHOWN_COLUMNS).rstrip().splitlines(), ""])

    def ask(self, *command: str, fails: bool = False, **settings: str) -> Any:
        """Run a flowdrop command with `--json` and return what it printed, decoded."""
        text = self.run(*command, "--json", fails=fails, **settings)
        try:
            return json.loads(text)
        except ValueError as error:
            said = f"`flowdrop {' '.join(command)} --json` printed no JSON: {text[:200]!r}"
            raise click.ClickException(said) from error

    def check(self, name: str, expected: object, got: object, *, held: bool | None = None) -> None:
        """Add a claim; it holds if `got` equals `expected`, unless `held` says otherwise."""
        held = expected == got if held is None else held
        self.checks.append(Check(name, _said(expected), _said(got), held))
        say(f"  {'held ' if held else 'FAILS'} {name}: {_said(got)}")

    def play(self, stages: Iterable[Stage]) -> None:
        """Run `stages` in order, with a heading and a time for each."""
        stages = list(stages)
        for number, stage in enumerate(stages, 1):
            say(f"\n[{number}/{len(stages)}] {stage.name}")
            began = time.monotonic()
            stage.run(self)
            self.timings.append(Timing(stage.name, round(time.monotonic() - began, 1)))
            say(f"  {self.timings[-1].seconds:.1f} s")

    @property
    def held(self) -> bool:
        """Whether there were checks, and every one held."""
        return bool(self.checks) and all(check.held for check in self.checks)


def _said(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


@click.command()
@click.option("--exit", "leave", is_flag=True, help="End when all is done; take everything down.")
@click.option("--no-browser", is_flag=True, help="Don't open the console in the browser.")
@click.option("--json", "as_json", is_flag=True, help="Print the checks and times as JSON.")
def demo(*, leave: bool, no_browser: bool, as_json: bool) -> None:
    """Run the main job end to end on real data and open the reports.

    Starts clean each time: what is in FLOWDROP_HOME is stopped and wiped first. The console and
    Airflow stay up until Ctrl-C. The exit status is 0 only if every check held.

    Example: flowdrop demo --exit
    """
    from local.chapters import STAGES

    began = time.monotonic()
    clear(home())
    demonstration = Demo(home())
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        demonstration.play(STAGES)
        _summary(demonstration, time.monotonic() - began, as_json=as_json)
        if not leave:
            _stay(no_browser=no_browser)
    except KeyboardInterrupt:
        say("\ninterrupted")
    finally:
        say("\ntaking everything down")
        demonstration.run("down", fails=True)
    sys.exit(0 if demonstration.held else 1)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _summary(demonstration: Demo, seconds: float, *, as_json: bool) -> None:
    checks = [asdict(check) for check in demonstration.checks]
    timings = [asdict(timing) for timing in demonstration.timings]
    if as_json:
        print_json(
            {"held": demonstration.held, "seconds": seconds, "checks": checks, "stages": timings}
        )
        return
    print_rows(timings, title="Times")
    print_rows([told(check) for check in demonstration.checks], title="Checks")
    failed = sum(not check["held"] for check in checks)
    say(f"{len(checks) - failed} of {len(checks)} checks held, in {seconds:.0f} s")


def told(check: Check) -> dict[str, str]:
    """Return a check as a row that breaks between words at 80 columns: what was wanted if amiss."""
    wanted = "" if check.held else f", not {check.expected}"
    return {"held": "yes" if check.held else "NO", "check": f"{check.name}: {check.got}{wanted}"}


def _stay(*, no_browser: bool) -> None:
    addresses = load(Addresses)
    password = addresses.airflow_password.get_secret_value()
    say(["", f"console  {console_link(home())}"])
    say([f"Airflow  {addresses.airflow} as {USER}, password {password}", "Ctrl-C ends it"])
    if not no_browser:
        _open(console_link(home()))
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        say("")


def _open(address: str) -> None:
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return  # no display, no browser: the address is printed
    if not isinstance(browser, webbrowser.GenericBrowser) or isinstance(
        browser, webbrowser.BackgroundBrowser
    ):
        browser.open(address)  # never one that would take over the terminal
