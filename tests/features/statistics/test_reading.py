"""What the looks so far come to, by each design."""

from __future__ import annotations

import pytest

from features.statistics.arms import Mean, Proportion
from features.statistics.group_sequential import looks
from features.statistics.reading import Seen, read_looks

N = 1_000


def day(treated: int, control: int, share: float) -> Seen:
    return Seen(Proportion(treated, N), Proportion(control, N), treated + control, share)


DAYS = [day(40, 10, 0.25), day(60, 40, 0.5), day(80, 75, 0.75)]


def test_what_a_look_has_shown_is_decided() -> None:
    found = read_looks(DAYS, "group-sequential")
    assert (found.found, found.look) == (1, 1)
    assert read_looks(DAYS[1:], "group-sequential").found == 0
    turned = [Seen(one.control, one.treated, one.did, one.share) for one in DAYS]
    assert read_looks(turned, "group-sequential").found == -1


def test_a_fixed_design_looks_at_its_end_only() -> None:
    found = read_looks(DAYS, "fixed")
    assert (found.found, found.alpha) == (0, 0.05)
    assert read_looks(DAYS[:1], "fixed").found == 1


def test_the_level_is_that_of_the_latest_look() -> None:
    found = read_looks(DAYS, "group-sequential")
    information = [one.did / (1 - one.did / (2 * N)) for one in DAYS]
    expected = looks([0.25, 0.5, 0.75], seen=information)
    assert found.alpha == pytest.approx(expected[-1].nominal_alpha)
    strict = read_looks(DAYS, "always-valid")
    assert 0 < strict.alpha < found.alpha


def test_before_anything_happens_nothing_is_shown_and_there_is_a_level() -> None:
    for design in ("group-sequential", "always-valid"):
        found = read_looks([day(0, 0, 0.1), day(0, 0, 0.2)], design)  # type: ignore[arg-type]
        assert found.found == 0
        assert 0 < found.alpha < 0.05


def test_revenue_of_too_few_shows_nothing_however_large() -> None:
    few = Seen(Mean(N, 900, 90_000), Mean(N, 0, 0), 9, 0.5)
    assert few.p_value is None
    assert read_looks([few], "group-sequential").found == 0
    many = Seen(Mean(N, 40_000, 2_000_000), Mean(N, 10_000, 200_000), 900, 0.6)
    assert read_looks([few, many], "group-sequential").look == 2
