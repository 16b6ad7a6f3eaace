"""The job on Kafka Streams 4.3 (Java): both stores, both guarantees, with and without its cache.

Its source is in `benchmarks/kafka_streams/`; Maven builds it once, in the cache folder. Settings
are Kafka Streams' own, except lz4 and larger batches; its changelog is always on. The cache (10 MB)
holds the state's changes back until the next commit, which by default is 100 ms later with exactly
once and 30 s with at least once.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks.engines import Engine, Guarantee
from benchmarks.machine import say

if TYPE_CHECKING:
    from benchmarks.place import Place

SOURCE = Path(__file__).parent.parent / "kafka_streams"
HEAP = "-Xmx1g"
BUILD_SECONDS = 600
QUICK = {"memory-alo", "memory-eos", "memory-alo-cached"}


def missing() -> str:
    """Return why it can't be built here, or nothing."""
    wanted = [program for program in ("java", "mvn") if shutil.which(program) is None]
    return f"it needs {' and '.join(wanted)} on PATH" if wanted else ""


@cache
def built() -> Path:
    """Return the folder with the jars, built now if the source is newer."""
    from local.environment import cache_folder

    folder = cache_folder() / "benchmarks" / "kafka-streams"
    jar = folder / "target" / "wallet-1.jar"
    newest = max(path.stat().st_mtime for path in SOURCE.rglob("*") if path.is_file())
    if not jar.exists() or jar.stat().st_mtime < newest:
        say("  building benchmarks/kafka_streams with Maven")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SOURCE, folder)
        done = subprocess.run(
            ["mvn", "--quiet", "--batch-mode", "package"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=BUILD_SECONDS,
        )
        if done.returncode:
            raise click.ClickException(f"Maven could not build {SOURCE}:\n{done.stdout}")
        jar.touch()
    return folder / "target"


def _command(place: Place, *variant: str) -> list[str]:
    paths = f"{built()}/wallet-1.jar:{built()}/lib/*"
    where = (place.bootstrap, place.source, place.results, place.group, place.folder)
    level = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return ["java", HEAP, level, "-cp", paths, "flowdrop.Wallet", *where, *variant]


def _engine(store: str, short: str, *, cached: bool) -> Engine:
    guarantee: Guarantee = "exactly once" if short == "eos" else "at least once"
    setting = "exactly_once_v2" if short == "eos" else "at_least_once"
    variant = f"{store}-{short}{'-cached' if cached else ''}"
    home = "memory" if store == "memory" else "RocksDB"
    return Engine(
        name=f"kafka-streams-{variant}",
        guarantee=guarantee,
        state=f"{home}, changelog{', cached' if cached else ''}",
        command=lambda place: _command(place, store, setting, "cached" if cached else "uncached"),
        changelog=lambda place: place.changelog,
        balance=lambda key, value: (key.decode(), struct.unpack(">q", value)[0]),
        missing=missing,
        is_slow=variant not in QUICK,
    )


ENGINES = tuple(
    _engine(store, short, cached=cached)
    for store in ("memory", "rocksdb")
    for short in ("alo", "eos")
    for cached in (False, True)
)
