"""A warehouse that commands find, and a folder of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.features.lifecycle.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Opener


@pytest.fixture(scope="module")
def place(engine: Opener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A warehouse that commands find, and a folder of models, for a module's tests."""
    warehouse, folder = engine(), tmp_path_factory.mktemp("life")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sql.client.connect", lambda *_: warehouse.client)
        patch.setenv("FLOWDROP_MODELS", str(folder / "models"))
        patch.setenv("FLOWDROP_CONFIG", str(folder / "none.toml"))
        yield Place(folder)
