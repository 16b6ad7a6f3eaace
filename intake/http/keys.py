"""Who may send what: keys of the intake, in a file that holds no key but its hash.

A key is 256 random bits, shown once. It names a source, which all its events have, the types that
they may be of, how many a second, and until when. A publishable key stands in web pages, where
anyone can read it: it is bound to their origins, and writes nothing but exposures and clicks.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import click
import msgspec

from flowdrop.ours import OTHERS_WRITE, open_ours
from streams.events import TYPES, Click, Exposure, Opened, ReserveAdd, ReserveRemove
from streams.events.internal import Correction, KeyChange, Leg, ProgramRules
from streams.events.naming import odd_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

State = Literal["good", "revoked", "expired"]

# Only the ledger and its operators write these: no key may.
NEVER = frozenset({Leg, ProgramRules, KeyChange, Correction, Opened, ReserveAdd, ReserveRemove})
PUBLISHABLE = frozenset({Exposure, Click})  # all that a page may say
WALLET = "flowdrop.wallet."
SOURCE_CHARACTERS_MAX = 128
PREFIX = {"secret": "fds_", "publishable": "fdp_"}


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is kept; `hash` is the SHA-256 of its token, in hexadecimal."""

    id: str
    kind: Literal["secret", "publishable"]
    source: str
    types: tuple[str, ...]
    events_per_second: int
    hash: str
    created: datetime
    expires: datetime
    origins: tuple[str, ...] = ()
    revoked: datetime | None = None

    def state(self, now: datetime) -> State:
        """Return whether it may be used at a time, or why not."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if now >= self.expires else "good"


class KeyFile:
    """The file of the keys; what writes it keeps others from writing at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Key]:
        """Return all keys, the revoked ones too, in the order in which they were made.

        Raises:
            click.ClickException: when the file is not ours alone to write, or not as we wrote it.
        """
        try:
            descriptor = open_ours(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise click.ClickException(
                f"{self.path} can't be read: {error.strerror}; it must be a file, not a link"
            ) from error
        with os.fdopen(descriptor, "rb") as file:
            if os.fstat(descriptor).st_mode & OTHERS_WRITE:
                raise click.ClickException(
                    f"{self.path} may be written to by others, who could add keys; look through "
                    f"`flowdrop intake keys list`, then `chmod 600 {self.path}`"
                )
            return self._parsed(file.read())

    def add(self, key: Key) -> None:
        """Keep one more key."""
        with self._locked():
            self._write([*self.read(), key])

    def revoke(self, key_id: str, now: datetime) -> Key:
        """Have a key be good for nothing from now on; return it.

        Raises:
            click.ClickException: when there is none of that id.
        """
        with self._locked():
            known = self.read()
            found = next((key for key in known if key.id == key_id), None)
            if found is None:
                raise click.ClickException(
                    f"there is no key {key_id!r}; `flowdrop intake keys list` shows them"
                )
            if found.revoked is None:
                changed = msgspec.structs.replace(found, revoked=now)
                self._write([changed if key is found else key for key in known])
                return changed
            return found

    def _parsed(self, text: bytes) -> list[Key]:
        try:
            return msgspec.json.decode(text, type=list[Key])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise click.ClickException(
                f"{self.path} is not what flowdrop wrote ({error}); put your copy back"
            ) from error

    def _write(self, keys: list[Key]) -> None:
        other = self.path.with_suffix(f".{os.getpid()}")
        with os.fdopen(open_ours(other, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(keys), indent=2) + b"\n")
        other.replace(self.path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open_ours(self.path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT)
        with os.fdopen(lock, "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def draw(
    source: str,
    types: Iterable[str],
    *,
    now: datetime,
    days: int,
    events_per_second: int,
    origins: Iterable[str] = (),
) -> tuple[Key, str]:
    """Return a new key and its token, which is kept nowhere; with `origins` a publishable one.

    Raises:
        click.ClickException: naming what it may not be: a source, a type, an origin.
    """
    known_origins = tuple(dict.fromkeys(map(_origin, origins)))
    kind: Literal["secret", "publishable"] = "publishable" if known_origins else "secret"
    token = PREFIX[kind] + secrets.token_urlsafe(32)
    return Key(
        id=f"key-{secrets.token_hex(4)}",
        kind=kind,
        source=_source(source),
        types=_types(types, kind),
        events_per_second=events_per_second,
        hash=hash_of(token),
        created=now,
        expires=now + timedelta(days=days),
        origins=known_origins,
    ), token


def hash_of(token: str) -> str:
    """Return by what a token is known. It is as random as its hash is long: no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def now() -> datetime:
    """Return the time by which keys expire, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def _source(source: str) -> str:
    if not 0 < len(source) <= SOURCE_CHARACTERS_MAX or (odd := odd_in(source)):
        told = f"holds {odd}" if source and len(source) <= SOURCE_CHARACTERS_MAX else "is too long"
        raise click.ClickException(
            f"source {source[:80]!r} {told if source else 'is empty'}; it is what the events say "
            f"they come from, such as shop, of 1 to {SOURCE_CHARACTERS_MAX} visible characters"
        )
    return source


def _types(patterns: Iterable[str], kind: str) -> tuple[str, ...]:
    """Return the names of types that are meant by names or patterns such as `flowdrop.person.*`.

    A wallet's types have to be named one by one: each of them moves coins.
    """
    if kind == "publishable":
        found = [name for name, (_, own) in TYPES.items() if own in PUBLISHABLE]
        if others := set(patterns) - set(found):
            raise click.ClickException(
                f"type {min(others)!r} is none for a publishable key, which anyone can read in "
                "the page; it writes exposures and clicks, and needs no --type"
            )
        return tuple(found)
    allowed = [name for name, (_, own) in TYPES.items() if own not in NEVER]
    chosen: dict[str, None] = {}
    for pattern in patterns:
        matched = [
            name
            for name in allowed
            if name == pattern or (fnmatchcase(name, pattern) and not name.startswith(WALLET))
        ]
        if not matched:
            raise click.ClickException(_no_type(pattern))
        chosen |= dict.fromkeys(matched)
    if not chosen:
        raise click.ClickException(
            "a key needs --type, once for each type that it may send; see `flowdrop events list`"
        )
    return tuple(chosen)


def _no_type(pattern: str) -> str:
    if pattern in TYPES:
        return f"type {pattern!r} is written by the ledger or its operators only: no key may be it"
    if pattern.startswith(WALLET) or any(fnmatchcase(name, pattern) for name in TYPES):
        return (
            f"type {pattern!r} is none; name what moves coins one by one, such as "
            "flowdrop.wallet.earn; see `flowdrop events list`"
        )
    return f"type {pattern!r} is none of `flowdrop events list`"


def _origin(text: str) -> str:
    """Return an origin as browsers write it.

    Raises:
        click.ClickException: when it is none, or not one that a key can be bound to.
    """
    parts = urlsplit(text.strip().lower())
    is_local = parts.hostname in {"localhost", "127.0.0.1"}
    if (
        parts.scheme not in ({"https", "http"} if is_local else {"https"})
        or not parts.hostname
        or "*" in text
        or parts.path not in {"", "/"}
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise click.ClickException(
            f"origin {text!r} is none; write it as a browser does: https://shop.example, without "
            "a path or a wildcard"
        )
    return f"{parts.scheme}://{parts.netloc}"
