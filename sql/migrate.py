"""Bring a warehouse's tables up to date: `sql/migrations/*.sql`, in order, each once.

clickhouse-migrations records what was applied, in the table `schema_versions`; here it speaks
through clickhouse-connect, so that a server and chDB are the same to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_migrations.connection import ClickhouseConnectConnection
from clickhouse_migrations.exceptions import MigrationException
from clickhouse_migrations.migration import MigrationStorage
from clickhouse_migrations.migrator import Migrator

from sql.client import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

MIGRATIONS = FOLDER / "migrations"


class Applied(NamedTuple):
    """One migration file: its number, and its name without number and ending."""

    version: int
    name: str


def migrate(client: Client, folder: Path = MIGRATIONS) -> list[Applied]:
    """Apply the migrations of `folder` that `client`'s database lacks; return them, in order.

    Raises:
        click.ClickException: when a file that was applied has changed or is gone, or when the
            engine refuses a statement. Files before it stay applied.
    """
    storage = MigrationStorage(folder)
    migrator = Migrator(ClickhouseConnectConnection(client))
    try:
        migrator.init_schema()
        applied = migrator.apply_migration(storage.migrations(), multi_statement=True)
    except MigrationException as error:
        raise click.ClickException(
            f"migrations in {folder}: {error} A file once applied stays as it is; "
            "put the change into a new file, or start over with `flowdrop reset`"
        ) from error
    except ClickHouseError as error:
        raise click.ClickException(f"migrations in {folder}: {error}") from error
    names = storage.migration_filenames()
    return [Applied(m.version, _bare(names[m.version])) for m in applied]


def _bare(filename: str) -> str:
    return filename.partition("_")[2].removesuffix(".sql")
