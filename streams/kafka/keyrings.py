"""Keys as the settings list them, and as the partitions' logs have judged them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import click

from flowdrop.places import PREFIX
from flowdrop.settings import needed
from streams.events import ChangeOfKey, KeyChange, KeyData, Purpose
from streams.events.times import microseconds
from streams.kafka.log import messages
from streams.kafka.topics import ACCOUNTS_CHANGELOG
from streams.ledger.accounts import keys_name, unpack
from streams.ledger.keys import sign
from streams.ledger.legs import UNSIGNED
from streams.ledger.terms import Keyring, keyring_of
from streams.ledger.trust import GENESIS, fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pydantic import SecretStr

    from streams.settings import StreamSettings

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

# 256 bits: nobody can guess it, and no default or word is accepted as one.
_ONE = re.compile(r"([A-Za-z0-9._-]{1,32}):([0-9a-f]{64})")


def keys_in(setting: SecretStr, name: str) -> dict[str, bytes]:
    """Return the secrets of the setting `name` by id, in its order.

    Raises:
        click.ClickException: when there are none, or they are not written as `id:hex,id:hex`.
    """
    found: dict[str, bytes] = {}
    for text in needed(setting, name).split(","):
        match = _ONE.fullmatch(text.strip())
        if match is None or match[1] in found:
            raise click.ClickException(
                f"setting {name}: each key is ID:SECRET, with a secret of 64 hexadecimal digits "
                "(0-9, a-f), separated by commas and with no id twice; set "
                f"{PREFIX}{name.upper()}, or let `flowdrop up` generate them"
            )
        found[match[1]] = bytes.fromhex(match[2])
    if GENESIS not in found:
        raise click.ClickException(
            f"setting {name}: the key {GENESIS}, with which every log begins, is missing; keys are "
            "kept as long as the log is, revoked or not"
        )
    return found


def keys_of(settings: StreamSettings, purpose: Purpose) -> dict[str, bytes]:
    """Return the secrets of a purpose by id."""
    name = f"{purpose}_keys"
    return keys_in(getattr(settings, name), name)


def rings(kafka: str, partitions: int, purpose: Purpose) -> list[Keyring]:
    """Return what each partition's log has said about the keys of a purpose, as committed.

    Raises:
        click.ClickException: when Kafka falls silent.
    """
    found = [Keyring() for _ in range(partitions)]
    for number in range(partitions):
        name = keys_name(purpose, number)
        for records in messages(kafka, ACCOUNTS_CHANGELOG, number):
            for record in records:
                if record.key() == name.encode() and (value := record.value()) is not None:
                    found[number] = keyring_of(unpack(name, value).terms)
    return found


def operator_key(kafka: str, settings: StreamSettings) -> tuple[str, bytes]:
    """Return the id and the secret of the key with which an operator signs now.

    Raises:
        click.ClickException: when the settings lack it.
    """
    keys = keys_of(settings, "rules")
    signs = GENESIS if len(keys) == 1 else rings(kafka, settings.partitions, "rules")[0].signs
    if signs not in keys:
        raise click.ClickException(
            f"setting rules_keys: the log is signed with the key {signs}, which is missing; add it"
        )
    return signs, keys[signs]


def key_changes(
    settings: StreamSettings,
    purpose: Purpose,
    step: ChangeOfKey,
    about: str,
    signer: tuple[str, bytes],
    time: datetime,
) -> Iterator[KeyChange]:
    """Yield the signed event that changes a key, once per partition."""
    key, secret = signer
    known = keys_of(settings, purpose).get(about)
    fingerprint = fingerprint_of(known) if known is not None and step == "introduce" else ""
    for number in range(settings.partitions):
        subject = keys_name(purpose, number)
        event = KeyChange(
            id=f"{subject}:{step}:{about}:{microseconds(time)}",
            source="flowdrop/keys",
            time=time,
            subject=subject,
            data=KeyData(
                purpose=purpose,
                step=step,
                about=about,
                fingerprint=fingerprint,
                key=key,
                signature=UNSIGNED,
            ),
        )
        yield sign(event, secret)
