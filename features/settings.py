"""Settings of `features/`."""

from __future__ import annotations

from pydantic import Field

from flowdrop.settings import Settings, home


class FeatureSettings(Settings):
    """Where models live."""

    models: str = Field(
        default_factory=lambda: str(home() / "models"), description="folder of the model registry"
    )
