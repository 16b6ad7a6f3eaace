"""What every page works with: settings, the warehouse, the drops' database, the worker, Kafka."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from console.access.sign_ins import Ends
from console.database import open_database
from console.drops.policy import Policy, policy_of
from console.wallets import Live, live
from console.web.limits import Limits
from streams.kafka.publish import publish
from streams.kafka.publish.caught_up import caught_up
from streams.kafka.publish.ends import accepted_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from clickhouse_connect.driver.client import Client
    from fastapi import Request
    from sqlalchemy import Engine

    from console.settings import ConsoleSettings
    from console.warehouse import Warehouse
    from flowdrop.settings import Addresses
    from streams.events import Event

PATIENCE_SECONDS = 30.0
ENDS_SECONDS = 5.0  # for which pages say the same of Kafka


@dataclass
class AppState:
    """Made once by `create_app`; every handler finds it by `state`."""

    settings: ConsoleSettings
    addresses: Addresses
    warehouse: Warehouse
    limits: Limits = field(default_factory=Limits)
    _ends: list[int] | None = None
    _ends_asked: float = float("-inf")

    @cached_property
    def _key(self) -> bytes:
        """The console's token; without one (it is not to be started so) a key of this process."""
        return self.settings.console_token.get_secret_value().encode() or secrets.token_bytes(32)

    def key(self, purpose: str) -> bytes:
        """Return the key that signs what is for `purpose`."""
        return hmac.digest(self._key, f"key:{purpose}".encode(), "sha256")

    @property
    def sign_in_ends(self) -> Ends:
        """When sign-ins end."""
        idle, hours = self.settings.idle_minutes, self.settings.session_hours
        return Ends(idle=timedelta(minutes=idle), at_last=timedelta(hours=hours))

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the console by HTTPS."""
        return self.addresses.console.startswith("https://")

    def link(self, key: str) -> str:
        """Return the address that a letter sends a person to."""
        return f"{self.addresses.console.rstrip('/')}/invitation?key={key}"

    @property
    def provider_back(self) -> str:
        """Where a provider sends a browser back to."""
        return f"{self.addresses.console.rstrip('/')}/provider/back"

    @cached_property
    def engine(self) -> Engine:
        """The drops' database, opened when first needed."""
        return open_database(self.settings.database)

    @property
    def policy(self) -> Policy:
        """Up to which size a drop needs nobody's approval."""
        return policy_of(self.settings)

    def session(self) -> Session:
        """Return a new session of the drops' database."""
        return Session(self.engine)

    def live(self, account: str) -> Live | None:
        """Return the live balance of `account`; see `console.wallets.live`."""
        token = self.settings.worker_token.get_secret_value()
        return live(self.addresses.worker, account, token)

    def publish(
        self, published: Iterable[Event], *, on_sent: Callable[[int], object] | None
    ) -> int:
        """Publish events to the Kafka of the settings; a page waits for it no longer than this."""
        return publish(
            published,
            self.addresses.kafka,
            self.settings.partitions,
            on_sent=on_sent,
            patience_seconds=PATIENCE_SECONDS,
        )

    def ends(self) -> list[int] | None:
        """Return where Kafka's partitions end, as of some seconds ago; none if it is away."""
        if time.monotonic() - self._ends_asked > ENDS_SECONDS:
            self._ends = accepted_ends(self.addresses.kafka, self.settings.partitions)
            self._ends_asked = time.monotonic()
        return self._ends

    def catch_up(self, client: Client) -> None:
        """Wait until the warehouse knows every consent given or withdrawn so far."""
        kafka, settings = self.addresses.kafka, self.settings
        caught_up(kafka, client, settings.partitions, settings.catch_up_seconds)

    @staticmethod
    def now() -> datetime:
        """Return the time, UTC."""
        return datetime.now(UTC)


def state(request: Request) -> AppState:
    """Return the state of the application that serves `request`."""
    found: AppState = request.app.state.console
    return found
