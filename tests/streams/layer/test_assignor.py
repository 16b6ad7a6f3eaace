"""A leader that does not know a topic's partitions assigns nothing; it ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NoReturn

import pytest
from pydantic import SecretStr

from streams.layer import assignor
from streams.settings import StreamSettings
from streams.worker.app import create_worker
from tests import keys


@pytest.mark.usefixtures("flowdrop_home")
def test_a_leader_without_metadata_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(reason: str) -> NoReturn:
        raise SystemExit(reason)

    monkeypatch.setattr(assignor, "end_process", end)
    settings = StreamSettings(worker_token=SecretStr("t"), **keys.SETTINGS)
    app = create_worker("127.0.0.1:1", settings)
    cluster = SimpleNamespace(partitions_for_topic={"known": {0, 1}}.get)
    member = SimpleNamespace(subscription=["known", "unknown"])
    with pytest.raises(SystemExit, match="what partitions unknown has"):
        app.assignor.assign(cluster, {"leader": member})
