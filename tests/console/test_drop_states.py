"""The launch page says how a drop stands; its button is only where launching does something."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from console.drops import launch, register
from console.drops.terms import Terms
from tests.console.signing import got
from tests.console.world import NOW, PARTITIONS, PROGRAM, PROGRAMS, Wire, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

pytestmark = pytest.mark.clickhouse

NOT_ALL = "has not acknowledged everything"
BUTTON = 'id="confirm"'


@pytest.fixture
def drops(world: World, session: Session, wire: Wire) -> Path:
    """One drop in each state: draft, broken off half-way, acknowledged, cancelled."""
    people = [f"cj:{n}" for n in range(20)]
    world.open(people)
    world.audience("all", people)
    for name in ("draft", "broken", "done", "stopped"):
        terms = Terms(
            name=name, program=PROGRAM, budget=9_000, amount=500, audience="all", holdout=0.1
        )
        register.create(
            session, world.client, terms,
            programs=PROGRAMS, partitions=PARTITIONS, secret="k", who="ann", now=NOW,
        )  # fmt: skip
    later = NOW + timedelta(minutes=1)
    wire.break_after = 7
    with pytest.raises(ConnectionError):
        launch.launch(session, world.client, "broken", publisher=wire, who="ann", now=later)
    wire.break_after = None
    launch.launch(session, world.client, "done", publisher=wire, who="ann", now=later)
    register.cancel(session, "stopped", who="ann", now=later)
    return Path(str(session.get_bind().engine.url.database))


def test_a_launch_page_says_the_state(
    drops: Path, world: World, server: Callable[..., Any], wire: Wire
) -> None:
    at = (NOW + timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S")
    with server(world.url, drops, wire=wire) as url:
        said = {
            name: got(f"{url}/drops/{name}/launch").text
            for name in ("draft", "broken", "done", "stopped")
        }
        shown = {name: got(f"{url}/drops/{name}").text for name in said}
        chinese = got(f"{url}/drops/done/launch?lang=zh").text
    assert [BUTTON in said[name] for name in said] == [True, True, False, False]
    assert [NOT_ALL in said[name] for name in said] == [False, True, False, False]
    assert [NOT_ALL in shown[name] for name in said] == [False, True, False, False]
    assert f"launched at {at}" in said["broken"]
    assert f"launched at {at}, and Kafka has acknowledged everything" in said["done"]
    assert "was cancelled" in said["stopped"]
    assert f"已于 {at} 发放，Kafka 已确认全部事件" in chinese
    for name, launches in (("draft", 1), ("broken", 1), ("done", 0), ("stopped", 0)):
        assert shown[name].count(f'href="/drops/{name}/launch"') == launches, name


def test_launching_again_acknowledges_what_broke_off(
    drops: Path, world: World, session: Session, wire: Wire, server: Callable[..., Any]
) -> None:
    launch.launch(session, world.client, "broken", publisher=wire, who="ben", now=NOW)
    with server(world.url, drops) as url:
        page = got(f"{url}/drops/broken/launch").text
    assert BUTTON not in page
    assert NOT_ALL not in page
