"""What people call a program: as its file says, or by its name where no file can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.programs import title
from tests.console.settlement.program_file import write_program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("lang", "said"), [("zh", "甲"), ("en", "A")])
def test_a_program_has_the_title_of_its_file(tmp_path: Path, lang: str, said: str) -> None:
    assert title(write_program(tmp_path, "p"), "p", lang) == said


def test_a_program_whose_file_says_nothing_goes_by_its_name(tmp_path: Path) -> None:
    assert title(tmp_path, "p", "en") == "p"
    (tmp_path / "p.toml").write_text("[coin", encoding="utf-8")
    assert title(tmp_path, "p", "en") == "p"
