"""Keys: what operators say about them in every partition's log.

A key is introduced, then used, and finally revoked; what a signature is worth is up to `trust.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.events import KeyChange
from streams.ledger.accounts import keys_name
from streams.ledger.operation import Ours
from streams.ledger.signing import is_signed, signature_of
from streams.ledger.terms import Keyring, keyring_of, packed

if TYPE_CHECKING:
    from streams.events import KeyData
    from streams.ledger.results import Result
    from streams.ledger.turn import Turn


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


def change(turn: Turn, event: KeyChange) -> tuple[str, str]:
    """Trust, use or revoke a key from now on; return outcome and reason."""
    book, data = turn.book, event.data
    secret = turn.trust["rules"][data.key]
    if isinstance(secret, str):
        return "refused", secret
    name = keys_name(data.purpose, book.number)
    if not is_signed(_content(event), data.signature, secret):
        return "refused", "forged_key"
    if event.subject != name:
        return turn.forward() if book.is_elsewhere(event.subject) else ("refused", "forged_key")
    account = book.ours(name, "keys", "")
    ring = keyring_of(account.terms)
    if (reason := _change(ring, data)) != "":
        return "refused", reason
    account.terms = packed(ring)
    book.keep(account)
    turn.trust.pop(data.purpose, None)
    if data.step != "revoke":
        turn.trust[data.purpose].secret(data.about)  # better to stop here than at its first leg
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


def _tell(result: Result, data: KeyData, _turn: Turn) -> None:
    result.step = data.step
    result.item = data.about


OURS = (Ours(event=KeyChange, judge=change, facts=_tell),)
