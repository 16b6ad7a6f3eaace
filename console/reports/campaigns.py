"""The report of which campaigns there are, and the refusal of a name that is none of them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.reporting.figures import NONE, day, number
from console.reporting.report import Page, Report, Table, plain
from console.reports.arm_names import arm_name
from console.reports.basis import (
    FILL,
    Asker,
    EmptyWarehouseError,
    Query,
    UnknownCampaignError,
    Words,
    utc,
)
from console.reports.uncounted import uncounted, uncounted_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One campaign as its events show it."""

    name: str
    start: datetime | None  # its first contact; none while nobody was contacted
    end: datetime | None  # the latest end of its offers; none when no contact gave one
    reach: int  # people contacted, each once
    contacts: int
    conversions: int  # of the people contacted, from their first contact on
    conversions_value_cents: int | None  # none when no conversion gave a value
    arms: tuple[str, ...]  # of its randomisation, sorted; empty when not randomised
    assigned: int  # people assigned to an arm
    exposures_uncounted: int  # stored, and in no figure yet
    clicks_uncounted: int  # likewise


def campaigns(client: Client) -> list[Campaign]:
    """Return every campaign that an event or a grant names, by start, then name.

    Raises:
        EmptyWarehouseError: when there are no campaign events.
    """
    asker = Asker(client)
    rows = asker.rows("reports/campaigns")
    beside = uncounted(asker)
    found = [
        Campaign(
            name=row["name"],
            start=utc(row["start"]),
            end=utc(row["end"]),
            reach=row["reach"],
            contacts=row["sent"],
            conversions=row["conversions_reached"],
            conversions_value_cents=row["value_cents"],
            arms=tuple(sorted(row["arms"])),
            assigned=row["assigned"],
            exposures_uncounted=beside.get(row["name"], {}).get("exposures", 0),
            clicks_uncounted=beside.get(row["name"], {}).get("clicks", 0),
        )
        for row in rows
    ]
    _not_empty(found)
    return found


def not_counted(found: Sequence[Campaign]) -> tuple[Words, ...]:
    """Return the sentence on what is stored of the campaigns and in no figure, if anything."""
    return uncounted_words(
        {"exposures": each.exposures_uncounted, "clicks": each.clicks_uncounted} for each in found
    )


def require(client: Client, names: Sequence[str]) -> None:
    """Refuse names that are no campaign's.

    Raises:
        UnknownCampaignError: naming the first one and those that look like it.
        EmptyWarehouseError: when there are no campaign events.
    """
    known = [row["name"] for row in Asker(client).rows("reports/campaign_names")]
    _not_empty(known)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, cutoff=0.5)
            raise _unknown(name, close)


def _not_empty(found: Sequence[object]) -> None:
    if not found:
        raise EmptyWarehouseError(
            Words(
                en=f"the warehouse holds no campaign events; {FILL.en}",
                zh=f"数据仓库中没有活动事件；{FILL.zh}。",
            )
        )


def _unknown(name: str, close: Sequence[str]) -> UnknownCampaignError:
    en, zh = f"no event names a campaign {name!r}; ", f"没有事件提到活动 {name!r}；"
    if close:
        en, zh = f"{en}did you mean {_either(close)}?", f"{zh}您要找的是 {'、'.join(close)} 吗？"
        return UnknownCampaignError(Words(en=en, zh=zh))
    return UnknownCampaignError(
        Words(en=f"{en}choose one of the list of campaigns", zh=f"{zh}请从活动列表中选择。"),
        command=f"{en}see `flowdrop report campaigns`",
    )


def _either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _text(found: Sequence[Campaign], to: Layout) -> None:
    """Print the list of campaigns."""
    to.table(
        "Campaigns",
        ("campaign", "start", "end", "reached", "contacts", "conversions", "arms"),
        (
            (
                each.name,
                day(each.start),
                day(each.end),
                number(each.reach),
                number(each.contacts),
                number(each.conversions),
                " ".join(arm_name(arm, to.lang) for arm in each.arms) or NONE,
            )
            for each in found
        ),
        listed={"arms"},
    )
    if uncounted := not_counted(found):
        to.sentences(uncounted)


REPORT: Report[list[Campaign]] = Report(
    name="campaigns",
    help="List the campaigns: when they ran, whom they reached, which arms they have.",
    example="flowdrop report campaigns --csv",
    queries=("reports/campaigns", "reports/uncounted"),
    compute=campaigns,
    result=list[Campaign],
    tables=(Table(title="Campaigns", row="one row a campaign", rows=plain),),
    words={
        "Campaigns": "活动",
        "arms": "分组",
        "campaign": "活动",
        "contacts": "联系次数",
        "conversions": "转化次数",
        "end": "结束",
        "reached": "触达人数",
        "start": "开始",
    },
    text=_text,
    page=Page(
        template="campaigns.html",
        path="/",
        facts=lambda _client, _settings, _asked, found: {
            "campaigns": found or [],
            "uncounted": not_counted(found or []),
        },
        empty=True,
    ),
    asked=(
        Query(name="reports/campaigns"),
        Query(name="reports/uncounted", values={"campaigns": []}),
    ),
)
