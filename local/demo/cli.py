"""`flowdrop demo`: the main job end to end on real data, each stage timed, each claim checked."""

from __future__ import annotations

import signal
import sys
import threading
import time
import webbrowser
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from flowdrop.options import as_json_option
from flowdrop.output import print_json, print_rows, say
from flowdrop.places import home

if TYPE_CHECKING:
    from types import FrameType

    from local.demo.run import Check, Demo


@click.command()
@click.option(
    "--exit", "leave", is_flag=True, help="Exit when everything is done, and take it all down."
)
@click.option("--no-browser", is_flag=True, help="Don't open the console in the browser.")
@as_json_option("Print the checks and times as JSON.")
def demo(*, leave: bool, no_browser: bool, as_json: bool) -> None:
    """Run the main job end to end on real data and open the reports.

    It starts clean each time: what is in FLOWDROP_HOME is stopped and wiped first. The console and
    Airflow stay up until Ctrl-C. The exit status is 0 only if every check held.

    Example: flowdrop demo --exit
    """
    from local.cli import clear
    from local.demo.run import Demo
    from local.demo.stages import STAGES

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
    """Return a check as a row that breaks between words at 80 columns; if it failed, why."""
    wanted = "" if check.held else f", not {check.expected}"
    return {"held": "yes" if check.held else "NO", "check": f"{check.name}: {check.got}{wanted}"}


def _stay(*, no_browser: bool) -> None:
    from flowdrop.settings import Addresses, load
    from local.airflow.runs import USER
    from local.secrets import console_link

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
