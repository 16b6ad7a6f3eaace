"""Settings: the environment, then a TOML file, then what `flowdrop up` started, then a default.

Each room declares its own class here or beside its code; `flowdrop settings` prints them all with
their source. The layers, strongest first:

1. `FLOWDROP_<NAME>` in the environment;
2. the file named by `FLOWDROP_CONFIG` (default `flowdrop.toml` in the working folder);
3. `addresses.toml` below `FLOWDROP_HOME`, written by `flowdrop up`;
4. the default in the class.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, TomlConfigSettingsSource

if TYPE_CHECKING:
    from pydantic_settings import PydanticBaseSettingsSource

S = TypeVar("S", bound="Settings")

PREFIX = "FLOWDROP_"

CLASSES = (
    "flowdrop.settings:Addresses",
    "streams.settings:StreamSettings",
    "console.settings:ConsoleSettings",
    "features.settings:FeatureSettings",
)


def home() -> Path:
    """Return the folder that holds everything flowdrop writes on this machine."""
    return Path(os.environ.get(PREFIX + "HOME", ".flowdrop")).absolute()


def config_file() -> Path:
    """Return the path of the user's TOML file, which need not exist."""
    return Path(os.environ.get(PREFIX + "CONFIG", "flowdrop.toml")).absolute()


def addresses_file() -> Path:
    """Return the path of the file in which `flowdrop up` writes what it started."""
    return home() / "addresses.toml"


class Settings(BaseSettings):
    """Base of every room's settings: frozen, read from the four layers above."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the layers; an argument given in code (tests) wins over all."""
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, config_file()),
            TomlConfigSettingsSource(settings_cls, addresses_file()),
        )


class Addresses(Settings):
    """Where the real parts answer."""

    kafka: str = Field("127.0.0.1:9092", description="bootstrap servers of Kafka")
    clickhouse: str = Field(
        "http://default:@127.0.0.1:8123/default", description="URL of ClickHouse's HTTP interface"
    )
    airflow: str = Field("http://127.0.0.1:8080", description="URL of Airflow's web server")
    worker: str = Field("http://127.0.0.1:6066", description="URL of any worker's web views")
    console: str = Field("http://127.0.0.1:8000", description="URL of the console")


def load(cls: type[S]) -> S:
    """Read `cls` from its layers; a bad value ends the command with a sentence that names it."""
    try:
        return cls()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise click.ClickException(
            f"setting {name}: {first['msg']}, got {first['input']!r}; "
            f"set {PREFIX}{name.upper()} or `{name}` in {config_file()}"
        ) from error


def sources(cls: type[Settings]) -> list[dict[str, Any]]:
    """Return one row a setting of `cls`: name, value, source, description."""
    values = load(cls)
    files = [(str(path), _keys(path)) for path in (config_file(), addresses_file())]
    rows = []
    for name, field in cls.model_fields.items():
        env = PREFIX + name.upper()
        source = next((path for path, keys in files if name in keys), "default")
        rows.append(
            {
                "name": name,
                "value": _shown(getattr(values, name)),
                "source": env if env in os.environ else source,
                "description": field.description or "",
            }
        )
    return rows


def _shown(value: object) -> object:
    if isinstance(value, SecretStr):
        return "(hidden)"
    return str(value) if isinstance(value, Path) else value


def _keys(path: Path) -> set[str]:
    import tomllib

    return set(tomllib.loads(path.read_text())) if path.exists() else set()


@click.command("settings")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def settings_command(*, as_json: bool) -> None:
    """Show every setting, its value and where it came from.

    Example: FLOWDROP_KAFKA=broker:9092 flowdrop settings
    """
    from flowdrop.output import print_json, print_rows

    rows = []
    for target in CLASSES:
        module, _, name = target.partition(":")
        rows += sources(getattr(importlib.import_module(module), name))
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, title="Settings")
