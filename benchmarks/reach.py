"""How fast reach and frequency are answered and fed, beside other ways to ask the same.

    python -m benchmarks.reach                                    1 million exposures, a few minutes
    python -m benchmarks.reach --rows 1000000,10000000,100000000 --folder ~/reach
    python -m benchmarks.reach --rows 100000000 --folder ~/reach --only reports

Exposures of 200 campaigns are fed in ranges as large as the feed's largest, and asked for as they
then lie and after all parts are merged. Reports are the functions behind `flowdrop report`, with
all that they check. Beside them stand functions of ClickHouse on campaign_events, DuckDB on a file
of Parquet and PostgreSQL. Caches are warm. With more than one number of rows it draws how time
grows, in `reach.svg` in the folder of `--out`.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmarks.exposures import BLOCK, CAMPAIGNS, Size, feeding, fill, merge, warehouse
from benchmarks.machine import say
from benchmarks.peak import Asked, asked
from benchmarks.peers import python_of, why_missing
from benchmarks.plot import Panel, figure
from benchmarks.reach_postgres import postgres
from benchmarks.tables import markdown
from console.reports.duplication import duplication
from console.reports.frequency import Asked as Question
from console.reports.frequency import frequency
from console.reports.frequency_rows import EVER
from sql.chains import REACH
from sql.client import rows, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from clickhouse_connect.driver.client import Client

PARTS = ("feed", "reports", "unique", "duckdb", "postgres")
FEED_ROWS = 4_000_000
FEED_BLOCKS = (BLOCK, 100_000, 20_000)
WHOLE = {"begin": date(1970, 1, 1), "end": date(2149, 6, 6)}
WEEK = {"begin": date(2026, 3, 8), "end": date(2026, 3, 14)}
LARGEST, TWENTY = CAMPAIGNS[0], CAMPAIGNS[:20]
TIMES = 5
FIRST, PLACE = "uniqExact", re.compile(r"\{(\w+):[^{}]+\}")

REACHED, OFTEN, STACKED = (
    "reach, whole and by day, of the largest",
    "k+ and frequency of the largest",
    "union of the 20 largest, and what each adds",
)
OFTEN_WEEK, OFTEN_CHANNEL, OFTEN_CITY = (
    f"{OFTEN}, {cut}" for cut in ("one week", "by channel", "by city")
)
REACHED_200 = "reach, whole and by day, of all 200 campaigns"
TARGETS_MS = {
    REACHED_200: 100,
    OFTEN: 600,
    STACKED: 300,
    OFTEN_WEEK: 3_000,
    OFTEN_CHANNEL: 3_000,
    OFTEN_CITY: 3_000,
}

Row = dict[str, Any]
Calls = dict[str, list["Callable[[], int]"]]


def reports(client: Client, each: Sequence[str] = CAMPAIGNS) -> Calls:
    """Return what is asked of the tables of reach, and how often; each gives a figure."""

    def reach_of(name: str) -> int:
        found = rows(client, "reports/frequency_people_whole", campaigns=[name])
        for query in ("reports/frequency_days", "reports/frequency_sums"):
            rows(client, query, campaigns=[name], **WHOLE)
        rows(client, "reports/population")
        served = [r for r in found if (r["basis"], r["paid"], r["campaign"]) == SERVED_UNION]
        return served[0]["reach"] if served else 0

    def often() -> int:
        return _twice(rows(client, "reports/frequency_counts", campaigns=[LARGEST]))

    def often_in(window: Mapping[str, date], by: str, *names: str) -> int:
        values = {"by": by, "zone": "UTC", "known": EVER, "seconds": 0}
        values["is_whole"] = window is WHOLE
        query = "reports/frequency_events"
        if names:
            query, values = (
                f"{query}_people",
                values | {"names": list(names), "as_of": WHOLE["end"]},
            )
        return _twice(rows(client, query, campaigns=[LARGEST], **window, **values))

    def report(names: Sequence[str], begin: str | None = None, by: str | None = None) -> int:
        end = WEEK["end"].isoformat() if begin else None
        found = frequency(client, Question(names, begin=begin, end=end, by=by))
        (served,) = (b for b in found.bases if b.basis == "served" and not b.incentivised)
        return served.reach_plus[1]

    def stacked() -> int:
        whole = {"basis": "served", "is_whole": True}
        names = list(TWENTY)
        (found,) = rows(client, "reports/duplication_steps", campaigns=names, **WHOLE, **whole)
        return int(found["cumulative"][-1])

    def shared() -> int:
        return duplication(client, TWENTY, "served", None, None, "UTC").union

    week = WEEK["begin"].isoformat()
    return {
        REACHED_200: [partial(reach_of, name) for name in each],
        REACHED: [lambda: reach_of(LARGEST)] * TIMES,
        OFTEN: [often] * TIMES,
        STACKED: [stacked] * TIMES,
        OFTEN_WEEK: [lambda: often_in(WEEK, "")] * TIMES,
        OFTEN_CHANNEL: [lambda: often_in(WHOLE, "channel")] * TIMES,
        OFTEN_CITY: [lambda: often_in(WHOLE, "attribute", "city")] * TIMES,
        "report frequency of all 200 campaigns": [
            partial(report, [name]) for name in each
        ],
        "report frequency of the largest": [lambda: report([LARGEST])] * TIMES,
        "report frequency of the 20 largest": [lambda: report(TWENTY)] * TIMES,
        "report duplication of the 20 largest, every combination": [shared] * TIMES,
        "report frequency of the largest, one week": [lambda: report([LARGEST], week)] * TIMES,
        "report frequency of the largest, by channel": [
            lambda: report([LARGEST], by="channel")
        ] * TIMES,
        "report frequency of the largest, by city": [lambda: report([LARGEST], by="city")] * TIMES,
    }  # fmt: skip


SERVED_UNION = ("served", False, "")


def _twice(found: Sequence[Row]) -> int:
    """Return the people to whom something was served twice or more."""
    return sum(row["people"] for row in found if row["served"] > 1)


def unique(client: Client, function: str) -> Calls:
    """Return what a function of ClickHouse counts of campaign_events itself."""

    def ask(query: str, **values: Any) -> Callable[[], int]:
        made = text(f"benchmarks/{query}").replace(FIRST, function)
        return lambda: max(row[-1] for row in client.query(made, values).result_rows)

    return {
        REACHED: [ask("reach_unique_days", campaign=LARGEST)] * TIMES,
        STACKED: [ask("reach_unique_stacked", campaigns=list(TWENTY))] * 3,
    }


def of_others() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what other engines are asked: the question, the query and its values."""

    def often(by: str, window: Mapping[str, date]) -> tuple[str, dict[str, Any]]:
        days = {name: day.isoformat() for name, day in window.items()}
        return "peer_frequency", {"campaign": LARGEST, "by": by, **days}

    yield REACHED, "peer_days", {"campaign": LARGEST}
    yield OFTEN, *often("", WHOLE)
    yield STACKED, "peer_stacked", {"campaigns": list(TWENTY)}
    yield OFTEN_WEEK, *often("", WEEK)
    yield OFTEN_CHANNEL, *often("channel", WHOLE)


