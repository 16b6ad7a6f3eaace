"""What an operation's subject must be: checked before anything else of the operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger.accounts import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.ledger.accounts import Account


def anything(_name: str, _account: Account | None, _program: str) -> str:
    """Leave the subject to the operation."""
    return ""


def open_wallet(name: str, account: Account | None, program: str) -> str:
    """Return why the subject is not an open wallet of the program, '' when it is."""
    if account is None:
        return "unknown_account" if kind_of(name) == "wallet" else "reserved_name"
    if account.kind != "wallet":
        return "reserved_name"
    if account.program != program:
        return "wrong_program"
    return "" if account.state == "open" else account.state


def any_wallet(name: str, account: Account | None, program: str) -> str:
    """Return why the subject is not a wallet of the program, in whatever state, '' when it is."""
    reason = open_wallet(name, account, program)
    return "" if reason in {"frozen", "closed"} else reason


def unclosed_wallet(name: str, account: Account | None, program: str) -> str:
    """Return why the subject is not a wallet of the program, open or frozen, '' when it is."""
    reason = open_wallet(name, account, program)
    return "" if reason == "frozen" else reason


def packet(_name: str, account: Account | None, program: str) -> str:
    """Return why the subject is not a packet of the program, '' when it is."""
    if account is None or account.kind != "packet":
        return "unknown_packet"
    return "" if account.program == program else "wrong_program"


_NO_WALLET = ("reserved_name", "unknown_account", "wrong_program")
# What each of these may return.
REFUSALS: dict[Callable[[str, Account | None, str], str], tuple[str, ...]] = {
    anything: (),
    open_wallet: (*_NO_WALLET, "frozen", "closed"),
    any_wallet: _NO_WALLET,
    unclosed_wallet: (*_NO_WALLET, "closed"),
    packet: ("unknown_packet", "wrong_program"),
}
