"""What is said of what became of records: the number of each, and what to do."""

from __future__ import annotations

from streams.kafka.publish.told import Told


def words(told: Told) -> str:
    return "\n".join([*told.refusals(), *told.words()])


def test_one_is_not_several() -> None:
    one = words(Told({}, {"too_old": 1}, {"conflict": 1}, 0))
    assert "1 conflict, never judged before: it is lost. The subject already had" in one
    assert "1 too_old: judged before, so it is not missing" in one
    many = words(Told({}, {"too_old": 1_200}, {"conflict": 2}, 0))
    assert "2 conflict, never judged before: they are lost." in many
    assert "1,200 too_old: judged before, so none of them is missing" in many


def test_a_conflict_of_before_is_not_lost_anew() -> None:
    told = Told({}, {"conflict": 1}, {}, 0)
    assert told.is_well
    assert words(told) == "1 conflict: refused like this before, so nothing more is lost"


def test_a_refusal_has_a_sentence() -> None:
    told = Told({"applied": 5, "refused over_limit": 138, "repeat daily_cap": 1}, {}, {}, 0)
    over, cap = told.refusals()
    assert over == (
        "138 over_limit: The amount is more than the activity may give at once. "
        "See `given_max` in the program's file."
    )
    assert cap.startswith("1 daily_cap: The wallet would earn more")
