"""Asking the workers for a live balance."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

import click

from flowdrop.answers import NO_ANSWER

MOVING_SECONDS_MAX = 10.0
UNAUTHORIZED, NOT_FOUND, UNAVAILABLE = 401, 404, 503


class UnknownAccountError(click.ClickException):
    """The worker that owns an account's partition has no such account."""


def live_balance(worker: str, account: str, token: str) -> dict[str, Any]:
    """Return the committed balance of `account`, asked through any worker with its `token`.

    A partition that is moving between workers is waited for.

    Raises:
        UnknownAccountError: when there is no such account.
        click.ClickException: when no worker answers.
    """
    url = f"{worker}/balances/{quote(account, safe='')}"
    request = urllib.request.Request(  # noqa: S310 - our own setting
        url, headers={"Authorization": f"Bearer {token}"}
    )
    deadline = time.monotonic() + MOVING_SECONDS_MAX
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                body: dict[str, Any] = json.load(answer)
                return body
        except urllib.error.HTTPError as error:
            if error.code == NOT_FOUND:
                raise UnknownAccountError(
                    f"no account {account!r}; has its wallet been opened?"
                ) from error
            if error.code == UNAUTHORIZED:
                raise click.ClickException(
                    f"the worker at {worker} has a different token from this command; if it was "
                    "rotated, `flowdrop down` and `flowdrop up`, otherwise set "
                    "FLOWDROP_WORKER_TOKEN"
                ) from error
            if error.code != UNAVAILABLE or time.monotonic() > deadline:
                raise click.ClickException(f"{url}: {error.read().decode()}") from error
        except NO_ANSWER as error:
            raise click.ClickException(
                f"no worker answers at {worker}: {error}; start one with `flowdrop up` or set "
                "FLOWDROP_WORKER"
            ) from error
        time.sleep(0.2)
