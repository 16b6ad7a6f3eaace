"""What is asked where there is invalid traffic is the same query, of what is net."""

from __future__ import annotations

import re

import pytest

from console.reports.reached import NET
from sql.client import text

QUERIES = [name.removesuffix("_net") for name in NET if name.endswith("_net")]
FROM = re.compile(r"\bFROM net_\w+\(.*?\)(?= AS|$)", re.MULTILINE | re.DOTALL)


def selected(query: str) -> str:
    """Return a query without its comment, and without what it reads from."""
    body = re.sub(r"\A(--[^\n]*\n)+", "", query)
    return body.partition("FROM\n")[0]


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_and_the_one_that_is_net_return_the_same_columns(name: str) -> None:
    gross, net = (re.findall(r"\bAS (\w+)", selected(text(n))) for n in (name, f"{name}_net"))
    assert [column for column in net if column != "suspects"] == gross
    assert selected(text(name))
    assert "invalid_events" in text(f"{name}_net") or FROM.search(text(f"{name}_net"))
    assert not FROM.search(text(name))
