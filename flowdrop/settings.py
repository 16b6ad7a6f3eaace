"""Settings: the environment, then a TOML file, then what `flowdrop up` wrote, then a default.

Each package declares its own class here or beside its code; `flowdrop settings` prints them all
with their source. The layers, strongest first:

1. `FLOWDROP_<NAME>` in the environment;
2. the file named by `FLOWDROP_CONFIG` (default `flowdrop.toml` in the working folder);
3. `secrets.json` and `addresses.toml` below `FLOWDROP_HOME`, written by `flowdrop up`, and the
   programs' files in its folder `programs`, if there is one, such as the demo's;
4. the default in the class.

A setting that is present but empty, or blank, counts as unset, in every layer: `FLOWDROP_KAFKA=` in
a compose file or a shell means that nobody chose.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from flowdrop import secrets
from flowdrop.places import PREFIX, addresses_file, config_file, home, told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from pydantic_settings import PydanticBaseSettingsSource

S = TypeVar("S", bound="Settings")

_ADDRESS_PASSWORD = re.compile(r"(://[^/@:]*:)[^/@]+@")


class _Environment(EnvSettingsSource):
    """The environment without its empty variables."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name: value for name, value in super()._load_env_vars().items() if _says(value)}


class _File(TomlConfigSettingsSource):
    """A TOML file without its empty values."""

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        return _toml(Path(str(file_path)))


def _says(value: object) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


class Settings(BaseSettings):
    """Base of every package's settings: frozen, read from the four layers above."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the layers; an argument given in code (tests) wins over all."""
        return (
            init_settings,
            _Environment(settings_cls),
            _File(settings_cls, config_file()),
            InitSettingsSource(settings_cls, init_kwargs=_secrets()),
            InitSettingsSource(settings_cls, init_kwargs=_started()),
        )


def _is_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("must be a time zone such as UTC or Asia/Shanghai") from error
    return value


Zone = Annotated[str, AfterValidator(_is_zone)]


class Addresses(Settings):
    """Where the real parts answer."""

    kafka: str = Field("127.0.0.1:9092", description="bootstrap servers of Kafka")
    clickhouse: str = Field(
        "http://default:@127.0.0.1:8123/default",
        description="URL of ClickHouse's HTTP interface, as a user that reads",
    )
    clickhouse_feed: str = Field(
        "", description="the same as a user that writes rows; empty: as `clickhouse`"
    )
    clickhouse_admin: str = Field(
        "", description="the same as a user that creates tables; empty: as `clickhouse`"
    )
    airflow: str = Field("http://127.0.0.1:8080", description="URL of Airflow's web server")
    airflow_password: SecretStr = Field(
        SecretStr(""), description="password of Airflow's user admin; `flowdrop up` generates one"
    )
    worker: str = Field("http://127.0.0.1:6066", description="URL of any worker's web views")
    console: str = Field("http://127.0.0.1:8000", description="URL of the console")
    intake: str = Field("http://127.0.0.1:8088", description="URL of the intake by HTTP")

    @field_validator(
        *(
            "clickhouse",
            "clickhouse_feed",
            "clickhouse_admin",
            "airflow",
            "worker",
            "console",
            "intake",
        )
    )
    @classmethod
    def _is_url(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_url = False
        if value and not is_url:
            raise ValueError("must be a URL such as http://127.0.0.1:8000")
        return value

    @property
    def feeding(self) -> str:
        """URL of ClickHouse for what writes rows."""
        return self.clickhouse_feed or self.clickhouse

    @property
    def changing(self) -> str:
        """URL of ClickHouse for what creates tables."""
        return self.clickhouse_admin or self.clickhouse


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


def needed(secret: SecretStr, name: str) -> str:
    """Return the secret that the setting `name` holds.

    Raises:
        click.ClickException: when nobody has set one: no default is safe.
    """
    if not secret.get_secret_value():
        raise click.ClickException(
            f"setting {name}: there is none; `flowdrop up` generates one for {home()}, "
            f"or set {PREFIX}{name.upper()} to a long random text"
        )
    return secret.get_secret_value()


def sources(cls: type[Settings]) -> list[dict[str, Any]]:
    """Return one row per setting of `cls`: name, value, source, description."""
    values = load(cls)
    files = [
        (str(config_file()), _keys(config_file())),
        (str(home() / secrets.NAME), set(_secrets())),
        (str(addresses_file()), set(_started())),
    ]
    rows = []
    for name, field in cls.model_fields.items():
        env = PREFIX + name.upper()
        source = next((path for path, keys in files if name in keys), "default")
        rows.append(
            {
                "name": name,
                "value": shown(getattr(values, name)),
                "source": env if told(env) else source,
                "description": field.description or "",
            }
        )
    return rows


def shown(value: object) -> object:
    """Return a setting's value as people may see it: secrets and passwords are hidden."""
    if isinstance(value, SecretStr):
        return "(hidden)" if value.get_secret_value() else "(none)"
    if isinstance(value, str | Path):
        return _ADDRESS_PASSWORD.sub(r"\1(hidden)@", str(value))
    return value


def _secrets() -> dict[str, str]:
    return secrets.setting_values(secrets.read(home()))


def _started() -> dict[str, Any]:
    """Return the addresses of what `flowdrop up` started, and the home's programs if it has any.

    If somebody else runs ClickHouse, its users are not ours.
    """
    found = _toml(addresses_file())
    if (programs := home() / "programs").is_dir():
        found["programs"] = programs
    if told(PREFIX + "CLICKHOUSE") or "clickhouse" in _keys(config_file()):
        return {name: text for name, text in found.items() if not name.startswith("clickhouse")}
    return found


def _keys(path: Path) -> set[str]:
    return set(_toml(path))


def _toml(path: Path) -> dict[str, Any]:
    found = _read(path) if path.exists() else {}
    return {name: value for name, value in found.items() if _says(value)}


def _read(path: Path) -> dict[str, Any]:
    """Return the contents of a TOML file.

    Raises:
        click.ClickException: when it can't be read, naming the file and, where known, the line.
    """
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else str(error)
        raise click.ClickException(
            f"settings file {path}: {told}; fix it, or name another with {PREFIX}CONFIG"
        ) from error
