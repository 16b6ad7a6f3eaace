"""Keys: which of them a partition trusts, and with which it signs, by its log alone.

The settings hold the secrets, by id. What an id is worth is said in every partition's log, by
events that an operator signs: from where on it is trusted, from where on the partition signs with
it, from where on it is revoked. So a log folded again comes to the same bytes, whatever the
settings list by then, as long as they know every id that the log names. The key `k1` is there from
the first record on, and is introduced by nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.ledger.accounts import keys_name
from streams.ledger.signing import is_signed, signature_of
from streams.ledger.terms import Keyring, keyring_of, packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.events import KeyChange, KeyData
    from streams.ledger.book import Book

GENESIS = "k1"


class MissingKeyError(Exception):
    """The settings lack a key that the log names, or have another secret under its id.

    No record's fault: nothing may be folded without it.
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
        """Look up, once a batch."""
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
                f"the setting {self._purpose}_keys has another key {key} than the log names; set "
                "the one that was introduced"
            )
        return secret


def fingerprint_of(secret: bytes) -> str:
    """Return what tells two secrets apart and gives neither away."""
    return signature_of(("fingerprint",), secret)[:16]


def sign(event: KeyChange, secret: bytes) -> KeyChange:
    """Return the event with its signature."""
    data = msgspec.structs.replace(event.data, signature=signature_of(_content(event), secret))
    return msgspec.structs.replace(event, data=data)


def _content(event: KeyChange) -> tuple[object, ...]:
    data = event.data
    return (
        *(event.id, event.source, event.time, event.subject),
        *(data.purpose, data.step, data.about, data.fingerprint, data.key),
    )


def change(book: Book, event: KeyChange) -> tuple[str, str]:
    """Trust, use or revoke a key from now on; return outcome and reason."""
    data = event.data
    secret = book.trust("rules")[data.key]
    if isinstance(secret, str):
        return "refused", secret
    name = keys_name(data.purpose, book.number)
    if not is_signed(_content(event), data.signature, secret):
        return "refused", "forged_key"
    if event.subject != name:
        return book.forward() if book.is_elsewhere(event.subject) else ("refused", "forged_key")
    account = book.ours(name, "keys", "")
    ring = keyring_of(account.terms)
    if (reason := _change(ring, data)) != "":
        return "refused", reason
    account.terms = packed(ring)
    book.keep(account)
    book.trust_anew(data.purpose)
    if data.step != "revoke":
        book.trust(data.purpose).secret(data.about)  # better to stop here than at its first leg
    return "applied", ""


def _change(ring: Keyring, data: KeyData) -> str:
    about = data.about
    if about in ring.revoked:
        return "revoked_key"
    if data.step == "introduce":
        if about in ring.trusted:
            return "known_key"
        ring.trusted[about] = data.fingerprint
        return ""
    if about not in ring.trusted:
        return "unknown_key"
    if about == ring.signs:
        return "key_in_use"
    if data.step == "use":
        ring.signs = about
    else:
        ring.revoked[about] = ring.trusted.pop(about)
    return ""
