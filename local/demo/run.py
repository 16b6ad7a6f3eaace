"""One demonstration: its stages run flowdrop's commands, are timed, and check the results."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from flowdrop.output import say
from local.environment import part_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

SHOWN_COLUMNS = "110"  # so that no table cell is cut


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
                f"`flowdrop {' '.join(command)}` failed; its output is above"
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


def options(terms: Mapping[str, object]) -> list[str]:
    """Return a command's options, such as `--budget 1000`, from their names and values."""
    return [text for name, value in terms.items() for text in (f"--{name}", str(value))]
