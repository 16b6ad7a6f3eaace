"""What the campaign agent remembers of a person's events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.people import REMEMBERED_MAX, entry_of, remember, verdict

ids = st.text(min_size=1, max_size=20)


@given(st.lists(st.tuples(ids, st.binary(max_size=8)), max_size=60))
def test_the_verdict_is_a_dictionarys(events: list[tuple[str, bytes]]) -> None:
    remembered, known = b"", dict[str, bytes]()
    for event_id, content in events:
        entry = entry_of(event_id, content)
        expected = (
            "new"
            if event_id not in known
            else "repeat"
            if known[event_id] == content
            else "conflict"
        )
        assert verdict(remembered, entry) == expected
        if expected == "new":
            remembered = remember(remembered, entry)
            known[event_id] = content


def test_only_the_last_ones_are_remembered() -> None:
    remembered = b""
    for number in range(REMEMBERED_MAX + 1):
        remembered = remember(remembered, entry_of(f"e{number}", b""))
    assert verdict(remembered, entry_of("e0", b"")) == "new"
    assert verdict(remembered, entry_of("e1", b"")) == "repeat"
    assert verdict(remembered, entry_of("e1", b"other")) == "conflict"
