"""The keys as the running intake asks them: by token, with what each has left of its rate."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from intake.http.keys import NEVER, PUBLISHABLE, hash_of, now
from intake.http.limits import Bucket
from intake.http.problems import ProblemError
from streams.events import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.http.keys import Key, KeyFile

LOOK_SECONDS = 1.0  # after which a key that was made or revoked is known


@dataclass(frozen=True)
class Pass:
    """What the holder of a key may do: its events are of `kinds`, and have one of `sources`."""

    key: Key
    kinds: frozenset[type]
    sources: frozenset[str]
    bucket: Bucket

    def require_rate(self) -> None:
        """Return if the key may send something now.

        Raises:
            ProblemError: 429, when it has sent more than its rate.
        """
        if wait := self.bucket.wait_seconds(time.monotonic()):
            raise ProblemError(
                429,
                "over_rate",
                f"key {self.key.id} may send {self.key.events_per_second:,} events a second; wait "
                "as long as Retry-After says, or ask for a higher rate",
                wait,
            )


class Keyring:
    """Finds keys; the file is read again when it has changed."""

    def __init__(self, file: KeyFile) -> None:
        self._file = file
        self._looked = float("-inf")
        self._seen: tuple[int, ...] = ()
        self._passes: dict[str, Pass] = {}
        self._webhooks: list[Pass] = []
        self._origins: frozenset[str] = frozenset()

    def of_header(self, header: str) -> Pass:
        """Return what the `Authorization` of a request allows: Bearer, or Basic as Segment's do.

        Raises:
            ProblemError: 401, when it is none that is good; 403 for a publishable one.
        """
        scheme, _, told = header.partition(" ")
        match scheme.lower():
            case "bearer":
                token = told.strip()
            case "basic":
                token = _user(told)
            case _:
                raise _unknown(
                    "send a key as Authorization: Bearer ...; `flowdrop intake keys create` "
                    "makes one"
                )
        found = self.of_token(token)
        if found.key.kind == "publishable":
            raise ProblemError(
                403,
                "publishable_key",
                f"key {found.key.id} is for pages, which send to /v1/tag; a server needs a secret "
                "one, see `flowdrop intake keys create`",
            )
        return found

    def of_token(self, token: str) -> Pass:
        """Return what a token allows.

        Raises:
            ProblemError: 401, when it is none that is good.
        """
        self._refresh()
        found = self._passes.get(hash_of(token))
        if found is None:
            raise _unknown("this key is none of ours; see `flowdrop intake keys list`")
        if found.key.kind == "webhook":
            raise _unknown(
                f"key {found.key.id} signs what feed {found.key.feed} sends; don't send it"
            )
        return self._good(found)

    def of_webhook(self, feed: str, headers: Mapping[bytes, bytes], body: bytes) -> Pass | None:
        """Return what the signature of a feed's body allows, None when there is no such header.

        A signature is the HMAC of the body by SHA-256, in hexadecimal or Base64, alone or behind
        `sha256=`.

        Raises:
            ProblemError: 401, when it is not that of a good key.
        """
        self._refresh()
        of_feed = [found for found in self._webhooks if found.key.feed == feed]
        given = False
        for found in of_feed:
            told = headers.get(found.key.header.encode())
            if told is None:
                continue
            given = True
            if _is_signed(found.key.secret, body, told):
                return self._good(found)
        if given:
            raise _unknown(
                "the signature is not that of this body by the feed's key; sign the body as it is "
                "sent, by HMAC with SHA-256"
            )
        return None

    def may_sign(self, feed: str, headers: Mapping[bytes, bytes]) -> bool:
        """Return whether a request has the header of a signature of a feed, whatever it says."""
        self._refresh()
        given = (found for found in self._webhooks if found.key.header.encode() in headers)
        return any(found.key.feed == feed for found in given)

    def has_origin(self, origin: str) -> bool:
        """Return whether pages of an origin have a key that is good."""
        self._refresh()
        return origin in self._origins

    @staticmethod
    def _good(found: Pass) -> Pass:
        if (state := found.key.state(now())) != "good":
            raise _unknown(
                f"key {found.key.id} is {state}; make another with `flowdrop intake keys create`"
            )
        return found

    def _refresh(self) -> None:
        moment = time.monotonic()
        if moment - self._looked < LOOK_SECONDS:
            return
        self._looked = moment
        try:
            found = self._file.path.stat()
            seen: tuple[int, ...] = (found.st_ino, found.st_mtime_ns, found.st_size)
        except FileNotFoundError:
            seen = ()
        if seen != self._seen:
            self._load()
            self._seen = seen

    def _load(self) -> None:
        try:
            keys = self._file.read()
        except click.ClickException as error:
            self._looked = float("-inf")  # until it is mended, each request looks again
            raise ProblemError(503, "keys_unreadable", error.message, LOOK_SECONDS) from error
        known = (*self._passes.values(), *self._webhooks)
        buckets = {found.key.id: found.bucket for found in known}
        passes = [_pass(key, buckets.get(key.id)) for key in keys]
        self._passes = {found.key.hash: found for found in passes}
        # Two of them may have one secret.
        self._webhooks = [found for found in passes if found.key.kind == "webhook"]
        good = [key for key in keys if key.state(now()) == "good"]
        self._origins = frozenset(origin for key in good for origin in key.origins)


def _pass(key: Key, bucket: Bucket | None) -> Pass:
    # What is never allowed is refused here too, whoever has written the file.
    kinds = frozenset(TYPES[name][1] for name in key.types if name in TYPES) - NEVER
    if key.kind == "publishable":
        kinds &= PUBLISHABLE
    return Pass(key, kinds, frozenset({key.source}), bucket or Bucket(key.events_per_second))


def _is_signed(secret: str, body: bytes, told: bytes) -> bool:
    digest = hmac.digest(secret.encode(), body, "sha256")
    given = told.strip().removeprefix(b"sha256=")
    return any(
        # Both, so that the time it takes does not tell which of them it was.
        [
            hmac.compare_digest(given.lower(), digest.hex().encode()),
            hmac.compare_digest(given, base64.b64encode(digest)),
        ]
    )


def _user(told: str) -> str:
    try:
        return base64.b64decode(told, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        raise _unknown("Authorization: Basic is not Base64 of KEY and a colon") from None


def _unknown(detail: str) -> ProblemError:
    return ProblemError(401, "unknown_key", detail)
