"""What every page works with: settings, the warehouse, the drops' database, the worker, Kafka."""

from __future__ import annotations

import getpass
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from console.drops.tables import open_database
from console.wallets import Live, live
from streams.publish import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fastapi import Request
    from sqlalchemy import Engine

    from console.settings import ConsoleSettings
    from console.warehouse import Warehouse
    from flowdrop.settings import Addresses
    from streams.events import Event


@dataclass
class Desk:
    """Made once by `create_app`; every handler finds it by `desk`."""

    settings: ConsoleSettings
    addresses: Addresses
    warehouse: Warehouse
    csrf_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @cached_property
    def engine(self) -> Engine:
        """The drops' database, opened when first needed."""
        return open_database(self.settings.database)

    def session(self) -> Session:
        """Return a new session of the drops' database."""
        return Session(self.engine)

    def live(self, account: str) -> Live | None:
        """Return the live balance of `account`; see `console.wallets.live`."""
        return live(self.addresses.worker, account)

    def publish(
        self, published: Iterable[Event], *, on_sent: Callable[[int], object] | None
    ) -> int:
        """Publish events to the Kafka of the settings."""
        return publish(published, self.addresses.kafka, self.settings.partitions, on_sent=on_sent)

    @staticmethod
    def who() -> str:
        """Return the name under which the audit log keeps what is done here."""
        return f"{getpass.getuser()} (console)"

    @staticmethod
    def now() -> datetime:
        """Return the time, UTC."""
        return datetime.now(UTC)


def desk(request: Request) -> Desk:
    """Return the desk of the application that serves `request`."""
    found: Desk = request.app.state.desk
    return found
