"""What the warehouse says before a drop is created: the frozen audience, consent, wallets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.drops.selection import (
    MINOR,
    NO_CONSENT,
    NO_WALLET,
    WALLET_CLOSED,
    WALLET_FROZEN,
    Candidate,
)
from features.audiences import members
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clickhouse_connect.driver.client import Client


def candidates(client: Client, program: str, audience: str) -> list[Candidate]:
    """Return the people of the frozen `audience` of `program`.

    Raises:
        click.ClickException: when there is no such audience.
    """
    return [Candidate(m.person, m.rank, m.score) for m in members(client, program, audience)]


def without_consent(client: Client) -> dict[str, str]:
    """Return the people whom no drop may reach, and why: minors, and those who refused."""
    found = rows(client, "drops/no_consent")
    return {row["person"]: MINOR if row["minor"] else NO_CONSENT for row in found}


def impersonal(client: Client) -> frozenset[str]:
    """Return the people who switched personalisation off: no score may choose them, or not."""
    return frozenset(row["person"] for row in rows(client, "drops/impersonal"))


def blocked(client: Client, program: str, people: Iterable[str]) -> dict[str, str]:
    """Return those of `people` who may not take part, and why; consent comes before wallets."""
    states = {row["person"]: row["state"] for row in rows(client, "drops/wallets", program=program)}
    refused = without_consent(client)
    reasons = {p: refused.get(p) or _WALLETS.get(states.get(p, "none"), "") for p in people}
    return {person: reason for person, reason in reasons.items() if reason}


# What a wallet's state, or `none`, says against a grant.
_WALLETS = {"none": NO_WALLET, "closed": WALLET_CLOSED, "frozen": WALLET_FROZEN}


def name_used(client: Client, campaign: str) -> bool:
    """Return whether any event in the warehouse already carries the campaign's name."""
    return bool(rows(client, "drops/name_used", campaign=campaign)[0]["events"])
