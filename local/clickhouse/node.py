"""The ClickHouse engine of one folder as a part, and the address of each of its users."""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.clickhouse.users import PASSWORD
from local.ports import HOST, answers, free_port
from local.processes import Part

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# The engine's users, by the setting that holds the address for them.
USERS = {"clickhouse": "read", "clickhouse_feed": "feed", "clickhouse_admin": "admin"}


@dataclass(frozen=True)
class EngineNode:
    """An engine that keeps its data in `path`, below `home`, with a password for each user."""

    home: Path
    path: Path
    port: int
    passwords: Mapping[str, str] = field(repr=False)

    @classmethod
    def of_its_own(cls, home: Path) -> EngineNode:
        """Return one on a free port with passwords generated for it."""
        drawn = {user: secrets.token_hex(32) for user in USERS.values()}
        return cls(home, home / "clickhouse", free_port(), drawn)

    def url(self, user: str) -> str:
        """Return the address that `user` uses."""
        return f"http://{user}:{self.passwords[user]}@{HOST}:{self.port}/default"

    @property
    def settings(self) -> dict[str, str]:
        """The addresses of all users, as variables of the environment."""
        return {f"FLOWDROP_{name.upper()}": self.url(user) for name, user in USERS.items()}

    @property
    def part(self) -> Part:
        """The process."""
        argv = ["--port", str(self.port), "--path", str(self.path)]
        return Part(
            name="clickhouse",
            command=lambda: [sys.executable, "-m", "local.clickhouse", *argv],
            home=self.home,
            ready=lambda: answers(self.port),
            address=f"http://{HOST}:{self.port}/default",
            env={
                PASSWORD.format(name=user.upper()): secret
                for user, secret in self.passwords.items()
            },
        )
