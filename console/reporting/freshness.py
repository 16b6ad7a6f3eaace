"""How fresh what a report was made of is, and what was not counted: the same for every report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from console.i18n import LocalizedText
from console.reporting.freshness_figures import Freshness
from console.reporting.scope import own_campaigns
from console.reports.basis import EmptyWarehouseError, QueryLog
from console.reports.days import window_of
from console.reports.reached import has_suspects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.answer import Answer
    from console.reporting.report import Report, Values

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # of what has no time
OF_THE_LEDGER = (
    "settlement/",
    "compliance/",
    "reports/coin",
)  # queries of postings, by how they begin


def freshness(
    log: QueryLog, report: Report[Any], asked: Values, zone: str, ends: Sequence[int] | None
) -> Freshness:
    """Return how fresh the answer to `asked` is.

    Args:
        log: of the queries behind it.
        report: that was asked.
        asked: its arguments.
        zone: whose days it counts.
        ends: of the partitions in Kafka, if it answered.
    """
    campaigns = campaigns_of(report, asked)
    (row,) = log.rows("reports/freshness", campaigns=campaigns)
    times = {name: _time(row[name]) for name in row if name != "dead_letters"}
    (people,) = log.rows("reports/population")
    return Freshness(
        dead_letters=row["dead_letters"],
        unlinked_ids=people["population"] - people["population_known"],
        late_events=_late(log, campaigns, asked, zone, times["latest_arrived"]),
        behind=None if ends is None else _behind(log, ends),
        **times,
    )


def with_freshness(
    answer: Answer[T],
    client: Client,
    report: Report[T],
    asked: Values,
    zone: str,
    ends: Sequence[int] | None,
) -> Answer[T]:
    """Return an answer that says how fresh it is, of a warehouse that has tables."""
    log, organisation = QueryLog(client), answer.viewer.organisation
    try:
        if organisation is None:
            return replace(answer, freshness=freshness(log, report, asked, zone, ends))
        own = own_campaigns(client, organisation)
        campaigns = [name for name in campaigns_of(report, asked) or own if name in own]
        return replace(answer, freshness=_of_own(log, campaigns)) if campaigns else answer
    except EmptyWarehouseError:
        return answer


def _of_own(log: QueryLog, campaigns: list[str]) -> Freshness:
    """Return how fresh an organisation's campaigns are: days only, as a time is one person's."""
    (row,) = log.rows("reports/freshness", campaigns=campaigns)
    return Freshness(
        latest_event=_day(row["latest_event"]),
        latest_arrived=_day(row["latest_arrived"]),
        late_events=None,
        stored_until=None,
        behind=None,
        latest_posting=None,
        dead_letters=None,
        latest_dead_letter=None,
        unlinked_ids=None,
    )


def _day(found: datetime) -> datetime | None:
    """Return the beginning of the UTC day of a time."""
    time = _time(found)
    return None if time is None else time.replace(hour=0, minute=0, second=0, microsecond=0)


def campaigns_of(report: Report[Any], asked: Values) -> list[str]:
    """Return the campaigns that are asked for by name."""
    named = [asked[each.name] for each in report.parameters if each.is_campaign]
    return [name for each in named for name in ([each] if isinstance(each, str) else each) if name]


def _time(found: datetime) -> datetime | None:
    utc = found.replace(tzinfo=UTC)
    return utc if utc > EPOCH else None


def _late(
    log: QueryLog, campaigns: list[str], asked: Values, zone: str, arrived: datetime | None
) -> int | None:
    """Return how many events of the window arrived after it, net, if it has an end."""
    if not asked.get("end"):
        return None
    from zoneinfo import ZoneInfo

    end = date.fromisoformat(asked["end"])
    if arrived is None or arrived.astimezone(ZoneInfo(zone)).date() <= end:
        return 0
    first, last = window_of(asked.get("begin"), asked["end"], None).bounds
    net = has_suspects(log, campaigns)
    window = {"begin": first, "end": last, "zone": zone, "net": net}
    (row,) = log.rows("reports/late_events", campaigns=campaigns, **window)
    return int(row["events"])


def _behind(log: QueryLog, ends: Sequence[int]) -> int:
    """Return how many records are not stored; the last of a partition is no event but a marker."""
    stored = {row["partition"]: row["offset"] for row in log.rows("reports/stored")}
    return sum(max(0, end - 2 - stored.get(number, -1)) for number, end in enumerate(ends))


def said(of: Freshness, report: Report[Any]) -> list[LocalizedText]:
    """Return what is said of it, a few words each."""
    return [words for words in _words(of, report) if words is not None]


def _words(of: Freshness, report: Report[Any]) -> Sequence[LocalizedText | None]:
    if of.dead_letters is None or of.unlinked_ids is None:  # told to an organisation
        return [_latest_day(of)]
    letters = None
    if of.dead_letters:
        letters = LocalizedText.plural(
            "{n} dead letter, last on {day}",
            "{n} dead letters, last on {day}",
            of.dead_letters,
            day=f"{of.latest_dead_letter:%Y-%m-%d}",
        )
    posted = _posted(of, report)
    return (
        None if posted and of.latest_event is None else _latest(of),
        _lag(of),
        posted,
        None
        if of.late_events is None
        else LocalizedText.plural(
            "{n} event came after the last day counted, invalid traffic left out",
            "{n} events came after the last day counted, invalid traffic left out",
            of.late_events,
        ),
        letters or LocalizedText("no dead letters"),
        LocalizedText.plural("{n} unlinked id", "{n} unlinked ids", of.unlinked_ids),
    )


def _latest_day(of: Freshness) -> LocalizedText:
    if of.latest_event is None:
        return LocalizedText("no event yet")
    if of.latest_arrived is None:
        return LocalizedText("latest event {event}", event=f"{of.latest_event:%Y-%m-%d}")
    return LocalizedText(
        "latest event {event}, arrived {arrived}",
        event=f"{of.latest_event:%Y-%m-%d}",
        arrived=f"{of.latest_arrived:%Y-%m-%d}",
    )


def _latest(of: Freshness) -> LocalizedText:
    if of.latest_event is None:
        return LocalizedText("no event yet")
    event = _shown(of.latest_event)
    if of.latest_arrived is None:
        return LocalizedText("latest event {event}", event=event)
    return LocalizedText(
        "latest event {event}, arrived {arrived}", event=event, arrived=_shown(of.latest_arrived)
    )


def _lag(of: Freshness) -> LocalizedText | None:
    if of.behind is not None:
        return LocalizedText.plural(
            "at most {n} record not stored yet", "at most {n} records not stored yet", of.behind
        ) if of.behind else LocalizedText("everything in Kafka is stored")  # fmt: skip
    if of.stored_until is None:
        return None
    return LocalizedText("last stored {time}", time=_shown(of.stored_until))


def _posted(of: Freshness, report: Report[Any]) -> LocalizedText | None:
    reads_it = any(name.startswith(OF_THE_LEDGER) for name in report.queries)
    if not reads_it or of.latest_posting is None:
        return None
    return LocalizedText("ledger up to {time}", time=_shown(of.latest_posting))


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
