"""Settings of the intake by HTTP."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from flowdrop.places import home
from flowdrop.settings import Settings


class IntakeSettings(Settings):
    """What `flowdrop intake` needs beside the addresses."""

    intake_host: str = Field("127.0.0.1", description="address the intake binds to")
    intake_port: int = Field(8088, ge=0, le=65535, description="port the intake binds to")
    intake_behind: str = Field(
        "", description="name of what guards the intake where it is not bound to loopback"
    )
    intake_keys: Path = Field(
        default_factory=lambda: Path(home(), "intake-keys.json"),
        description="file of the intake's keys, hashed",
    )
    intake_feeds: Path = Field(
        default_factory=lambda: Path(home(), "feeds"),
        description="folder of the mappings that /v1/feeds/NAME and Segment's calls read",
    )
    intake_linger_ms: float = Field(
        2.0, ge=0, le=1_000, description="how long events gather for one request to Kafka"
    )
    intake_body_seconds: float = Field(
        60.0, gt=0, le=600, description="how long the body of a request may take"
    )
    partitions: int = Field(8, ge=1, le=1024, description="partitions of every topic")
