"""The city's benchmark compares two ways to make the same bytes; no time is judged."""

from __future__ import annotations

import json

from click.testing import CliRunner

from benchmarks.city import OneByOne, Timed, digest, main
from scenarios.city import city, records
from scenarios.city.plan import Plan


def test_structs_one_by_one_give_the_bytes_of_the_columns() -> None:
    plan = Plan(people=300, days=18, seed=3, partitions=8)
    kinds = {kind.type for kind in records.KINDS.values()}
    made = {name for chunk in city.chunks(plan) for name in chunk.types}
    assert made == {f"flowdrop.{kind}" for kind in kinds}
    assert digest(plan, OneByOne) == digest(plan, Timed)


def test_it_says_how_fast_both_are() -> None:
    result = CliRunner().invoke(main, ["--people", "200", "--days", "4", "--runs", "1", "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert [row["made"] for row in facts["rows"]] == ["by columns", "one by one"]
    assert facts["ratio"] > 0
    assert facts["events"] > 500
