"""Reports of one selection lead to each other with it: campaigns, advertiser, window, cut."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

if TYPE_CHECKING:
    import httpx

pytestmark = pytest.mark.clickhouse

TWO = [("campaign", "cj-8"), ("campaign", "cj-13")]
WINDOW = [("begin", "2017-05-01"), ("end", "2017-07-31")]


def others(web: httpx.Client, path: str) -> dict[str, list[tuple[str, str]]]:
    """Return what each link to a report of the same selection asks, by its path."""
    page = web.get(path)
    assert page.status_code == 200, page.text
    found = re.search(r'<nav class="related".*?</nav>', page.text, re.DOTALL)
    assert found
    assert found[0].count('aria-current="page"') == 1
    links = [unescape(each) for each in re.findall(r'href="([^"]+)"', found[0])]
    for link in links:
        assert web.get(link).status_code == 200, link
    return {urlsplit(link).path: parse_qsl(urlsplit(link).query) for link in links}


def test_campaigns_window_and_cut_are_kept(web: httpx.Client) -> None:
    asked = "campaign=cj-8&campaign=cj-13&begin=2017-05-01&end=2017-07-31&by=channel"
    assert others(web, f"/frequency?{asked}") == {
        "/reach": TWO,
        "/duplication": [*WINDOW, *TWO],
        "/coins": TWO,
        "/sales": [*WINDOW, *TWO],
        "/attribution": [*WINDOW, *TWO, ("by", "channel")],
    }


def test_an_advertiser_is_kept_where_a_report_takes_one(web: httpx.Client) -> None:
    assert others(web, "/coins?advertiser=spring") == {
        "/reach": [("campaign", "spring")],
        "/frequency": [("advertiser", "spring")],
        "/lift": [("campaign", "spring")],
        "/sales": [("advertiser", "spring")],
        "/attribution": [("advertiser", "spring")],
    }


def test_lift_is_offered_where_people_were_assigned(web: httpx.Client) -> None:
    assert "/lift" in others(web, "/reach?campaign=hillstrom")
    assert "/lift" not in others(web, "/reach?campaign=cj-8")
    assert "/frequency" in others(web, "/lift?campaign=hillstrom")


def test_a_cut_that_only_one_report_has_stays_there(web: httpx.Client) -> None:
    found = others(web, "/attribution?campaign=cj-8&by=touch")
    assert found["/frequency"] == [("campaign", "cj-8")]


def test_an_organisation_stays_itself(web: httpx.Client) -> None:
    for asked in others(web, "/frequency?campaign=cj-8&as_organisation=cj-8").values():
        assert ("as_organisation", "cj-8") in asked
