"""The page has the catalogue that there is."""

from __future__ import annotations

from features.definitions import FEATURES
from features.sets.catalogue import load
from features.sets.documented import PAGE, filled


def test_the_page_has_every_definition_as_its_file_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == filled(page, load()), "run python -m features.sets.documented"
    assert all(f"| `{name}` |" in page for name in load().features)


def test_what_models_read_is_in_the_catalogue_with_the_same_kind() -> None:
    known = load().features
    shared = [one for one in FEATURES if one.name in known]
    assert len(shared) == len(FEATURES) - 1 == 19  # all but the campaign's own channel
    assert {one.name: one.kind for one in shared} == {
        one.name: known[one.name].kind for one in shared
    }
    page = PAGE.read_text(encoding="utf-8")
    assert f"the {len(shared)} features that both have" in page
