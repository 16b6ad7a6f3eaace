"""PostgreSQL's part of the comparison: exposures in one table, a campaign's beside each other."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from pyarrow import BufferOutputStream, csv, parquet

from benchmarks.machine import say
from sql.client import text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCH = 500_000
OPTIONS = "-c work_mem=512MB -c maintenance_work_mem=256MB"  # so that it need not sort on disk
NO_HEADER = csv.WriteOptions(include_header=False)


@contextmanager
def postgres(folder: Path, exposures: Path) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Start a PostgreSQL in a folder, filled once from a file of Parquet."""
    from pgserver.postgres_server import get_server

    loaded = folder / "postgres.txt"
    server = get_server(folder / "postgres", cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), options=OPTIONS, autocommit=True) as connection:
            if not loaded.exists():
                _load(connection, exposures)
                loaded.touch()
            yield connection
    finally:
        server.cleanup()


def _load(connection: psycopg.Connection[tuple[Any, ...]], exposures: Path) -> None:
    file = parquet.ParquetFile(exposures)
    rows, began = file.metadata.num_rows, time.monotonic()
    connection.execute("DROP TABLE IF EXISTS exposures")
    connection.execute(text("benchmarks/postgres_exposures").encode())
    done, copy_in = 0, text("benchmarks/postgres_copy").encode()
    with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
        for batch in file.iter_batches(BATCH):
            out = BufferOutputStream()
            csv.write_csv(batch, out, NO_HEADER)
            copy.write(out.getvalue().to_pybytes())
            done += len(batch)
            left = (time.monotonic() - began) / done * (rows - done)
            say(f"  PostgreSQL has {done:,} of {rows:,} exposures, {left / 60:.0f} min left")
    connection.execute(text("benchmarks/postgres_index").encode())
    connection.execute("VACUUM ANALYZE exposures")
