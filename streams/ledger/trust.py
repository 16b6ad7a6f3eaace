"""Which keys a partition trusts, and with which it signs: by its log alone.

The settings hold the secrets, by id. What an id is worth is recorded in every partition's log, by
events of `keys.py`: from where on it is trusted, from where on the partition signs with it, and
from where on it is revoked. So folding a log again gives the same bytes, whatever the settings list
by then, as long as they know every id that the log names. The key `k1` is there from the first
record on, and is introduced by nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ledger.accounts import keys_name
from streams.ledger.signing import signature_of
from streams.ledger.terms import Keyring, keyring_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.ledger.book import Book
    from streams.ledger.rules import Rules

GENESIS = "k1"


class MissingKeyError(Exception):
    """The settings lack a key that the log names, or have another secret under its id.

    It is no record's fault: nothing may be folded without it.
    """


class Keys(dict[str, "bytes | str"]):
    """Of one purpose, by id: the secret of a key that is trusted, or why it is not."""

    __slots__ = ("_purpose", "_ring", "_secrets")

    def __init__(self, purpose: str, ring: Keyring, secrets: Mapping[str, bytes]) -> None:
        super().__init__()
        self._purpose = purpose
        self._ring = ring
        self._secrets = secrets

    def __missing__(self, key: str) -> bytes | str:
        """Look up, once per batch."""
        ring = self._ring
        if key in ring.revoked:
            found: bytes | str = "revoked_key"
        elif key in ring.trusted:
            found = self.secret(key)
        else:
            found = "unknown_key"
        self[key] = found
        return found

    @property
    def signing(self) -> str:
        """The id of the key to sign with."""
        return self._ring.signs

    @property
    def drawing(self) -> str:
        """The same as a packet keeps it: '' for the first."""
        return "" if self._ring.signs == GENESIS else self._ring.signs

    def secret(self, key: str) -> bytes:
        """Return a key's secret, whether or not it is still trusted.

        Raises:
            MissingKeyError: when the settings do not have it.
        """
        secret = self._secrets.get(key)
        if secret is None:
            raise MissingKeyError(
                f"the log names the key {key}, which the setting {self._purpose}_keys lacks; add it"
            )
        known = self._ring.trusted.get(key) or self._ring.revoked.get(key)
        if known and known != fingerprint_of(secret):
            raise MissingKeyError(
                f"the setting {self._purpose}_keys has a different key {key} from the one the log "
                "names; set the one that was introduced"
            )
        return secret


class Trust(dict[str, Keys]):
    """By purpose which keys are trusted here; what the log changes is dropped, to be reread."""

    __slots__ = ("_book", "_rules")

    def __init__(self, book: Book, rules: Rules) -> None:
        super().__init__()
        self._book = book
        self._rules = rules

    def __missing__(self, purpose: str) -> Keys:
        """Read the partition's account of them, once per batch."""
        account = self._book[keys_name(purpose, self._book.number)]
        ring = keyring_of(b"" if account is None else account.terms)
        rules = self._rules
        secrets = rules.ledger_keys if purpose == "ledger" else rules.rules_keys
        keys = self[purpose] = Keys(purpose, ring, secrets)
        return keys


def fingerprint_of(secret: bytes) -> str:
    """Return what distinguishes two secrets and reveals neither."""
    return signature_of(("fingerprint",), secret)[:16]
