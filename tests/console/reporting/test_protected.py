"""What an organisation is told of real campaigns, by command, page, API and files."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from console.reporting.found import reports
from console.reporting.protection import Protection
from console.reporting.viewer import PEOPLE_MIN
from console.reports.of_an_audience import OF_AN_AUDIENCE

if TYPE_CHECKING:
    import httpx

CLOSED = {
    *("compliance", "flags", "outcome", "plan", "power", "reserve", "settlement"),
}
PROTECTED = {
    *(
        "attribution",
        "campaigns",
        "coins",
        "description",
        "duplication",
        "frequency",
        "lift",
        "overlap",
    ),
    *("reach", "sales"),
}


def test_every_report_is_protected_or_closed_to_organisations() -> None:
    """A new report is closed: its protection is written and attacked, or its name added here."""
    state = {name: isinstance(report.protection, Protection) for name, report in reports().items()}
    assert {name for name, is_protected in state.items() if is_protected} == PROTECTED
    assert {name for name, is_protected in state.items() if not is_protected} == CLOSED
    words = {name for name, each in reports().items() if each.protection is OF_AN_AUDIENCE}
    assert words == {"power", "plan"}


def counts(value: Any) -> list[int]:
    if isinstance(value, dict):
        names = ("reach", "new", "cumulative", "reached_times", "reach_plus", "union", "only")
        own = [value[name] for name in names if name in value]
        own = [n for each in own for n in (each if isinstance(each, list) else [each])]
        return [n for n in own if n is not None] + counts(list(value.values()))
    if isinstance(value, list):
        return [n for each in value for n in counts(each)]
    return []


@pytest.mark.clickhouse
def test_small_counts_are_on_no_surface(web: httpx.Client) -> None:
    asked = "campaign=cj-8&as_organisation=cj-8"  # nobody has described it, so it is its own
    answer = web.get(f"/api/frequency?{asked}&by=channel")
    assert answer.status_code == 200, answer.text
    found = counts(answer.json())
    assert max(found) >= PEOPLE_MIN
    assert not [n for n in found if 0 < n < PEOPLE_MIN]
    seen = answer.json()["seen"]
    page = web.get(f"/frequency?{asked}&by=channel").text
    for hidden in seen["hidden"]:
        assert str(hidden["rows"]) in page
    rows = list(csv.reader(io.StringIO(web.get(f"/frequency.csv?{asked}&by=channel").text)))
    head = rows[0].index("reach")
    assert all(int(row[head]) >= PEOPLE_MIN or row[head] == "0" for row in rows[1:])
    again = web.get(f"/api/frequency?{asked}&by=channel").json()
    assert json.dumps(again) == json.dumps(answer.json())


def test_people_chosen_from_everybody_are_for_staff() -> None:
    protection = reports()["frequency"].protection
    assert isinstance(protection, Protection)
    for asked in ({"by": "audience:loyal"}, {"by": "decile:coins"}, {"as_of": "2026-03-05"}):
        refused = protection.refusal({"known_on": None, "by": None, "as_of": None, **asked})
        assert refused is not None
        assert "staff only" in refused.en
    usual = {"known_on": None, "by": "region", "as_of": "start"}
    assert protection.refusal(usual) is None


@pytest.mark.clickhouse
@pytest.mark.parametrize("asked", ["by=hour", "known_on=2026-03-01T09:00"])
def test_what_is_not_of_whole_days_is_for_staff(web: httpx.Client, asked: str) -> None:
    assert web.get(f"/api/frequency?campaign=cj-8&{asked}").status_code == 200
    refused = web.get(f"/api/frequency?campaign=cj-8&{asked}&as_organisation=cj-8")
    assert refused.status_code != 200
    assert "staff only" in refused.text
    other = web.get("/api/frequency?advertiser=hillstrom&as_organisation=cj-8")
    assert "no campaign is of an advertiser" in other.text


@pytest.mark.clickhouse
def test_an_organisation_lists_its_own_campaigns(web: httpx.Client) -> None:
    own = web.get("/api/campaigns?as_organisation=hillstrom").json()
    assert [each["name"] for each in own] == ["hillstrom"]
    assert own[0]["reach"] >= PEOPLE_MIN
    assert own[0]["people_known"] is None  # the report of frequency tells it
    page = web.get("/?as_organisation=hillstrom").text
    assert "hillstrom" in page
    assert "cj-8" not in page
