"""An organisation sees its own campaigns' reports that are protected, staff see everything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from flowdrop.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.console.world import World

pytestmark = pytest.mark.clickhouse

STAFF_MARK = "Seen as platform staff: nothing is hidden."


@pytest.fixture(autouse=True)
def connected(console_database: Path, real_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWDROP_DATABASE", f"sqlite:///{console_database}")
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", real_world.url)


def test_what_staff_see_is_marked(web: httpx.Client) -> None:
    done = CliRunner().invoke(main, ["report", "description", "cj-8"])
    assert STAFF_MARK in done.output
    assert STAFF_MARK in web.get("/description?campaign=cj-8").text
    assert "以平台人员身份查看" in web.get("/description?campaign=cj-8&lang=zh").text


def test_an_organisation_sees_its_own_campaign_on_every_surface(web: httpx.Client) -> None:
    words = ["report", "description", "cj-8", "--as-organisation", "cj-8"]
    done = CliRunner().invoke(main, [*words, "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["campaign"] == "cj-8"
    assert said["seen"]["organisation"] == "cj-8"
    asked = "campaign=cj-8&as_organisation=cj-8"
    assert web.get(f"/api/description?{asked}").json() == said
    page = web.get(f"/description?{asked}").text
    assert "Seen as cj-8" in page
    assert STAFF_MARK not in page
    assert page.count("as_organisation=cj-8") >= 5  # every link stays as it


def test_a_campaign_of_others_is_as_unknown_as_none(web: httpx.Client) -> None:
    answers = []
    for name in ("cj-13", "cj-99"):
        path = f"description?campaign={name}&as_organisation=cj-8"
        for where in (f"/api/{path}", f"/{path}"):
            answer = web.get(where)
            assert answer.status_code == 404
            answers.append(answer.text.replace(name, "NAME"))
        done = CliRunner().invoke(
            main, ["report", "description", name, "--as-organisation", "cj-8"]
        )
        assert done.exit_code == 1
        answers.append(done.output.replace(name, "NAME"))
    assert answers[:3] == answers[3:]
    assert "cj-18" not in "".join(answers)


def test_a_report_that_declares_nothing_is_refused_to_an_organisation(web: httpx.Client) -> None:
    for path in ("settlement?month=2026-11", "settlement/download.csv?month=2026-11"):
        answer = web.get(f"/{path}&as_organisation=spring")
        assert answer.status_code == 400
        assert "for the platform&#39;s staff only" in answer.text
    answer = web.get("/api/settlement?month=2026-11&as_organisation=spring")
    assert "for the platform's staff only" in answer.json()["error"]