def _bound(query: str, form: str) -> str:
    """Return a query's text with its places as another engine has them."""
    return PLACE.sub(form, text(f"benchmarks/{query}"))


def _figure(query: str, found: Sequence[Sequence[Any]]) -> int:
    """Return the figure that other engines' rows say."""
    if query == "peer_frequency":
        return sum(int(row[3]) for row in found if int(row[1]) > 1)
    people = [int(row[1]) for row in found]
    return max(people) if query == "peer_days" else sum(people)


def duckdb(exposures: Path) -> dict[str, Asked]:
    """Ask DuckDB."""
    asks = {name: (query, values) for name, query, values in of_others()}
    given = {name: (_bound(q, r"$\1"), values, TIMES) for name, (q, values) in asks.items()}
    command = [python_of("duckdb"), "-m", "benchmarks.reach_duckdb", str(exposures)]
    done = subprocess.run(
        command, input=json.dumps(given), stdout=subprocess.PIPE, text=True, check=True
    )
    return {
        name: Asked(taken, peak, _figure(asks[name][0], found))
        for name, (taken, peak, found) in json.loads(done.stdout).items()
    }


def of_postgres(folder: Path, exposures: Path) -> dict[str, Asked]:
    """Ask PostgreSQL; memory is that of the process that answers, without parallel workers."""
    made = {}
    with postgres(folder, exposures) as connection:
        for name, query, values in of_others():
            asking = _bound(query, r"%(\1)s").encode()

            def ask(query: str = query, asking: bytes = asking, values: Any = values) -> int:
                return _figure(query, connection.execute(asking, values).fetchall())

            made[name] = asked([ask] * 3, connection.info.backend_pid)
            say(f"  {name}: {made[name].taken_ms}")
    return made


