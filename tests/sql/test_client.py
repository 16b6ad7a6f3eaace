from __future__ import annotations

import re

import click
import pytest

from sql import client


def test_every_query_says_what_a_row_is() -> None:
    assert client.names()
    for name in client.names():
        assert re.search(r"\brow\b", client.description(name), re.IGNORECASE), name


def test_names_are_queries_only() -> None:
    assert "reports/contacts" in client.names()
    assert not [n for n in client.names() if n.startswith(("migrations/", "cluster/"))]


def test_places_come_with_their_types() -> None:
    assert client.places("drops/contacted") == {"campaign": "String", "source": "String"}
    assert client.places("reports/contacts") == {"campaigns": "Array(String)"}
    assert client.places("reports/campaign_names") == {}


@pytest.mark.parametrize(
    "name",
    [
        *("reports/contct", "migrations/001_campaign_events", "../LICENSE"),
        "features/definitions/balance",  # a piece of one
    ],
)
def test_a_name_that_is_no_query_is_refused(name: str) -> None:
    with pytest.raises(click.ClickException, match=re.escape(repr(name))):
        client.text(name)


def test_close_names_are_offered() -> None:
    with pytest.raises(click.ClickException, match="did you mean reports/contacts"):
        client.text("reports/contct")


def test_no_server_is_one_clear_sentence_without_the_password() -> None:
    with pytest.raises(
        click.ClickException, match=r"does not answer at .*:1/.* `flowdrop up`"
    ) as e:
        client.connect("http://someone:hush@127.0.0.1:1/default")
    assert "hush" not in e.value.message
