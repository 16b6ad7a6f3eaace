"""DuckDB's part of the comparison, in an environment of its own (benchmarks/peers).

    python -m benchmarks.reach_duckdb FILE < QUESTIONS

FILE holds exposures as Parquet; QUESTIONS is an object of query, values and how often, by name.
Prints what each took and the rows it gave.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.peak import asked


def main() -> None:
    """Do what the command line says."""
    import duckdb

    (path,) = sys.argv[1:]
    connection = duckdb.connect()
    connection.read_parquet(path).create_view("exposures")
    found = {}
    for name, (query, values, times) in json.load(sys.stdin).items():
        rows: list[Any] = []

        def ask(query: str = query, values: Any = values, rows: list[Any] = rows) -> int:
            rows[:] = connection.execute(query, values).fetchall()
            return len(rows)

        own = asked([ask] * times)
        found[name] = (own.taken_ms, own.peak_mb, [[str(cell) for cell in row] for row in rows])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
