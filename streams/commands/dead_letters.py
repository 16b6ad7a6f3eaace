"""`flowdrop deadletters`: list, show or retry records that were set aside."""

from __future__ import annotations

import click

from flowdrop.options import as_json_option
from flowdrop.output import echo, print_json, print_rows, say


@click.group(epilog="Example: flowdrop deadletters list --reason not_json")
def deadletters() -> None:
    """List, show or retry records that were set aside."""


@deadletters.command("list")
@click.option("--reason", help="Only those with this reason.")
@click.option("--limit", default=50, show_default=True, help="Maximum number of rows; 0 for all.")
@as_json_option()
def deadletters_list(reason: str | None, limit: int, *, as_json: bool) -> None:
    """List dead letters, oldest first in each partition, with the number for each reason.

    Example: flowdrop deadletters list --reason not_json
    """
    from collections import Counter

    from flowdrop.settings import Addresses, load
    from streams.inspect.dead_letters import dead_letters
    from streams.settings import StreamSettings

    letters = list(dead_letters(load(Addresses).kafka, load(StreamSettings).partitions))
    counts = Counter(letter.reason for letter in letters)
    chosen = [letter for letter in letters if reason in {None, letter.reason}]
    shown = [letter.row() for letter in (chosen[:limit] if limit else chosen)]
    if as_json:
        print_json({"count": len(letters), "reasons": dict(sorted(counts.items())), "rows": shown})
        return
    print_rows(shown, title="Dead letters", empty="none, every record was readable")
    print_rows([{"reason": r, "records": n} for r, n in sorted(counts.items())], title="By reason")
    if len(shown) < len(chosen):
        say(f"{len(shown)} of {len(chosen)} shown; --limit 0 shows all")


@deadletters.command("show")
@click.argument("place")
@as_json_option()
def deadletters_show(place: str, *, as_json: bool) -> None:
    """Show the dead letter of PLACE (topic:partition:offset) with its bytes.

    Example: flowdrop deadletters show wallet.events:3:1742
    """
    from flowdrop.settings import Addresses, load
    from streams.inspect.dead_letters import dead_letter, parse_place

    letter = dead_letter(load(Addresses).kafka, parse_place(place))
    if as_json:
        print_json({**letter.row(), "value": letter.text()})
        return
    print_rows([letter.row()], title=place)
    echo(letter.text())


@deadletters.command("retry")
@click.argument("place")
@click.option(
    "--value",
    "value_file",
    type=click.Path(exists=True, dir_okay=False),
    help="File with the corrected record; without it the same bytes are sent again.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    help="Wait until a worker has judged it, and report what became of it.",
)
def deadletters_retry(place: str, value_file: str | None, *, yes: bool, wait: bool) -> None:
    """Send the record of PLACE to its topic again, corrected or as it was.

    Example: flowdrop deadletters retry wallet.events:3:1742 --value corrected.json
    """
    from pathlib import Path

    from flowdrop.settings import Addresses, load
    from streams.inspect.dead_letters import dead_letter, parse_place, retry
    from streams.kafka.publish.outbox import Outbox, end
    from streams.settings import StreamSettings

    kafka, settings = load(Addresses).kafka, load(StreamSettings)
    letter = dead_letter(kafka, parse_place(place))
    value = Path(value_file).read_bytes() if value_file else letter.value
    if not yes:
        click.confirm(
            f"send {len(value or b''):,} bytes to {letter.place.topic}, once set aside as "
            f"{letter.reason}?",
            abort=True,
            err=True,
        )
    outbox = Outbox(kafka, settings.partitions, wait=wait)
    partition = retry(outbox, letter, value, settings.partitions)
    say(f"sent to {letter.place.topic} partition {partition}")
    told = outbox.told()
    if told is not None:
        say(told.outcomes)
    end(told)
