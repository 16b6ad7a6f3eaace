"""Settings of the streams: partitions, transactions, the ledger's window and key."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from flowdrop.places import home
from flowdrop.settings import Settings, Zone


class StreamSettings(Settings):
    """What a worker and a feed need besides the addresses."""

    partitions: int = Field(
        8, ge=1, le=1024, description="partitions of every topic; never changes"
    )
    replication: int = Field(1, ge=1, description="copies of every topic; 3 in production")
    worker_port: int = Field(6066, ge=0, le=65535, description="port of the worker's web views")
    worker_host: str = Field("127.0.0.1", description="address the worker's web views bind to")
    worker_token: SecretStr = Field(
        SecretStr(""),
        description="token that the workers' web views require; `flowdrop up` generates one",
    )
    transaction_interval_ms: int = Field(
        20, ge=1, le=10_000, description="least time between two transactions of a partition"
    )
    transactions_per_second_max: int = Field(
        250,
        ge=1,
        le=10_000,
        description="transactions per second of all partitions of a worker together",
    )
    transaction_timeout_ms: int = Field(
        900_000,
        ge=1_000,
        le=900_000,
        description="a transaction that stays open for longer is aborted by Kafka",
    )
    session_timeout_seconds: float = Field(
        10.0,
        ge=1.0,
        le=1_800.0,
        description="a worker or feed that is silent for longer loses its partitions",
    )
    stuck_seconds: float = Field(
        60.0,
        ge=1.0,
        description="a worker whose lag grows without progress for longer ends, to be restarted",
    )
    feed_metrics_port: int = Field(
        0, ge=0, le=65535, description="port of the feed's /metrics; 0 for none"
    )
    dedup_window_days: int = Field(
        10,
        ge=1,
        le=400,
        description="an event this much older than its partition's clock is refused",
    )
    future_tolerance_hours: int = Field(
        24, ge=0, le=720, description="how far an event's time may be after its arrival in the log"
    )
    ledger_keys: SecretStr = Field(
        SecretStr(""),
        description="keys that sign legs between partitions, as id:hex,id:hex; `flowdrop up` "
        "generates them",
    )
    rules_keys: SecretStr = Field(
        SecretStr(""),
        description="keys that sign published rules and changes of keys, as id:hex,id:hex",
    )
    zone: Zone = Field("UTC", description="time zone whose days reports of reach count in")
    programs: Path = Field(
        Path(__file__).parent.parent / "programs", description="folder of the programs' TOML files"
    )
    attributes: Path = Field(
        Path(__file__).parent / "people" / "attributes.toml",
        description="the catalogue of people's attributes, a TOML file",
    )
    unknown_attributes: Literal["keep", "drop", "refuse"] = Field(
        "keep", description="what becomes of attributes of people that the catalogue does not have"
    )
    datadir: Path = Field(
        default_factory=lambda: home() / "faust", description="Faust's working folder"
    )
