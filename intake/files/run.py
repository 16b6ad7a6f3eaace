"""An import: the whole file is checked, sorted on disk, and only then published."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

import click
import msgspec

from flowdrop.settings import Addresses, load
from intake.files import runs
from intake.files.check import Check
from intake.files.outcomes import write
from intake.files.publishing import publish
from intake.files.sort import Spool
from intake.files.warehouse import known
from streams.kafka.publish.answers import answers, ends_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from intake.files.check import Checked
    from intake.files.publishing import Sent
    from intake.mapping import Mapping
    from streams.kafka.publish.told import Told
    from streams.settings import StreamSettings


@dataclass(frozen=True)
class Imported:
    """An import: what was found in the file, and what was sent; `sent` is None if nothing was."""

    run: str
    checked: Checked
    sent: Sent | None


def checker(
    path: Path, mapping: Mapping, settings: StreamSettings, rejects: Path | None = None
) -> Check:
    """Return what reads a file and counts what it would become; see `Check`."""
    return Check(path, mapping, settings, known(), rejects, now=datetime.now(UTC))


def run(
    path: Path,
    mapping: Mapping,
    settings: StreamSettings,
    *,
    rejects: Path | None,
    outcomes: Path | None,
    wait: bool,
    may_send: Callable[[Checked], bool],
) -> Imported:
    """Check a file and publish its events.

    Args:
        path: the file.
        mapping: how it is read.
        settings: partitions and the ledger's window.
        rejects: where every rejected row is written as CSV; None for nowhere.
        outcomes: where is written what became of each event, which needs `wait`; None for nowhere.
        wait: see `publish`.
        may_send: is asked once the file is checked, before anything is sent.

    Raises:
        click.ClickException: when the file can't be read, or Kafka refuses a record.
    """
    kafka = load(Addresses).kafka
    with runs.alone(path, mapping.text) as folder:
        spool = Spool(folder)
        try:
            checked = checker(path, mapping, settings, rejects).run(spool.add)
            name = runs.name_of(mapping.file.feed, mapping.text, checked.digest)
            if (before := runs.find(name)) and before.undone_at is not None:
                raise click.ClickException(
                    f"import {name} was taken back on {before.undone_at:%Y-%m-%d}, and the same "
                    "events can't happen again: give the mapping another `feed`, which is part of "
                    "their names"
                )
            if not may_send(checked):
                return Imported(name, checked, None)
            noted = _noted(name, path, mapping, checked)
            since = ends_now(kafka, settings.partitions) | noted.since
            noted = msgspec.structs.replace(noted, since=since)
            with _opened(outcomes) as out:
                noted.save()

                def tell(told: Told) -> None:
                    if out is not None:
                        found = answers(kafka, since)
                        write(out, spool, mapping.rules, found, is_judged=not told.untold)

                topics = [rule.topic for rule in mapping.rules]
                sent = publish(name, spool, topics, wait=wait, then=tell)
            msgspec.structs.replace(noted, complete=True).save()
            return Imported(name, checked, sent)
        finally:
            spool.remove()


@contextmanager
def _opened(path: Path | None) -> Iterator[IO[str] | None]:
    """Open the file of outcomes before anything is sent, so that it surely can be written.

    What was there stays until all of it is written.
    """
    if path is None:
        yield None
        return
    place = path.resolve()
    is_special = place.exists() and not place.is_file()
    beside = place if is_special else place.with_name(f".{place.name}.part")
    try:
        out = beside.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise click.ClickException(f"--outcomes {path}: {error.strerror}") from error
    try:
        with out:
            yield out
        if not is_special:
            beside.replace(place)
    finally:
        if not is_special:
            beside.unlink(missing_ok=True)


def _noted(name: str, path: Path, mapping: Mapping, checked: Checked) -> runs.Run:
    """Return the run's file: the one there is, if it was begun before."""
    now = datetime.now(UTC)
    return runs.find(name) or runs.Run(
        run=name,
        feed=mapping.file.feed,
        file=str(path.resolve()),
        digest=checked.digest,
        mapping=mapping.text,
        events=checked.total,
        rejected=checked.rejected,
        last=checked.last or now,
        begun=now,
    )
