"""`flowdrop events check` judges a file as a worker would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from flowdrop.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


CATALOGUE_OF_ONE = """
[shoe_size]
title = { en = "shoe size", zh = "\u978b\u7801" }
type = "integer"
min = 15
personal = false
targeting = true
"""


def test_events_check_judges_by_the_catalogue_in_force(
    flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue, path = flowdrop_home / "attributes.toml", flowdrop_home / "events.jsonl"
    catalogue.write_text(CATALOGUE_OF_ONE, encoding="utf-8")
    head = {"specversion": "1.0", "source": "crm", "type": "flowdrop.person.profile"}
    head |= {"time": "2026-03-01T09:30:00Z", "subject": "u:1"}
    attributes = [{"shoe_size": 40}, {"shoe_size": 3}, {"city": 7}]
    path.write_text(
        "".join(
            json.dumps(head | {"id": str(n), "data": {"attributes": own}}) + "\n"
            for n, own in enumerate(attributes)
        )
    )

    def faults(status: int) -> list[tuple[int, str]]:
        done = CliRunner().invoke(main, ["events", "check", str(path), "--json"])
        assert done.exit_code == status, done.output
        return [(one["line"], one["reason"]) for one in json.loads(done.stdout)["faults"]]

    assert faults(1) == [(3, "bad_attribute")], "ours knows a city, and no size of shoes"
    monkeypatch.setenv("FLOWDROP_ATTRIBUTES", str(catalogue))
    assert faults(1) == [(2, "bad_attribute")]
    monkeypatch.setenv("FLOWDROP_UNKNOWN_ATTRIBUTES", "refuse")
    assert faults(1) == [(2, "bad_attribute"), (3, "unknown_attribute")]
