"""What the warehouse knows that a check asks of it, and why it could not be asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import click
import numpy as np

from flowdrop.failures import in_words
from sql.client import arrow, connect, rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Known:
    """What is known before a file is imported.

    Attributes:
        people: hashes of everybody's name, `(people,)`.
        wallets: hashes of the names of wallets that are not closed, `(wallets,)`.
        clocks_us: of each partition of wallet.events that has one, microseconds since 1970.
        silent: why the warehouse could not be asked; "" when it was.
    """

    people: NDArray[np.uint64]
    wallets: NDArray[np.uint64]
    clocks_us: dict[int, int]
    silent: str = ""


class Funded(NamedTuple):
    """What the ledger put into a campaign's budget by one event."""

    subject: str
    id: str
    program: str
    campaign: str
    amount: int


_NOBODY = np.empty(0, np.uint64)
NOTHING = Known(_NOBODY, _NOBODY, {}, "not asked")


def known() -> Known:
    """Ask the warehouse; if it does not answer, the answer says so."""
    try:
        client = connect()
        people = arrow(client, "intake/people")["hash"].to_numpy()
        wallets = arrow(client, "intake/wallets")["hash"].to_numpy()
        clocks = arrow(client, "intake/clocks").to_pylist()
    except click.ClickException as error:
        return replace(NOTHING, silent=error.message)
    except Exception as error:
        if words := in_words(error):
            return replace(NOTHING, silent=words)
        raise
    found = {row["partition"]: row["clock_us"] for row in clocks}
    return Known(people.astype(np.uint64), wallets.astype(np.uint64), found)


def funded(source: str) -> set[Funded]:
    """Return what a source has put into budgets, as far as the warehouse has it.

    Raises:
        click.ClickException: when it does not answer.
    """
    try:
        return {Funded(**row) for row in rows(connect(), "intake/funded", source=source)}
    except click.ClickException:
        raise
    except Exception as error:
        if words := in_words(error):
            raise click.ClickException(words) from error
        raise
