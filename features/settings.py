"""Settings of `features/`."""

from __future__ import annotations

from pydantic import Field

from flowdrop.places import home
from flowdrop.settings import Settings, Zone

OFFER_DAYS = 28


class FeatureSettings(Settings):
    """Where models live, for which program they choose people, and when an offer is over."""

    models: str = Field(
        default_factory=lambda: str(home() / "models"),
        description="folder of the models' files, or a URL that fsspec knows: s3://bucket/models",
    )
    program: str = Field(
        "liuliangbao", description="wallet program whose people models learn from and score"
    )
    model_types: str = Field(
        "",
        description="types of your own learners that you have reviewed and files may hold, "
        "separated by commas",
    )
    offer_days: int = Field(
        OFFER_DAYS,
        ge=1,
        le=3_650,
        description="days after a contact until an offer without an end is over",
    )
    zone: Zone = Field("UTC", description="time zone whose days reports of reach count in")

    @property
    def own_types(self) -> tuple[str, ...]:
        """The types of `model_types`, one by one."""
        return tuple(name.strip() for name in self.model_types.split(",") if name.strip())
