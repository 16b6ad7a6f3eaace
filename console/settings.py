"""Settings of `console/`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from flowdrop.places import home
from flowdrop.settings import Settings


class ConsoleSettings(Settings):
    """What the console needs beside the addresses."""

    database: str = Field(
        default_factory=lambda: f"sqlite:///{home() / 'console.sqlite'}",
        description="SQLAlchemy URL of drops, approvals and the audit log",
    )
    console_host: str = Field("127.0.0.1", description="address the console binds to")
    console_token: SecretStr = Field(
        SecretStr(""), description="what the console asks for; `flowdrop up` draws one"
    )
    console_behind: str = Field(
        "", description="name of what guards the console where it is not bound to loopback"
    )
    console_port: int = Field(8000, ge=0, le=65535, description="port the console binds to")
    partitions: int = Field(8, ge=1, le=1024, description="partitions of every topic")
    worker_token: SecretStr = Field(
        SecretStr(""), description="what the workers' web views ask for; `flowdrop up` draws one"
    )
    drop_secret: SecretStr = Field(
        SecretStr(""), description="key of the arms' random draw; `flowdrop up` draws one"
    )
    catch_up_seconds: float = Field(
        60.0,
        ge=0,
        description="how long a launch waits for the warehouse to know all consent given so far",
    )
    programs: Path = Field(
        Path(__file__).parent.parent / "programs", description="folder of the programs' TOML files"
    )
