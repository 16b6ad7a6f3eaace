"""The Faust apps: settings in, app out; agents attach in their own modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faust

from streams.layer.transport import Transport
from streams.topics import FEED_ID, WORKER_ID

if TYPE_CHECKING:
    from streams.settings import StreamSettings

SESSION_SECONDS = 10.0
HEARTBEAT_SECONDS = 2.0


def create_worker(kafka: str, settings: StreamSettings) -> faust.App:
    """Return the worker's app: the ledger and the campaign agent with their tables."""
    from streams.agents import attach_campaigns, attach_wallets
    from streams.web import attach_balances

    app = _app(WORKER_ID, kafka, settings)
    app.conf.web_port = settings.worker_port
    app.conf.web_bind = settings.worker_host
    app.conf.web_host = settings.worker_host
    app.conf.canonical_url = f"http://{settings.worker_host}:{settings.worker_port}"
    accounts = attach_wallets(app, kafka, settings)
    attach_campaigns(app, kafka, settings)
    attach_balances(app, accounts, settings)
    return app


def create_feed(kafka: str, clickhouse: str, settings: StreamSettings) -> faust.App:
    """Return the feed's app, from Kafka to ClickHouse."""
    from streams.feed import attach_feed

    app = _app(FEED_ID, kafka, settings)
    app.conf.web_enabled = False
    attach_feed(app, clickhouse)
    return app


def _app(name: str, kafka: str, settings: StreamSettings) -> faust.App:
    datadir = settings.datadir
    datadir.mkdir(parents=True, exist_ok=True)  # Faust dies if a parent is missing
    app = faust.App(
        name,
        broker=[f"kafka://{address}" for address in kafka.split(",")],
        store="memory://",
        datadir=str(datadir),
        autodiscover=False,
        topic_partitions=settings.partitions,
        topic_replication_factor=settings.replication,
        topic_disable_leader=True,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_commit_interval=1.0,
        stream_buffer_maxsize=4096,
        stream_wait_empty=True,
        worker_redirect_stdouts=False,
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    return app


def run(app: faust.App) -> None:
    """Run `app` as a worker process until a signal ends it."""
    import mode.loop

    mode.loop.use("uvloop")
    # INFO, not WARN: Faust's WARN turns the root logger to DEBUG
    app.Worker(loglevel="INFO").execute_from_commandline()
