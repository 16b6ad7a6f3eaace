"""`flowdrop topics`: create, show or fix the Kafka topics."""

from __future__ import annotations

import click

from flowdrop.options import as_json_option
from flowdrop.output import counted, print_json, print_rows, say


@click.group(epilog="Example: flowdrop topics create")
def topics() -> None:
    """Create, show or fix the Kafka topics."""


@topics.command("create")
def topics_create() -> None:
    """Create the topics that are missing.

    Example: flowdrop topics create
    """
    from flowdrop.settings import Addresses, load
    from streams.kafka.topics import create_topics
    from streams.settings import StreamSettings

    made = create_topics(load(Addresses).kafka, load(StreamSettings))
    say(f"made {name}" for name in made)
    say(f"{counted(len(made), 'topic')} created, the others were there")


@topics.command("mend")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def topics_mend(*, yes: bool) -> None:
    """Have Kafka, not the writer, timestamp the records of the logs.

    It sets message.timestamp.type of wallet.events and campaign.events to LogAppendTime, which a
    worker needs. Existing records keep their timestamps. If no worker has read them, nothing is
    lost by deleting and creating the topics; if one has, look at `flowdrop deadletters list` and
    the refusals `too_old` for the effects of wrong timestamps.

    Example: flowdrop topics mend
    """
    from flowdrop.settings import Addresses, load
    from streams.kafka.topics import BY_BROKER, STAMPS, mend_stamps

    if not yes:
        click.confirm(f"set {STAMPS}={BY_BROKER} where it is not?", abort=True, err=True)
    mended = mend_stamps(load(Addresses).kafka)
    say(f"mended {name}" for name in mended)
    say(f"{counted(len(mended), 'topic')} mended")


@topics.command("show")
@as_json_option()
def topics_show(*, as_json: bool) -> None:
    """Show each topic's partitions, where they end (markers included), who timestamps its records.

    Exits with status 1 if a log takes its writers' timestamps.

    Example: flowdrop topics show --json
    """
    from confluent_kafka.admin import AdminClient

    from flowdrop.settings import Addresses, load
    from streams.kafka.topics import TOPICS, ends, reader, require_stamps, stamps
    from streams.settings import StreamSettings

    settings, kafka = load(StreamSettings), load(Addresses).kafka
    consumer = reader(kafka)
    stamped = stamps(AdminClient({"bootstrap.servers": kafka}))
    rows = []
    for name in TOPICS:
        places = ends(consumer, name, settings.partitions)
        rows.append(
            {
                "topic": name,
                "partitions": len(places),
                "offsets": sum(place.end - place.first for place in places),
                "largest": max(place.end for place in places),
                "stamps": stamped.get(name),
            }
        )
    consumer.close()
    print_json(rows) if as_json else print_rows(rows, title="Topics")
    require_stamps(stamped)
