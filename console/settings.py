"""Settings of `console/`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from flowdrop.places import home
from flowdrop.settings import Settings, Zone


class ConsoleSettings(Settings):
    """What the console needs besides the addresses."""

    database: str = Field(
        default_factory=lambda: f"sqlite:///{home() / 'console.sqlite'}",
        description="SQLAlchemy URL of drops, approvals and the audit log",
    )
    console_host: str = Field("127.0.0.1", description="address the console binds to")
    console_token: SecretStr = Field(
        SecretStr(""), description="token that the console requires; `flowdrop up` generates one"
    )
    console_behind: str = Field(
        "", description="name of what guards the console if it is not bound to loopback"
    )
    sign_in: bool = Field(
        True,
        description="whether people sign in to the console, each as themselves; false, on loopback "
        "only, makes whoever comes by the terminal's link the machine's operator",
    )
    idle_minutes: int = Field(
        120, ge=1, description="after how long without a request a browser has to sign in again"
    )
    session_hours: int = Field(
        12, ge=1, description="after how long a browser has to sign in again in any case"
    )
    smtp: SecretStr = Field(
        SecretStr(""),
        description="URL of a mail server, smtp[s|+starttls]://USER:PASSWORD@HOST:PORT; without "
        "one the log has the links that would be sent",
    )
    mail_from: str = Field("flowdrop@localhost", description="sender of the console's letters")
    oidc_issuer: str = Field(
        "", description="URL of an OpenID Connect provider to sign in with; empty: none"
    )
    oidc_client: str = Field("flowdrop", description="the provider's name for this console")
    oidc_secret: SecretStr = Field(SecretStr(""), description="the provider's secret for it")
    console_port: int = Field(8000, ge=0, le=65535, description="port the console binds to")
    partitions: int = Field(8, ge=1, le=1024, description="partitions of every topic")
    worker_token: SecretStr = Field(
        SecretStr(""),
        description="token that the workers' web views require; `flowdrop up` generates one",
    )
    drop_secret: SecretStr = Field(
        SecretStr(""), description="key of the arms' random draw; `flowdrop up` generates one"
    )
    drop_cooldown_days: int = Field(
        0, ge=0, le=3_650, description="days after a drop's contact without another drop; 0: none"
    )
    drops_max: int = Field(
        0, ge=0, description="drops that may contact somebody in 28 days; 0: any number"
    )
    drops_never: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="share of people whom no drop reaches, to measure all drops together",
    )
    approve_over_coins: int = Field(
        100_000,
        ge=0,
        description="budget of a drop, in coins, above which an approver has to agree",
    )
    approve_over_people: int = Field(
        1_000,
        ge=0,
        description="people given coins by a drop above whose number an approver has to",
    )
    approve_twice_over_coins: int = Field(
        1_000_000, ge=0, description="budget of a drop above which two approvers have to agree"
    )
    approve_twice_over_people: int = Field(
        10_000, ge=0, description="people given coins by a drop above whose number two have to"
    )
    personal_amounts: bool = Field(
        default=False,
        description="whether amounts may be chosen for each person; see docs/targeting.md first",
    )
    catch_up_seconds: float = Field(
        60.0,
        ge=0,
        description="how long a launch waits for the warehouse to know all consent given so far",
    )
    zone: Zone = Field("UTC", description="time zone whose days reports of reach count in")
    programs: Path = Field(
        Path(__file__).parent.parent / "programs", description="folder of the programs' TOML files"
    )
