"""Who may use it: three users, each with a password, permissions and a share of the engine.

The passwords come from the environment, set by `flowdrop up`, and are known to flowdrop's own
parts: `read` queries (the console, reports, anyone looking), `feed` writes rows as well (the feed,
the models), `admin` creates and changes tables (migrations).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.clickhouse.errors import EngineError, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSWORD = "FLOWDROP_ENGINE_{name}"  # noqa: S105 - the variable that holds it
AUTHENTICATION_FAILED = 516
ACCESS_DENIED = 497
READONLY = 164
MIB = 1024 * 1024

# Settings that shape an answer; a reading user may choose them, and no others.
_CHOSEN = frozenset(
    {
        "log_comment", "join_use_nulls", "optimize_read_in_order", "max_threads", "max_block_size",
        "max_bytes_before_external_group_by", "max_bytes_before_external_sort", "session_timezone",
        "date_time_output_format", "enable_http_compression", "extremes", "limit", "offset",
        "send_progress_in_http_headers", "http_headers_progress_interval_ms", "readonly",
        "cancel_http_readonly_queries_on_client_close",
        "output_format_native_encode_types_in_binary_format",
        "output_format_arrow_string_as_string", "output_format_json_quote_64bit_integers",
    }
)  # fmt: skip
# Limits, which it may tighten but not loosen.
_LIMITS = {
    "max_execution_time": 300,
    "max_memory_usage": 1024 * MIB,
    "max_result_rows": 50_000_000,
    "max_result_bytes": 4096 * MIB,
}


@dataclass(frozen=True)
class User:
    """One user.

    Attributes:
        name: as it signs in.
        password: what only it knows.
        share: of the engine's queries at once.
        limited: it only reads, within limits.
    """

    name: str
    password: str = field(repr=False)
    share: float
    limited: bool = False

    def settings(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return the settings of its request: those it gave, and the limits it stays within.

        Raises:
            EngineError: 164 when it may not choose one of them, or not that value.
        """
        if not self.limited:
            return dict(given)
        for name, value in given.items():
            if name not in _CHOSEN and not self._within(name, value):
                sentence = f"Cannot modify '{name}' setting in readonly mode"
                raise refusal(READONLY, sentence, "READONLY")
        chosen = {name: value for name, value in given.items() if name != "readonly"}
        return {name: str(limit) for name, limit in _LIMITS.items()} | chosen

    @staticmethod
    def _within(name: str, value: str) -> bool:
        return name in _LIMITS and value.isdecimal() and 0 < int(value) <= _LIMITS[name]


class Users:
    """All of them, by name."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        """Know the users whose `passwords` are given, by name."""
        self.admin = User("admin", passwords["admin"], 1 / 8)
        self.feed = User("feed", passwords["feed"], 3 / 8)
        self.read = User("read", passwords["read"], 1 / 2, limited=True)
        self.every = (self.admin, self.feed, self.read)

    def sign_in(self, headers: Mapping[str, str], values: Mapping[str, str]) -> User:
        """Return the user that a request names and proves to be.

        Raises:
            EngineError: 516 when it names none, or gives the wrong password.
        """
        name, password = _claimed(headers, values)
        user = next((user for user in self.every if user.name == name), None)
        expected = user.password if user else ""
        # As bytes: compare_digest takes only ASCII text.
        same = hmac.compare_digest(_bytes(expected), _bytes(password))
        if user is None or not password or not same:
            raise denied(f"{name}: Authentication failed: password is incorrect, or no such user")
        return user


def passwords() -> dict[str, str]:
    """Return the passwords that the environment gives.

    Raises:
        KeyError: when one is missing; its text is the variable.
    """
    found = {}
    for name in ("admin", "feed", "read"):
        variable = PASSWORD.format(name=name.upper())
        if not os.environ.get(variable):
            raise KeyError(variable)
        found[name] = os.environ[variable]
    return found


def denied(sentence: str) -> EngineError:
    """Return the refusal of somebody who did not authenticate."""
    return refusal(AUTHENTICATION_FAILED, sentence, "AUTHENTICATION_FAILED")


def _claimed(headers: Mapping[str, str], values: Mapping[str, str]) -> tuple[str, str]:
    """Return the name and password of a request; ClickHouse accepts them in three places."""
    scheme, _, coded = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(coded, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise denied("The Authorization header cannot be read") from error
        name, _, password = text.partition(":")
        return name, password
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return headers.get("x-clickhouse-user", "default"), headers.get("x-clickhouse-key", "")
    return values.get("user", "default"), values.get("password", "")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
