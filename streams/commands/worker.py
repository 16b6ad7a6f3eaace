"""`flowdrop worker`: run a worker."""

from __future__ import annotations

import click


@click.command()
@click.option("--port", type=int, help="Port of the web views (default: the setting worker_port).")
def worker(port: int | None) -> None:
    """Run a worker: it folds wallet events into balances and checks campaign events.

    Several workers share the partitions; start as many as there are cores, each on a port of its
    own. It creates missing topics first. SIGTERM drains, commits and leaves the group.

    Example: flowdrop worker --port 6067
    """
    from flowdrop.settings import Addresses, load
    from streams.kafka.topics import create_topics
    from streams.settings import StreamSettings
    from streams.worker.app import create_worker, run

    addresses, settings = load(Addresses), load(StreamSettings)
    if port is not None:
        settings = settings.model_copy(update={"worker_port": port})
    settings = settings.model_copy(
        update={"datadir": settings.datadir / f"worker-{settings.worker_port}"}
    )
    create_topics(addresses.kafka, settings)
    run(create_worker(addresses.kafka, settings))
