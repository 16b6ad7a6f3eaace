"""What a file of a definition may not say, and the sentence that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from features.sets.catalogue import load
from features.sets.files import read_feature, read_label

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
-- meaning: visits in the last 7 days
-- entity: person
-- grain: one row per person
-- source: campaign
-- window: 7 days
-- type: UInt32
-- kind: count
-- range: 0..
-- owner: us
-- sensitivity: behaviour
-- targeting: yes
countIf(type = 'visit' AND time >= at - INTERVAL 7 DAY)
"""


def written(folder: Path, text: str, name: str = "visits_7d") -> Path:
    path = folder / f"{name}.sql"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_a_feature(tmp_path: Path) -> None:
    one = read_feature(written(tmp_path, GOOD))
    assert (one.name, one.window_days, one.low, one.high) == ("visits_7d", 7, 0.0, None)
    assert one.targeting
    assert one.expression.startswith("countIf(")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("-- source: campaign\n", "", "the field source is missing"),
        ("type: UInt32", "type: Decimal", r"line 6: type 'Decimal' must be one of UInt8"),
        ("window: 7 days", "window: a week", r"line 5: window 'a week' must be `ever` or a number"),
        ("range: 0..", "range: 0-1", r"line 8: range '0-1' must be two numbers"),
        ("kind: count", "kind: number", r"line 7: kind 'number' must be one of category"),
        ("entity: person", "entity: shop", r"line 2: entity 'shop' must be one of person"),
        ("targeting: yes", "targeting: perhaps", "line 11: targeting 'perhaps' must be one of"),
        ("owner: us", "owner: us\n-- ownr: me", "line 10: ownr 'me' is not a field"),
        ("owner: us", "owner: us\n-- owner: me", "line 10: owner is given twice; the first is in"),
        ("owner: us", "owner us", "line 9: '-- owner us' is no field of a header"),
        ("INTERVAL 7 DAY)", "INTERVAL 7 DAY);", "line 12: an expression ends without"),
        ("countIf(type = 'visit' AND time >= at - INTERVAL 7 DAY)\n", "", "line 12: there is no"),
    ],
)
def test_what_a_file_may_not_say_is_told_by_line_and_field(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(click.ClickException, match=expected) as caught:
        read_feature(path)
    assert str(path) in caught.value.message


def test_a_label_is_over_at_some_time(tmp_path: Path) -> None:
    label = GOOD.replace("-- kind: count\n-- range: 0..\n", "-- eligible: everyone\n")
    label = label.replace("-- sensitivity: behaviour\n-- targeting: yes\n", "")
    assert read_label(written(tmp_path, label)).window_days == 7
    path = written(tmp_path, label.replace("7 days\n-- type", "ever\n-- type"))
    with pytest.raises(click.ClickException, match="line 5: window 'ever' must be some days"):
        read_label(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.sql"
    path.write_bytes(b"-- meaning: \xff\n")
    with pytest.raises(click.ClickException, match="it must be text in UTF-8"):
        read_feature(path)


def test_a_folder_adds_features_labels_and_sources(tmp_path: Path) -> None:
    written(tmp_path, GOOD.replace("source: campaign", "source: shop"))
    for name in ("sources", "labels"):
        (tmp_path / name).mkdir()
    written(tmp_path / "sources", "-- One row per visit.\nSELECT 1\n", "shop")
    found = load([str(tmp_path)])
    assert found.feature("visits_7d").source == "shop"
    assert "shop" in found.sources
    assert len(found.features) == len(load().features) + 1


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("visits_28d", GOOD, "there is a visits_28d already"),
        ("visits_7d", GOOD.replace("source: campaign", "source: shop"), "source 'shop' is not one"),
        ("Visits", GOOD, "the file's name is the column's"),
    ],
)
def test_what_a_folder_may_not_add_is_told_by_its_file(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    path = written(tmp_path, text, name)
    with pytest.raises(click.ClickException, match=expected) as caught:
        load([str(tmp_path)])
    assert str(path) in caught.value.message


def test_a_package_adds_the_definitions_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "shop_features"
    package.mkdir()
    (package / "__init__.py").touch()
    written(package, GOOD)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "visits_7d" in load(["shop_features"]).features


@pytest.mark.parametrize("name", ["no.such.package", "nowhere"])
def test_what_is_neither_folder_nor_package_is_refused(name: str) -> None:
    with pytest.raises(click.ClickException, match="neither a folder nor a Python package"):
        load([name])


def test_a_folder_without_definitions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="has no definitions"):
        load([str(tmp_path)])


def test_names_that_are_none_get_similar_ones() -> None:
    found = load()
    with pytest.raises(click.ClickException, match="did you mean balance"):
        found.feature("balanc")
    with pytest.raises(click.ClickException, match="no label is named"):
        found.label("redeem")


def test_what_targeting_may_not_use_is_only_in_a_set_that_analyses() -> None:
    found = load()
    assert "gender" not in {one.name for one in found.chosen((), barred=False)}
    assert "gender" in {one.name for one in found.chosen((), barred=True)}
    with pytest.raises(click.ClickException, match="targeting may not use gender"):
        found.chosen(["gender"], barred=False)
    [one] = found.chosen(["gender"], barred=True)
    assert one.sensitivity == "personal"
