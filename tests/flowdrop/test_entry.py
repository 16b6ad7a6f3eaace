"""The tickets by which a browser gets into the console."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from flowdrop.entry import LINK_SECONDS, is_good, link, who

NOW = 1_800_000_000.0


def ticket(whom: str = "") -> str:
    made = urlsplit(link("http://127.0.0.1:8000/", "token", NOW, whom))
    assert (made.netloc, made.path) == ("127.0.0.1:8000", "/enter")
    return parse_qs(made.query)["ticket"][0]


def test_a_ticket_is_good_for_its_time_and_names_somebody() -> None:
    made = ticket()
    assert is_good(made, "token", NOW + LINK_SECONDS - 1)
    assert not is_good(made, "token", NOW + LINK_SECONDS)
    assert not is_good(made, "another", NOW)
    assert who(made) == ""
    assert who(ticket("ann@example.com")) == "ann@example.com"
    assert ticket() != made


@pytest.mark.parametrize("spoil", ["", ".", "1", "9" * 30, "\N{SNOWMAN}", "\udcff", "a.b.c"])
def test_what_we_did_not_write_is_not_good(spoil: str) -> None:
    made = ticket("ann@example.com")
    body, _, mac = made.rpartition(".")
    until, nonce, whom = body.split(".")
    for text in (
        spoil,
        f"{spoil}.{mac}",
        f"{body}.{spoil}",
        f"{int(until) + 1}.{nonce}.{whom}.{mac}",
        f"{until}.{nonce}.{whom}x.{mac}",
    ):
        assert not is_good(text, "token", NOW)
