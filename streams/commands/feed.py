"""`flowdrop feed`: run the feed from Kafka to ClickHouse."""

from __future__ import annotations

import click


@click.command()
def feed() -> None:
    """Run the feed, which brings postings, campaign events and dead letters into ClickHouse.

    If ClickHouse is down it waits; it resumes after the last row stored.

    Example: flowdrop feed
    """
    from flowdrop.settings import Addresses, load
    from sql.client import connect
    from sql.days import adopt_zone
    from streams.feed import check_migrated, inspect
    from streams.kafka.topics import create_topics
    from streams.settings import StreamSettings
    from streams.worker.app import create_feed, run

    addresses, settings = load(Addresses), load(StreamSettings)
    settings = settings.model_copy(update={"datadir": settings.datadir / "feed"})
    client = connect(addresses.feeding)
    check_migrated(client)
    adopt_zone(client, settings.zone)
    trouble = inspect(client)
    create_topics(addresses.kafka, settings)
    run(create_feed(addresses.kafka, addresses.feeding, settings, trouble))
