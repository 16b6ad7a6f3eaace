"""Hillstrom's e-mails: the race finds whom each changes, on people that it has not seen."""

from __future__ import annotations

import pytest

from benchmarks.uplift import hillstrom, judge
from features.uplift.learners.named import LEARNERS
from tests.long import IS_LONG

# One of each sort, and one seed of five: the whole takes ten minutes an arm.
FIELD = {name: LEARNERS[name] for name in ("response-linear", "s-linear", "x-trees")}


def test_the_people_are_those_of_the_arm_and_of_no_email() -> None:
    data = hillstrom("womens")
    assert (len(data.arm), data.arm.sum()) == (42_693, 21_387)
    assert list(data.features.columns)[:3] == ["recency", "history_segment", "history"]
    assert not {"person", "visit", "conversion", "spend"} & set(data.features.columns)


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_womens_emails_change_others_than_who_responds() -> None:
    found = judge("womens", learners=FIELD, seeds=range(1))
    assert found.qini >= 0.05
    assert found.difference > 0.01
    assert 0.5 <= found.slope <= 1.5
    assert found.autoc > 2 * found.autoc_error


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.skipif(not IS_LONG, reason="two minutes more: FLOWDROP_TEST_LONG=1")
def test_mens_emails_change_who_responds() -> None:
    found = judge("mens", learners=FIELD, seeds=range(1))
    assert found.difference >= -0.002
    assert found.winners.get("response-linear", 0) >= 4
