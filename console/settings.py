"""Settings of `console/`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from flowdrop.settings import Settings, home


class ConsoleSettings(Settings):
    """What the console needs beside the addresses."""

    database: str = Field(
        default_factory=lambda: f"sqlite:///{home() / 'console.sqlite'}",
        description="SQLAlchemy URL of drops, approvals and the audit log",
    )
    console_host: str = Field("127.0.0.1", description="address the console binds to")
    console_port: int = Field(8000, ge=0, le=65535, description="port the console binds to")
    partitions: int = Field(8, ge=1, le=1024, description="partitions of every topic")
    drop_secret: SecretStr = Field(
        SecretStr("development-only"), description="key of the arms' random draw"
    )
    programs: Path = Field(
        Path(__file__).parent.parent / "programs", description="folder of the programs' TOML files"
    )
