"""Models' files may be anywhere that fsspec reaches; here, in this process's memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import click
import pytest
from sklearn.linear_model import LogisticRegression

from features.model_files import place, write_whole
from features.registry import METADATA_FILE, MODEL_FILE, Metadata, intact, save

METADATA = Metadata(
    model_id="redeem-20171030-0123456789ab",
    as_of=date(2017, 10, 30),
    program="liuliangbao",
    learner="logistic",
    features=["balance"],
    campaigns=["a"],
    rows=4,
    redeemers=2,
    base_rate=0.5,
    data_fingerprint="d",
    definition_fingerprint="e",
    validation={},
    versions={},
    trained_at=datetime(2017, 10, 30, tzinfo=UTC),
)


@pytest.mark.parametrize("where", ["folder", "memory://models"])
def test_a_model_is_kept_and_found_again(tmp_path: Path, where: str) -> None:
    models = place(where if "://" in where else str(tmp_path / where))
    model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    known = save(models, model, METADATA)
    assert intact(models, known)
    assert not intact(models, replace(known, sha256="of other bytes"))
    assert Metadata.from_json((models / METADATA.model_id / METADATA_FILE).read_text()) == METADATA
    (models / METADATA.model_id / MODEL_FILE).write_bytes(b"altered")
    assert not intact(models, known)
    assert save(models, model, METADATA) == known
    assert intact(models, known), "an altered one is replaced"
    other = replace(METADATA, model_id="redeem-20171030-ba9876543210")
    assert not intact(models, replace(known, metadata=other)), "one that is not there"


def test_on_this_machine_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "models" / "m", {"a": b"1", "b": b"2"})
    write_whole(tmp_path / "models" / "m", {"a": b"3"})
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["m"]
    assert [path.name for path in (tmp_path / "models" / "m").iterdir()] == ["a"]
    assert (tmp_path / "models" / "m" / "a").read_bytes() == b"3"


def test_a_place_that_nothing_reaches_is_said() -> None:
    with pytest.raises(click.ClickException, match="setting models: 'nowhere://x' can't be"):
        place("nowhere://x")
    assert place("a/folder") == Path("a/folder")
