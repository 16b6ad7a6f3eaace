"""The tickets by which a browser gets into the console."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from flowdrop.entry import LINK_SECONDS, SESSION_SECONDS, is_good, link, session

NOW = 1_800_000_000.0


def ticket() -> str:
    made = urlsplit(link("http://127.0.0.1:8000/", "token", NOW))
    assert (made.netloc, made.path) == ("127.0.0.1:8000", "/enter")
    return parse_qs(made.query)["ticket"][0]


def test_a_ticket_is_good_for_its_time_and_its_kind() -> None:
    made = ticket()
    assert is_good("link", made, "token", NOW + LINK_SECONDS - 1)
    assert not is_good("link", made, "token", NOW + LINK_SECONDS)
    assert not is_good("session", made, "token", NOW)
    assert not is_good("link", made, "another", NOW)
    assert is_good("session", session("token", NOW), "token", NOW + SESSION_SECONDS - 1)
    assert not is_good("link", session("token", NOW), "token", NOW)
    assert ticket() != made


@pytest.mark.parametrize("spoil", ["", ".", "1", "9" * 30, "\N{SNOWMAN}", "\udcff", "a.b.c"])
def test_what_we_did_not_write_is_not_good(spoil: str) -> None:
    made = ticket()
    body, _, mac = made.rpartition(".")
    until, _, nonce = body.partition(".")
    for text in (spoil, f"{spoil}.{mac}", f"{body}.{spoil}", f"{int(until) + 1}.{nonce}.{mac}"):
        assert not is_good("link", text, "token", NOW)
