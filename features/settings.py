"""Settings of `features/`."""

from __future__ import annotations

from pydantic import Field

from flowdrop.settings import Settings, home


class FeatureSettings(Settings):
    """Where models live and for which program they choose people."""

    models: str = Field(
        default_factory=lambda: str(home() / "models"), description="folder of the model registry"
    )
    program: str = Field(
        "liuliangbao", description="wallet program whose people are learned from and scored"
    )
