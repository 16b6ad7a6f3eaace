"""The events that publish programs' rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import ProgramRules, RulesData
from streams.events.times import microseconds
from streams.kafka.log import messages
from streams.kafka.topics import ACCOUNTS_CHANGELOG
from streams.ledger.accounts import kind_of, rules_name, unpack
from streams.ledger.published import sign
from streams.ledger.terms import published_of
from streams.programs.canonical import program_of, text_of
from streams.programs.files import ProgramError, files_of, read
from streams.programs.past import change_of_past, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from streams.programs.entries import Program

UNSIGNED = "0" * 64


def rules_events(
    folder: Path, partitions: int, *, key: str, secret: bytes, time: datetime
) -> Iterator[ProgramRules]:
    """Yield the signed rules of every program of `folder`, once per partition.

    Args:
        folder: of the programs' files.
        partitions: how many there are.
        key: the id of the operator's key.
        secret: the key.
        time: when they are published; later than those before.

    Raises:
        ProgramError: when a file is wrong, or there is none.
    """
    for path in files_of(folder):
        name, text = path.stem, text_of(path)
        for number in range(partitions):
            subject = rules_name(name, number)
            event = ProgramRules(
                id=f"{subject}:{microseconds(time)}",
                source="flowdrop/programs",
                time=time,
                subject=subject,
                data=RulesData(program=name, rules=text, key=key, signature=UNSIGNED),
            )
            yield sign(event, secret)


def published(kafka: str) -> dict[str, Program]:
    """Return the programs whose rules the ledger has read from the log, by name.

    Every partition gets the same, so the first one is asked.

    Raises:
        click.ClickException: when Kafka falls silent.
    """
    found: dict[str, Program] = {}
    for records in messages(kafka, ACCOUNTS_CHANGELOG, 0):
        for record in records:
            name, value = (record.key() or b"").decode(), record.value()
            if kind_of(name) == "rules" and value is not None:
                account = unpack(name, value)
                rules = published_of(account.terms).rules
                found[account.program] = program_of(account.program, rules)
    return found


def check_the_past(folder: Path, before: Mapping[str, Program], now: datetime) -> None:
    """Check the files of `folder` against what was published `before` for the time until `now`.

    Raises:
        ProgramError: naming file, line, key and the way to change rules.
    """
    for path in files_of(folder):
        program = read(path)
        if path.stem in before:
            change = change_of_past(before[path.stem], program, microseconds(now))
            if change is not None:
                raise ProgramError(told(change, path, now))
