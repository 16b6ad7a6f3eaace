"""Kafka's jars, by the names and checksums in `kafka.lock`; jgo resolves and fetches them.

`kafka.lock` holds one line per jar: its SHA-256 and its Maven coordinate, in class path order. It
is verified after each fetch and before each start. To change the version, change `ROOTS` and run
`python -m local.kafka.jars`.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from local.environment import cache_folder, exclusive

if TYPE_CHECKING:
    from jgo.maven import Artifact, MavenContext

KAFKA = "4.3.0"
# slf4j-simple, since Kafka's own jars bring no logger, and a broker that can't start must say why.
ROOTS = (f"org.apache.kafka:kafka_2.13:{KAFKA}", "org.slf4j:slf4j-simple:1.7.36")
LOCK = Path(__file__).with_name("kafka.lock")
HEADER = "# sha256 and coordinate of each jar; written by `python -m local.kafka.jars`\n"
FETCHES = 8
TIMEOUT_SECONDS = 60


class Jar(NamedTuple):
    """A line of the lock file."""

    sha256: str
    coordinate: str  # group:artifact:version


def locked() -> list[Jar]:
    """Return what `kafka.lock` lists."""
    lines = [line.split() for line in LOCK.read_text().splitlines() if not line.startswith("#")]
    return [Jar(*line) for line in lines if line]


def jars_folder() -> Path:
    """Return the folder that holds the jars, one per Kafka version."""
    return cache_folder() / f"kafka-{KAFKA}"


def class_path(folder: Path | None = None) -> list[Path]:
    """Return the verified jars, fetching those that are not in `folder` yet.

    Raises:
        click.ClickException: when one can't be fetched, or is not what the lock file says.
    """
    folder = folder or jars_folder()
    context = _context(folder)
    wanted = [(_artifact(context, jar.coordinate), jar.sha256) for jar in locked()]
    with exclusive(folder / ".lock"), ThreadPoolExecutor(FETCHES) as pool:
        return list(pool.map(lambda pair: _verified(*pair), wanted))


def fetched(jar: Jar, folder: Path | None = None) -> Path:
    """Return one verified jar that is not part of the broker, such as a client's tool.

    Raises:
        click.ClickException: as `class_path`.
    """
    folder = folder or jars_folder()
    with exclusive(folder / ".lock"):
        return _verified(_artifact(_context(folder), jar.coordinate), jar.sha256)


def lock(folder: Path | None = None) -> list[Jar]:
    """Resolve `ROOTS` with all they need, fetch the jars and return their lines."""
    from dataclasses import replace

    from jgo.parse import Coordinate

    context = _context(folder or jars_folder())
    wanted = [
        context.create_dependency(replace(Coordinate.parse(root), scope="compile"))
        for root in ROOTS
    ]
    roots, others = context.resolver.resolve(wanted)
    needed = [*roots, *(other for other in others if other.scope in {"compile", "runtime"})]
    artifacts = [dependency.artifact for dependency in needed]
    with ThreadPoolExecutor(FETCHES) as pool:
        paths = list(pool.map(_fetch, artifacts))
    return [
        Jar(_sha256(path), f"{a.groupId}:{a.artifactId}:{a.version}")
        for a, path in zip(artifacts, paths, strict=True)
    ]


def _context(folder: Path) -> MavenContext:
    from jgo.maven import MavenContext

    return MavenContext(repo_cache=folder, timeout=TIMEOUT_SECONDS)


def _artifact(context: MavenContext, coordinate: str) -> Artifact:
    group, name, version = coordinate.split(":")
    return context.project(group, name).at_version(version).artifact()


def _fetch(artifact: Artifact) -> Path:
    try:
        path: Path = artifact.resolve()
    except Exception as error:  # jgo passes on whatever its HTTP client raises
        raise click.ClickException(
            f"Kafka's jar {artifact} could not be fetched: {error}; "
            "the first start needs the network, later ones do not"
        ) from error
    return path


def _verified(artifact: Artifact, sha256: str) -> Path:
    path = _fetch(artifact)
    if _sha256(path) == sha256:
        return path
    path.unlink()  # an interrupted fetch, or a file that was changed: once more
    path = _fetch(artifact)
    if (found := _sha256(path)) != sha256:
        raise click.ClickException(
            f"Kafka's jar {artifact} has SHA-256 {found}, but {LOCK} says {sha256}: it is not "
            f"started; make sure that the network delivers the genuine file, delete {path} and try "
            "again"
        )
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    LOCK.write_text(HEADER + "".join(f"{jar.sha256} {jar.coordinate}\n" for jar in lock()))
    click.echo(f"{LOCK}: {len(locked())} jars")