def times(own: Asked) -> Row:
    """Return the median and the 95th percentile, in milliseconds, and the memory."""
    cuts = statistics.quantiles(own.taken_ms, n=20, method="inclusive")
    peak = own.peak_mb
    return {
        "p50_ms": round(statistics.median(own.taken_ms), 1),
        "p95_ms": round(cuts[-1], 1),
        "peak_mb": None if peak is None else round(peak),
    }


class Measurement:
    """What was found in one warehouse, as rows of tables."""

    def __init__(
        self, folder: Path, size: Size, only: Sequence[str], postgres_rows_max: int | None = None
    ) -> None:
        self.folder = folder
        self.size = size
        is_too_large = postgres_rows_max is not None and size.rows > postgres_rows_max
        self.only = [part for part in only if not (is_too_large and part == "postgres")]
        self.state = "as fed"
        self.tables: dict[str, list[Row]] = {
            name: [] for name in ("filled", "stored", "reports", "beside")
        }
        self._exact: dict[str, int] = {}

    def run(self) -> None:
        """Fill the warehouse and ask for everything that is wanted."""
        with warehouse(self.folder) as client:
            self._fill(client)
            if "reports" in self.only:
                self._reports(client, self.state)
                merge(client, ("campaign_events", *REACH))
                self._sizes(client, "merged")
                self._reports(client, "merged")
            if "unique" in self.only:
                for function in ("uniqExact", "uniqCombined64"):
                    for name, calls in unique(client, function).items():
                        self._beside(function, name, _asked(client, calls))
            exposures = self.folder / "exposures.parquet"
            if {"duckdb", "postgres"} & set(self.only) and not exposures.exists():
                say("  writing exposures as Parquet")
                path = {"path": str(exposures.resolve())}
                client.command(text("benchmarks/reach_export"), path)
        if "duckdb" in self.only:
            if why := why_missing("duckdb"):
                say(f"  duckdb: skipped, {why}")
            else:
                self._others("DuckDB", duckdb(exposures))
        if "postgres" in self.only:
            self._others("PostgreSQL", of_postgres(self.folder, exposures))

    def _fill(self, client: Client) -> None:
        done = fill(client, self.folder, self.size)
        self.tables["filled"].append({
            "exposures": self.size.rows,
            "people": self.size.people,
            "exposures_per_s": round(done["exposures"] / done["seconds"]),
            "was_there": done["is_reused"],
        })  # fmt: skip
        self.state = "as found" if done["is_reused"] else "as fed"
        self._sizes(client, self.state)

    def _sizes(self, client: Client, state: str) -> None:
        for row in rows(client, "benchmarks/reach_sizes"):
            bytes_each = round(row["bytes"] / self.size.rows, 2)
            self.tables["stored"].append({
                "table": row["table"], "exposures": self.size.rows, "state": state,
                "rows": row["rows"], "parts": row["parts"], "bytes_an_exposure": bytes_each,
            })  # fmt: skip

    def _reports(self, client: Client, state: str) -> None:
        for name, calls in reports(client).items():
            own = _asked(client, calls)
            self._exact[name] = own.answer
            self.tables["reports"].append({
                "question": name, "exposures": self.size.rows, "state": state,
                "target_ms": TARGETS_MS.get(name), **times(own),
            })  # fmt: skip
            say(f"  {name}, {state}: {times(own)}")
            if state == "merged":
                self._beside("flowdrop", name, own)

    def _others(self, way: str, found: Mapping[str, Asked]) -> None:
        for name, own in found.items():
            self._beside(way, name, own)

    def _beside(self, way: str, name: str, own: Asked) -> None:
        if name not in {question for question, _, _ in of_others()}:
            return
        exact = self._exact.get(name)
        error = None if exact is None else f"{own.answer / exact - 1:.2%}" if exact else "-"
        self.tables["beside"].append({
            "question": name, "way": way, "exposures": self.size.rows,
            **times(own), "error": error,
        })  # fmt: skip
        say(f"  {way}, {name}: {times(own)}, error {error}")


