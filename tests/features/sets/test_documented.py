"""The page has the catalogue that there is."""

from __future__ import annotations

from features.definitions import NAMES
from features.sets.catalogue import load
from features.sets.documented import PAGE, filled


def test_the_page_has_every_definition_as_its_file_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == filled(page, load()), "run python -m features.sets.documented"
    assert all(f"| `{name}` |" in page for name in load().features)


def test_the_page_says_how_many_of_them_models_read() -> None:
    page = PAGE.read_text(encoding="utf-8")
    known = load().features
    assert {*NAMES} - {*known} == {"channel"}  # the campaign's own
    assert f"of {len(NAMES) - 1} of the features above" in page
