"""An interrupted publishing goes on behind what Kafka has, and never behind anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from streams.kafka.publish import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from streams.kafka.publish import Record

KEY = {"replay": "some", "log": "one"}
RECORDS: list[Record] = [("t", n % 3, b"k", b"%d" % n) for n in range(100)]

pytestmark = pytest.mark.usefixtures("flowdrop_home")


def sent(records: list[Record], acked: int, key: dict[str, str] | None = None) -> list[Record]:
    """Publish `records`, of which the broker acknowledges the first `acked`; return what was."""
    progress = Progress(key or KEY)
    rest = list(progress.rest(records))
    for record in rest[:acked]:
        progress.on_ack(record)
    progress.save()
    return rest


def files(home: Path) -> list[Path]:
    return list((home / "publishing").glob("*"))


def test_each_run_goes_on_where_the_last_one_was() -> None:
    assert sent(RECORDS, 40) == RECORDS
    assert sent(RECORDS, 0) == RECORDS[40:]
    assert sent(RECORDS, 25) == RECORDS[40:]
    progress = Progress(KEY)
    assert progress.before == 65
    assert list(progress.rest(RECORDS)) == RECORDS[65:]
    assert progress.skipped == 65


def test_what_is_killed_soon_after_it_began_has_begun() -> None:
    progress = Progress(KEY)
    for record in RECORDS[:5]:
        progress.on_ack(record)  # within the same moment, and then comes SIGKILL
    assert Progress(KEY).before >= 1
    assert list(Progress(KEY).rest(RECORDS))[-1] == RECORDS[-1]


def test_partitions_come_as_far_as_each_was_acknowledged() -> None:
    progress = Progress(KEY)
    list(progress.rest(RECORDS))
    for record in [r for r in RECORDS if r[1] == 1][:10]:
        progress.on_ack(record)
    progress.save()
    left = sent(RECORDS, 0)
    assert [r for r in left if r[1] != 1] == [r for r in RECORDS if r[1] != 1]
    assert [r for r in left if r[1] == 1] == [r for r in RECORDS if r[1] == 1][10:]


def test_a_run_that_is_cut_short_before_it_has_skipped_all_forgets_nothing() -> None:
    sent(RECORDS, 60)
    progress = Progress(KEY)
    for _, _ in zip(progress.rest(RECORDS), range(0), strict=False):
        pass
    progress.save()
    assert Progress(KEY).before == 60


def test_one_that_is_done_begins_anew(flowdrop_home: Path) -> None:
    sent(RECORDS, 60)
    assert len(files(flowdrop_home)) == 1
    Progress(KEY).done()
    assert files(flowdrop_home) == []
    assert sent(RECORDS, 0) == RECORDS


def test_another_log_or_other_options_have_nothing_to_do_with_it() -> None:
    sent(RECORDS, 60)
    assert sent(RECORDS, 0, {**KEY, "log": "another"}) == RECORDS


def test_other_records_under_the_same_key_are_never_taken_for_those_sent() -> None:
    sent(RECORDS, 60)
    others = [(*r[:3], b"x") if n == 30 else r for n, r in enumerate(RECORDS)]
    with pytest.raises(click.ClickException, match="run it once more to send everything"):
        sent(others, 0)
    assert sent(others, 0) == others


def test_fewer_records_than_were_sent_leave_nothing_to_send() -> None:
    sent(RECORDS, 60)
    assert sent(RECORDS[:30], 0) == []


def test_a_file_that_was_cut_short_is_no_end(flowdrop_home: Path) -> None:
    sent(RECORDS, 60)
    [path] = files(flowdrop_home)
    path.write_text(path.read_text()[:40])
    assert sent(RECORDS, 0) == RECORDS


def test_it_is_for_its_owner_only(flowdrop_home: Path) -> None:
    sent(RECORDS, 60)
    [path] = files(flowdrop_home)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
