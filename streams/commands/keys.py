"""Commands about the keys that sign what the ledger and its operators write to the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from flowdrop.options import as_json_option
from flowdrop.output import print_json, print_rows, say

if TYPE_CHECKING:
    from streams.events import ChangeOfKey, Purpose
    from streams.ledger.terms import Keyring
    from streams.settings import StreamSettings

purpose_option = click.option(
    "--purpose",
    type=click.Choice(["ledger", "rules"]),
    default="ledger",
    show_default=True,
    help="Keys of the ledger's legs, or of an operator's rules and changes of keys.",
)


@click.group(epilog="Example: flowdrop ledger keys list")
def keys() -> None:
    """List the keys that sign legs and rules, take a new one into use, revoke an old one."""


@keys.command("list")
@as_json_option()
def list_keys(*, as_json: bool) -> None:
    """List every key: whether the settings have it, and its state on how many partitions.

    Example: flowdrop ledger keys list
    """
    from flowdrop.settings import Addresses, load
    from streams.kafka.keyrings import PURPOSES
    from streams.settings import StreamSettings

    kafka, settings = load(Addresses).kafka, load(StreamSettings)
    rows = [row for purpose in PURPOSES for row in _rows(kafka, settings, purpose)]
    print_json(rows) if as_json else print_rows(rows, title="Keys")


def _rows(kafka: str, settings: StreamSettings, purpose: Purpose) -> list[dict[str, object]]:
    from streams.kafka.keyrings import keys_of, rings

    known, found = keys_of(settings, purpose), rings(kafka, settings.partitions, purpose)
    named = dict.fromkeys(known) | {key: None for ring in found for key in _ids(ring)}
    return [
        {
            "purpose": purpose,
            "key": key,
            "in_settings": key in known,
            "trusted": sum(key in ring.trusted for ring in found),
            "signs": sum(key == ring.signs for ring in found),
            "revoked": sum(key in ring.revoked for ring in found),
        }
        for key in named
    ]


def _ids(ring: Keyring) -> list[str]:
    return [*ring.trusted, *ring.revoked]


@keys.command("add")
@purpose_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def add(purpose: str, *, yes: bool) -> None:
    """Take the newest key of the settings into use on every partition.

    `flowdrop secrets rotate PURPOSE` draws it. It is introduced everywhere before any partition
    signs with it, so that nothing in transit is refused; the old one is trusted until it is
    revoked. If it was interrupted, run it again to finish.

    Example: flowdrop ledger keys add
    """
    from flowdrop.settings import Addresses, load
    from streams.kafka.keyrings import keys_of, rings
    from streams.settings import StreamSettings

    kafka, settings = load(Addresses).kafka, load(StreamSettings)
    of = cast("Purpose", purpose)
    newest = list(keys_of(settings, of))[-1]
    found = rings(kafka, settings.partitions, of)
    if any(newest in ring.revoked for ring in found):
        raise click.ClickException(
            f"the key {newest} is revoked; draw another with `flowdrop secrets rotate {purpose}`"
        )
    if all(ring.signs == newest for ring in found):
        raise click.ClickException(
            f"every partition already signs with {newest}, the newest key in the settings; draw "
            f"another with `flowdrop secrets rotate {purpose}`"
        )
    if not yes:
        click.confirm(f"sign with the {purpose} key {newest} from now on?", abort=True, err=True)
    _publish(kafka, settings, of, "introduce", newest)
    _publish(kafka, settings, of, "use", newest)
    say(f"{settings.partitions} partitions sign with {newest} once they have read this")


@keys.command("revoke")
@click.argument("key")
@purpose_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def revoke(key: str, purpose: str, *, yes: bool) -> None:
    """Stop trusting KEY: what is signed with it after this is refused, permanently.

    What was signed with it before stays as it is; `flowdrop ledger forged` finds the part that the
    ledger did not write. Keep its secret: packets draw from it, and the log is folded with it.

    Example: flowdrop ledger keys revoke k1
    """
    from flowdrop.settings import Addresses, load
    from streams.kafka.keyrings import rings
    from streams.settings import StreamSettings

    kafka, settings = load(Addresses).kafka, load(StreamSettings)
    of = cast("Purpose", purpose)
    found = rings(kafka, settings.partitions, of)
    if all(key in ring.revoked for ring in found):
        raise click.ClickException(f"the key {key} is already revoked on every partition")
    if lacking := [n for n, ring in enumerate(found) if key not in _ids(ring)]:
        raise click.ClickException(
            f"partition {lacking[0]} knows no key {key}; see `flowdrop ledger keys list`"
        )
    if signing := [n for n, ring in enumerate(found) if ring.signs == key]:
        raise click.ClickException(
            f"partition {signing[0]} still signs with {key}, and what is in transit would be "
            "refused; take another into use with `flowdrop ledger keys add`, and wait until the "
            "workers have read that"
        )
    if not yes:
        click.confirm(f"revoke the {purpose} key {key} permanently?", abort=True, err=True)
    _publish(kafka, settings, of, "revoke", key)
    say(f"{key} is revoked on {settings.partitions} partitions from here on")


def _publish(
    kafka: str, settings: StreamSettings, purpose: Purpose, step: ChangeOfKey, about: str
) -> None:
    """Write a change into every partition's log, and wait until all have it."""
    from datetime import UTC, datetime

    from streams.events import WALLET_TOPIC
    from streams.kafka.keyrings import key_changes, operator_key
    from streams.kafka.publish import publish, require_topics

    require_topics(kafka, settings.partitions, WALLET_TOPIC)
    signer = operator_key(kafka, settings)
    publish(
        key_changes(settings, purpose, step, about, signer, datetime.now(UTC)),
        kafka,
        settings.partitions,
    )
