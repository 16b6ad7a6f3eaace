"""Refusing what another version of flowdrop wrote, before anything is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from streams.kafka.log import messages
from streams.kafka.topics import ACCOUNTS_CHANGELOG, PEOPLE_CHANGELOG
from streams.worker.agents import check_account, check_person

if TYPE_CHECKING:
    from streams.layer.state import Check

CHECKS: dict[str, Check] = {ACCOUNTS_CHANGELOG: check_account, PEOPLE_CHANGELOG: check_person}


def require_readable(kafka: str, topic: str, count: int) -> None:
    """Check that a table's changelog is in a format that this version reads.

    One record is enough: a worker that meets another format stops, so no log holds two.

    Raises:
        click.ClickException: with a sentence, if it is in another.
    """
    for number in range(count):
        for records in messages(kafka, topic, number):
            told = [(m.key(), m.value()) for m in records]
            known = [(k, v) for k, v in told if k and v is not None and not k.startswith(b"\x00")]
            if not known:
                continue
            try:
                CHECKS[topic](*known[0])
            except ValueError as error:
                raise click.ClickException(f"{topic} partition {number}: {error}") from error
            break
