"""Asking the workers for a live balance."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

import click

MOVING_SECONDS_MAX = 10.0
NOT_FOUND, UNAVAILABLE = 404, 503


class UnknownAccountError(click.ClickException):
    """The worker that owns an account's partition has no such account."""


def live_balance(worker: str, account: str) -> dict[str, Any]:
    """Return the committed balance of `account`, asked through any worker.

    A partition that is moving between workers is waited for.

    Raises:
        UnknownAccountError: when there is no such account.
        click.ClickException: when no worker answers.
    """
    url = f"{worker}/balances/{quote(account, safe='')}"
    deadline = time.monotonic() + MOVING_SECONDS_MAX
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own setting
                body: dict[str, Any] = json.load(answer)
                return body
        except urllib.error.HTTPError as error:
            if error.code == NOT_FOUND:
                raise UnknownAccountError(
                    f"no account {account!r}; has its wallet been opened?"
                ) from error
            if error.code != UNAVAILABLE or time.monotonic() > deadline:
                raise click.ClickException(f"{url}: {error.read().decode()}") from error
        except (urllib.error.URLError, TimeoutError) as error:
            raise click.ClickException(
                f"no worker answers at {worker}: {error}; start one with `flowdrop up` or set "
                "FLOWDROP_WORKER"
            ) from error
        time.sleep(0.2)
