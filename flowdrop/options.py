"""Options that all packages' commands share, declared once: in which form facts are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def as_json_option(help: str = "Print JSON.") -> Callable[[F], F]:  # noqa: A002 - as click calls it
    """Give a command `--json`, in its callback `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help=help)


def as_csv_option(help: str = "Print CSV.") -> Callable[[F], F]:  # noqa: A002 - as click calls it
    """Give a command `--csv`, in its callback `as_csv`."""
    return click.option("--csv", "as_csv", is_flag=True, help=help)
