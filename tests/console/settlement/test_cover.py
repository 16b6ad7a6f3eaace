"""`flowdrop compliance reserve`: what the ledger holds against coins, from its own postings."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from console import compliance_cli
from console.compliance.cover import PartitionCover, cover
from console.compliance.report import report
from console.compliance.reserve import bound
from console.compliance.text import markdown
from console.i18n import translator
from console.reports.basis import EmptyWarehouseError
from console.settlement.month import month
from flowdrop.cli import main
from streams.events import PointsIn, ReserveAdd, ReserveRemove
from tests.console.settlement.ledger_rows import LedgerRows
from tests.console.settlement.program_file import write_program
from tests.streams.ledger_world import World, name_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

BACKED = {"program": "backed"}
PARTITIONS = 2
RESERVE = '[reserve]\nassumption = "made for tests"\n'
RESERVES = f"[{RESERVE.replace(']', ']]')}"
FIRST, SECOND = (name_on(number, PARTITIONS) for number in range(PARTITIONS))


def lived() -> World:
    """What a bound program did on two partitions; its last lease is still on its way."""
    world = World(PARTITIONS)
    world.send(world.make(ReserveAdd, "reserve:backed", amount=1_000, **BACKED))
    world.drain()  # 250 for each
    for name in (FIRST, SECOND):
        world.send(world.open(name, **BACKED))
    earned = world.earn(FIRST, amount=200, **BACKED)
    world.send(earned)
    world.drain()  # asked for more: 125
    world.send(world.earn(SECOND, amount=60, **BACKED))
    world.send(world.redeem(SECOND, 20, **BACKED))
    terms = {"partner": "tianyi", "points": 25, "amount": 10}
    world.send(world.make(PointsIn, SECOND, **terms, **BACKED))
    world.send(world.make(ReserveRemove, "reserve:backed", amount=75, **BACKED))
    world.send(world.make(ReserveAdd, "reserve:backed", amount=40, **BACKED))
    return world


def stored(client: Client, world: World) -> Client:
    """Store a world's results as the feed would."""
    rows = LedgerRows(client)
    for number, outcomes in enumerate(world.outcomes):
        for result, *_ in outcomes:
            moves = [(posting.account, posting.amount) for posting in result.posting]
            more = {"posting.kind": [posting.kind for posting in result.posting]}
            rows.result(
                *(result.type, result.event_id, result.subject, "2026-10-01"),
                *moves,
                **more,
                program=result.program,
                source_partition=number,
                step=result.step,
                activity=result.activity,
                outcome=result.outcome,
                reason=result.reason,
            )
    rows.store()
    return client


@pytest.fixture(scope="module")
def client(fresh: Callable[[], Client]) -> Client:
    return stored(fresh(), lived())


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    write_program(tmp_path, "backed", RESERVE)
    return write_program(tmp_path, "free")


def test_the_cover_of_a_bound_program(client: Client, programs: Path) -> None:
    (found,) = cover(client, programs).programs
    assert (found.program, found.bound) == ("backed", "always")
    assert (found.backing, found.left, found.leased, found.on_the_way) == (965, 320, 625, 20)
    assert (found.issued, found.outstanding, found.spent, found.partners) == (260, 250, 20, -10)
    assert (found.unbacked, found.cover) == (0, 965 / 260)
    assert found.partitions == (
        PartitionCover(partition=0, leased=375, issued=200, left=175),
        PartitionCover(partition=1, leased=250, issued=60, left=190),
    )


def test_the_months_report_counts_neither_reserve_nor_leases(client: Client) -> None:
    told = report(client, month("2026-10"))
    (found,) = told.programs
    assert (found.issued, found.burnt, found.redeemed) == (260, 0, 20)
    assert found.outstanding == 250 + 20, "what is on its way counts until it has come"
    assert (found.reserve, found.cover) == (965 - 20, (965 - 20) / 270)
    assert (
        "Reserve: 945 coins for 270 outstanding, 350.00 %."
        in markdown(told, translator("en")).splitlines()
    )


def test_what_was_issued_before_the_program_was_bound_is_not_backed(
    fresh: Callable[[], Client], programs: Path
) -> None:
    rows = LedgerRows(fresh())
    rows.result("earn", "e1", "ann", "2026-10-01", ("issuer:free@1", -30), ("ann", 30),
                activity="game", program="free")  # fmt: skip
    rows.store()
    assert [one.program for one in cover(rows.client, programs).programs] == ["backed"]
    (free,) = cover(rows.client, programs, "free").programs
    assert (free.bound, free.unbacked, free.outstanding, free.cover) == ("", 30, 30, 0)
    (backed,) = cover(rows.client, programs, "backed").programs
    assert (backed.backing, backed.issued, backed.cover, backed.partitions) == (0, 0, None, ())


def test_a_program_nobody_knows_is_named(client: Client, programs: Path) -> None:
    with pytest.raises(click.ClickException, match=r"no program 'nope'; there are backed, free"):
        cover(client, programs, "nope")


def test_an_empty_warehouse_says_so(fresh: Callable[[], Client], programs: Path) -> None:
    with pytest.raises(EmptyWarehouseError, match="no coins have moved yet"):
        cover(fresh(), programs)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        (RESERVE, "always"),
        (f"{RESERVE}from = 2026-10-01", "from 2026-10-01"),
        (f"{RESERVE}from = 2026-10-01T08:00:00Z", "from 2026-10-01T08:00:00+00:00"),
        (
            f"{RESERVES}from = 2026-12-01\n{RESERVES}until = 2026-10-01",
            "until 2026-10-01, from 2026-12-01",
        ),
    ],
)
def test_when_a_file_binds_a_program(tmp_path: Path, text: str, words: str) -> None:
    assert bound(write_program(tmp_path, "p", text), "p") == words
    assert bound(tmp_path, "without a file") == ""


def test_the_command_says_the_same_to_people_and_programs(
    client: Client, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Here:
        @contextmanager
        def client(self) -> Iterator[Client]:
            yield client

    monkeypatch.setattr(compliance_cli, "Warehouse", Here)
    monkeypatch.setenv("FLOWDROP_PROGRAMS", str(programs))
    shown = CliRunner().invoke(main, ["compliance", "reserve"])
    assert shown.stdout.splitlines() == [
        "backed, bound always",
        "  backing 965, 371.15 % of issued",
        "  outstanding 250; spent 20; issued 260",
        "  left 320; leased 625; in transit 20",
        "  partition 0: leased 375, issued 200, left 175",
        "  partition 1: leased 250, issued 60, left 190",
        "ledger up to 2026-10-01 00:00:00 UTC · no dead letters · 0 unlinked ids",
    ]
    said = json.loads(CliRunner().invoke(main, ["compliance", "reserve", "--json"]).stdout)
    assert said["programs"][0]["cover"] == pytest.approx(965 / 260)
    assert {query["name"] for query in said["queries"]} >= {
        "compliance/reserve",
        "compliance/leases",
    }
