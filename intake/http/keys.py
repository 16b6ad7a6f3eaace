"""Who may send what: keys of the intake, in a file that holds no key but its hash.

A key is 256 random bits, shown once. It names a source, which all its events have, the types that
they may be of, how many a second, and until when. A publishable key stands in web pages, where
anyone can read it: it is bound to their origins, and writes nothing but exposures and clicks. A
webhook's key signs what a feed sends instead of travelling with it; a signature can only be checked
by whoever has the key itself, so that it alone is kept as it is.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import stat
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import click
import idna
import msgspec

from flowdrop.ours import open_ours
from streams.events import TYPES, Click, Exposure, Opened, ReserveAdd, ReserveRemove
from streams.events.internal import Correction, KeyChange, Leg, ProgramRules
from streams.events.naming import odd_in
from streams.events.person import OURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

State = Literal["good", "revoked", "expired"]
Kind = Literal["secret", "publishable", "webhook"]

# Only the ledger and its operators write these: no key may.
NEVER = frozenset({Leg, ProgramRules, KeyChange, Correction, Opened, ReserveAdd, ReserveRemove})
PUBLISHABLE = frozenset({Exposure, Click})  # all that a page may say
OWN = "flowdrop."
WALLET = f"{OWN}wallet."
SOURCE_CHARACTERS_MAX = 128
SECRET_CHARACTERS_MIN = 16
PREFIX: dict[Kind, str] = {"secret": "fds_", "publishable": "fdp_", "webhook": "fdw_"}
USUAL_PORTS = {"https": 443, "http": 80}
OTHERS = stat.S_IRWXG | stat.S_IRWXO
_FEED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is kept.

    Attributes:
        hash: the SHA-256 of its token, in hexadecimal.
        feed: that a webhook's key is for, in whose `header` the signature stands.
        secret: with which a webhook signs; "" of any other key.
    """

    id: str
    kind: Kind
    source: str
    types: tuple[str, ...]
    events_per_second: int
    hash: str
    created: datetime
    expires: datetime
    origins: tuple[str, ...] = ()
    feed: str = ""
    header: str = ""
    secret: str = ""
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
            found = os.fstat(descriptor)
            if found.st_uid != os.geteuid() or found.st_mode & OTHERS:
                raise click.ClickException(
                    f"{self.path} is not yours alone; take back ownership and `chmod 600` it, look "
                    "through `flowdrop intake keys list`, and replace what others may have read"
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
                f"{self.path} is not what flowdrop wrote; put your copy back"
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


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a key is to be: with `origins` a publishable one, with a `feed` a webhook's.

    `secret` is the one that a webhook has already; "" has one drawn.
    """

    source: str
    types: tuple[str, ...] = ()
    days: int
    events_per_second: int
    origins: tuple[str, ...] = ()
    feed: str = ""
    header: str = ""
    secret: str = ""

    @property
    def kind(self) -> Kind:
        """Which kind of key it is to be."""
        if self.feed:
            return "webhook"
        return "publishable" if self.origins else "secret"


def draw(wish: Wish, now: datetime) -> tuple[Key, str]:
    """Return a new key and its token, which is kept nowhere unless it signs.

    Raises:
        click.ClickException: naming what it may not be: a source, a type, an origin, a feed.
    """
    kind = wish.kind
    feed = _feed(wish) if wish.feed else ""
    token = wish.secret or PREFIX[kind] + secrets.token_urlsafe(32)
    return Key(
        id=f"key-{secrets.token_hex(4)}",
        kind=kind,
        source=_source(wish.source),
        types=_types(wish.types, kind),
        events_per_second=wish.events_per_second,
        hash=hash_of(token),
        created=now,
        expires=now + timedelta(days=wish.days),
        origins=tuple(dict.fromkeys(map(_origin, wish.origins))),
        feed=feed,
        header=wish.header.lower(),
        secret=token if kind == "webhook" else "",
    ), token


def is_feed(name: str) -> bool:
    """Tell whether a name may be a feed's: its mapping is a file of that name."""
    return _FEED.fullmatch(name) is not None


def hash_of(token: str) -> str:
    """Return by what a token is known. It is as random as its hash is long: no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def now() -> datetime:
    """Return the time by which keys expire, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def _feed(wish: Wish) -> str:
    if wish.origins:
        raise click.ClickException("a key is a webhook's (--feed) or a page's (--origin), not both")
    if not is_feed(wish.feed):
        raise click.ClickException(
            f"feed {wish.feed[:80]!r} is no name; write letters, digits, dots, - and _, such as "
            "shop; its mapping is the file of that name in the folder intake_feeds"
        )
    if not _HEADER.fullmatch(wish.header):
        raise click.ClickException(
            f"header {wish.header[:80]!r} is no name; write that of the header in which the "
            "webhook's signature comes, such as X-Hub-Signature-256"
        )
    if wish.secret and len(wish.secret) < SECRET_CHARACTERS_MIN:
        raise click.ClickException(
            f"the secret has {len(wish.secret)} characters; one of less than "
            f"{SECRET_CHARACTERS_MIN} can be guessed"
        )
    return wish.feed


def _source(source: str) -> str:
    if not 0 < len(source) <= SOURCE_CHARACTERS_MAX or (odd := odd_in(source)):
        told = f"holds {odd}" if source and len(source) <= SOURCE_CHARACTERS_MAX else "is too long"
        raise click.ClickException(
            f"source {source[:80]!r} {told if source else 'is empty'}; it is what the events say "
            f"they come from, such as shop, of 1 to {SOURCE_CHARACTERS_MAX} visible characters"
        )
    if source.startswith(OURS):
        raise click.ClickException(
            f"source {source!r} is a name of flowdrop's own; choose one without {OURS!r} before it"
        )
    return source


def _types(patterns: Iterable[str], kind: Kind) -> tuple[str, ...]:
    """Return the names of types that are meant by names or patterns such as `person.*`.

    A wallet's types have to be named one by one: each of them moves coins.
    """
    patterns = list(map(_whole, patterns))
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


def _whole(pattern: str) -> str:
    """Return a type's whole name, of which `conversion` or `campaign.conversion` may be said."""
    alike = [name for name in TYPES if name.rpartition(".")[2] == pattern]
    return alike[0] if len(alike) == 1 else OWN + pattern.removeprefix(OWN)


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
    """Return an origin as browsers write it: in small letters, in ASCII, without the usual port.

    Raises:
        click.ClickException: when it is none, or not one that a key can be bound to.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError as error:  # of an address, a port or a name that can't be
        raise _no_origin(text) from error
    is_local = host in {"localhost", "127.0.0.1"}
    if (
        parts.scheme not in ({"https", "http"} if is_local else {"https"})
        or port == 0
        or parts.path not in {"", "/"}
        or parts.query
        or parts.fragment
        or parts.username is not None
    ):
        raise _no_origin(text)
    has_port = port not in {None, USUAL_PORTS[parts.scheme]}
    return f"{parts.scheme}://{host}" + (f":{port}" if has_port else "")


def _host(name: str) -> str:
    """Return a host's name as browsers write it: that of another script as its Punycode.

    Raises:
        ValueError: when it is none.
    """
    if ":" in name:
        return f"[{IPv6Address(name).compressed}]"
    found = name if name.isascii() else idna.encode(name, uts46=True).decode()
    if not _HOST.fullmatch(found):
        raise ValueError(found)
    return found


def _no_origin(text: str) -> click.ClickException:
    return click.ClickException(
        f"origin {text[:80]!r} is none; write it as a browser does: https://shop.example, with a "
        "port if it is another than the usual, without a path or a wildcard"
    )
