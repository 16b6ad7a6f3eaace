"""Random keys that somebody shows to be let in: only their hashes are stored."""

from __future__ import annotations

import secrets
from hashlib import sha256


def new_key() -> str:
    """Return a random key of 256 bits."""
    return secrets.token_urlsafe(32)


def key_hash(key: str) -> str:
    """Return what is stored of a key; being random, it needs no slow hash."""
    return sha256(key.encode("utf-8", "replace")).hexdigest()
