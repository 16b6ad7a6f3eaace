"""Sign-ins that failed slow down those that follow, whoever tries, from wherever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from console.access.keys import key_hash
from console.access.tables import FailedSignIn
from console.i18n import LocalizedText
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

WINDOW = timedelta(minutes=15)
HERE_MAX = 5  # of one person from one address
PERSON_MAX = 50  # of one person from anywhere
ADDRESS_MAX = 30  # of anybody from one address


class TooManyTriesError(LocalizedError):
    """Too many sign-ins failed lately."""

    def __init__(self) -> None:
        super().__init__(
            LocalizedText(
                "too many sign-ins failed; try again in {minutes} minutes, or ask for a new "
                "password",
                minutes=int(WINDOW.total_seconds() // 60),
            )
        )


def require_patience(session: Session, email: str, address: str, now: datetime) -> None:
    """Refuse another try where too many failed.

    Raises:
        TooManyTriesError: until the oldest is a quarter of an hour ago.
    """
    for key, most in _limits(email, address).items():
        failed = session.scalar(
            select(func.count())
            .select_from(FailedSignIn)
            .where(FailedSignIn.key_hash == key, FailedSignIn.at > now - WINDOW)
        )
        if (failed or 0) >= most:
            raise TooManyTriesError


def failed(session: Session, email: str, address: str, now: datetime) -> None:
    """Count a sign-in that failed, and forget old ones; the caller commits."""
    session.execute(delete(FailedSignIn).where(FailedSignIn.at <= now - WINDOW))
    session.add_all(FailedSignIn(key_hash=key, at=now) for key in _limits(email, address))


def succeeded(session: Session, email: str, address: str) -> None:
    """Forget those of a person from where they have signed in; the caller commits."""
    here = next(iter(_limits(email, address)))
    session.execute(delete(FailedSignIn).where(FailedSignIn.key_hash == here))


def _limits(email: str, address: str) -> dict[str, int]:
    return {
        key_hash(f"here:{email}:{address}"): HERE_MAX,
        key_hash(f"person:{email}"): PERSON_MAX,
        key_hash(f"address:{address}"): ADDRESS_MAX,
    }
