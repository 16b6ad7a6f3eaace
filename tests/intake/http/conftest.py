"""One intake a module, on the session's broker."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from intake.http import keyring
from streams.kafka.topics import create_topics
from streams.settings import StreamSettings
from tests.intake.http.serving import Served

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def served(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An intake with the topics of a fresh flowdrop."""
    create_topics(kafka, StreamSettings(partitions=8))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keyring, "LOOK_SECONDS", 0.0)  # a key is known at once
        running = Served(tmp_path_factory.mktemp("intake"), kafka)
        yield running
        running.stop()


@pytest.fixture
def source() -> str:
    """A source that no other test has."""
    return f"shop-{uuid4().hex[:8]}"