def _asked(client: Client, calls: Sequence[Callable[[], int]]) -> Asked:
    """Ask, after the engine has given back what it keeps of memory."""
    client.command(text("benchmarks/reach_purge"))
    return asked(calls)


def write(found: Mapping[str, list[Row]], out: Path) -> None:
    """Draw how the time of each question grows with the exposures, into `reach.svg`."""
    panels = []
    for question in TARGETS_MS:
        asked_of = [r for r in found["reports"] if r["question"] == question]
        last = {r["exposures"]: r for r in asked_of if r["state"] != "as fed"}  # merged, if it was
        panels.append(Panel(f"ms, {question}", _points(list(last.values()))))
    for way in ("uniqExact", "DuckDB", "PostgreSQL"):
        own = [r for r in found["beside"] if (r["question"], r["way"]) == (STACKED, way)]
        panels.append(Panel(f"ms, {way}: union of 20", _points(own)))
    out.mkdir(parents=True, exist_ok=True)
    (out / "reach.svg").write_text(figure([panel for panel in panels if panel.points]))


def _points(own: Sequence[Row]) -> list[tuple[str, float]]:
    return [(f"{row['exposures'] / 1e6:g} million", row["p50_ms"]) for row in own]


@click.command(epilog="Example: python -m benchmarks.reach --rows 10000000 --only reports,unique")
@click.option(
    "--rows", "counts", default="1000000", show_default=True,
    help="Exposures, one warehouse for each number, separated by commas.",
)  # fmt: skip
@click.option("--folder", help="Keep the warehouses here, and use those that are there.")
@click.option(
    "--only", default=",".join(PARTS), show_default=True, help="Parts, separated by commas."
)
@click.option(
    "--postgres-rows-max", type=int, help="Leave PostgreSQL out where there are more exposures."
)
@click.option(
    "--out", default="docs/benchmarks", show_default=True, help="Where the picture is written."
)
@click.option("--json", "as_json", is_flag=True, help="Print an object of lists.")
def main(
    *,
    counts: str,
    folder: str | None,
    only: str,
    postgres_rows_max: int | None,
    out: str,
    as_json: bool,
) -> None:
    """Measure feeding and asking, and print a table of each.

    Progress goes to standard error. A folder that is kept is filled once: about 110 bytes an
    exposure, and half as much for PostgreSQL and Parquet.
    """
    parts = only.split(",")
    if wrong := set(parts) - set(PARTS):
        known = ", ".join(PARTS)
        raise click.UsageError(f"--only: no part is named {min(wrong)}; there are {known}")
    found: dict[str, list[Row]] = {"feed": []}
    with ExitStack() as stack:
        place = Path(folder or stack.enter_context(tempfile.TemporaryDirectory()))
        if "feed" in parts:
            say("feeding, in ranges of several sizes")
            temporary = stack.enter_context(tempfile.TemporaryDirectory(dir=place.parent))
            found["feed"] = feeding(Path(temporary), FEED_ROWS, FEED_BLOCKS)
        for count in map(int, counts.split(",")):
            say(f"{count:,} exposures")
            own = Measurement(place / str(count), Size(count), parts, postgres_rows_max)
            own.run()
            for name, table in own.tables.items():
                found.setdefault(name, []).extend(table)
    if len(counts.split(",")) > 1:
        write(found, Path(out))
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        print("\n\n".join(markdown(table) for table in found.values() if table))


if __name__ == "__main__":
    main()
