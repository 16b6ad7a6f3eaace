"""Passwords: argon2id, with the parameters of RFC 9106's second recommendation."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from console.i18n import LocalizedText
from console.reports.basis import LocalizedError

CHARS_MIN = 12
CHARS_MAX = 256
DIFFERENT_MIN = 5  # characters that differ
_HASHER = PasswordHasher()


def hashed(password: str, *known: str) -> str:
    """Return the hash of a new password.

    Raises:
        LocalizedError: when it is too short, too long, or easily guessed from what is `known`.
    """
    if not CHARS_MIN <= len(password) <= CHARS_MAX:
        raise LocalizedError(
            LocalizedText(
                "password: it takes {least} to {most} characters; a few words that do not belong "
                "together are a good one",
                least=CHARS_MIN,
                most=CHARS_MAX,
            )
        )
    plain = password.casefold()
    if len(set(plain)) < DIFFERENT_MIN or any(word and word in plain for word in map(_word, known)):
        raise LocalizedError(
            LocalizedText(
                "password: this one is easily guessed; choose one without your name or address and "
                "with more different characters"
            )
        )
    return _HASHER.hash(password)


def is_right(password: str, known: str | None) -> bool:
    """Return whether a password is the one of a hash; it takes as long if there is none."""
    try:
        _HASHER.verify(known or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def is_outdated(known: str) -> bool:
    """Return whether a hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(known)


@cache
def _nobody() -> str:
    return _HASHER.hash("the password of nobody")


def _word(known: str) -> str:
    return known.casefold().partition("@")[0]
