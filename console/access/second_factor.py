"""The second factor: a code that a phone computes from a shared secret and the time (RFC 6238)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import pyotp
from sqlalchemy import or_, update

from console.access.tables import SecondFactor, User
from console.i18n import LocalizedText
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

STEP_SECONDS = 30
STEPS = (0, -1, 1)  # which a phone's clock may be off


class WrongCodeError(LocalizedError):
    """The code is not the phone's, or was used before."""

    def __init__(self) -> None:
        super().__init__(
            LocalizedText("code: it is not right, or was used before; wait for the next one")
        )


def has(session: Session, user: User) -> bool:
    """Return whether a person signs in with a second factor."""
    found = session.get(SecondFactor, user.id)
    return found is not None and found.confirmed_at is not None


def begin(session: Session, user: User) -> str:
    """Return the secret that a phone is to have, as long as it is not confirmed."""
    found = session.get(SecondFactor, user.id)
    if found is None:
        found = SecondFactor(user_id=user.id, secret=pyotp.random_base32())
        session.add(found)
        session.commit()
    return found.secret


def address(user: User, secret: str) -> str:
    """Return what the QR code says to a phone."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="flowdrop")


def confirm(session: Session, user: User, code: str, now: datetime) -> None:
    """Require a second factor from now on; the caller commits.

    Raises:
        WrongCodeError: when the phone does not have the secret.
    """
    require_code(session, user, code, now)
    session.execute(
        update(SecondFactor).where(SecondFactor.user_id == user.id).values(confirmed_at=now)
    )


def require_code(session: Session, user: User, code: str, now: datetime) -> None:
    """Refuse a code that is not the phone's at this time, or not its first; the caller commits.

    Raises:
        WrongCodeError: likewise.
    """
    found = session.get(SecondFactor, user.id)
    given = code.replace(" ", "").encode("utf-8", "replace")
    for off in STEPS if found else ():
        assert found is not None
        step = int(now.timestamp()) // STEP_SECONDS + off
        if not hmac.compare_digest(pyotp.TOTP(found.secret).generate_otp(step).encode(), given):
            continue
        taken = session.execute(
            update(SecondFactor)
            .where(
                SecondFactor.user_id == user.id,
                or_(SecondFactor.last_step.is_(None), SecondFactor.last_step < step),
            )
            .values(last_step=step)
        )
        if taken.rowcount:  # type: ignore[attr-defined]
            return
    raise WrongCodeError


def remove(session: Session, user: User) -> None:
    """Sign a person in without a second factor again; the caller commits."""
    found = session.get(SecondFactor, user.id)
    if found is not None:
        session.delete(found)
