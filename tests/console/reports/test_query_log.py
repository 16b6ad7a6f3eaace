"""A report's queries are asked at once, and recorded in the order in which it names them."""

from __future__ import annotations

from threading import Barrier, Event
from typing import TYPE_CHECKING, Any

import pytest

from console.reports import basis
from console.reports.basis import QueryLog

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_SECONDS_MAX = 60  # of calls that would wait for each other for ever


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> QueryLog:
    """Return a log whose queries give their own name."""
    monkeypatch.setattr(basis, "rows", lambda _, name, **values: [{"name": name, **values}])
    return QueryLog(client=None)  # type: ignore[arg-type]


def test_calls_are_made_at_once(log: QueryLog) -> None:
    """Each waits until the others have begun, so one after the other they would never end."""
    barrier = Barrier(basis.AT_ONCE_MAX, timeout=WAIT_SECONDS_MAX)
    assert sorted(log.together(*[barrier.wait] * basis.AT_ONCE_MAX)) == list(
        range(basis.AT_ONCE_MAX)
    )


def test_what_was_asked_is_in_the_order_of_the_calls(log: QueryLog) -> None:
    """Also where a later call is answered first."""
    is_answered = Event()

    def late() -> list[dict[str, Any]]:
        assert is_answered.wait(WAIT_SECONDS_MAX)
        return log.rows("late", n=1)

    def soon() -> list[dict[str, Any]]:
        log.rows("soon", n=2)
        found = log.rows("soon", n=3)
        is_answered.set()
        return found

    log.rows("before")
    found = log.together(late, soon)
    log.rows("after")
    assert found == [[{"name": "late", "n": 1}], [{"name": "soon", "n": 3}]]
    assert [(query.name, query.values.get("n")) for query in log.asked] == [
        ("before", None),
        ("late", 1),
        ("soon", 2),
        ("soon", 3),
        ("after", None),
    ]


def test_a_call_that_fails_fails_for_all(log: QueryLog) -> None:
    """And nothing of what was asked beside it is recorded, as there is no report."""

    def failing() -> list[dict[str, Any]]:
        raise LookupError("no such thing")

    calls: list[Callable[[], Any]] = [lambda: log.rows("one"), failing]
    with pytest.raises(LookupError, match="no such thing"):
        log.together(*calls)
    assert log.asked == ()
