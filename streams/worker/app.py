"""The Faust apps: settings in, app out; agents attach in their own modules."""

from __future__ import annotations

import faulthandler
import threading
from typing import TYPE_CHECKING

import faust

from flowdrop.settings import needed
from streams.kafka.topics import FEED_ID, WORKER_ID
from streams.layer.assignor import Assignor
from streams.layer.faults import end_process
from streams.layer.pace import Pace
from streams.layer.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.feed.trouble import Trouble
    from streams.layer.table import BatchTable
    from streams.settings import StreamSettings

HEARTBEATS_A_SESSION = 5
STOP_SECONDS_MAX = 15.0  # supervision and Docker wait a little longer before they kill


def create_worker(kafka: str, settings: StreamSettings) -> faust.App:
    """Return the worker's app: the ledger and the campaign agent with their tables."""
    from streams.worker.agents import attach_campaigns, attach_wallets
    from streams.worker.front import bound
    from streams.worker.web import attach_balances

    app = create_app(WORKER_ID, kafka, settings)
    serve_web(app, settings, needed(settings.worker_token, "worker_token"))
    accounts = attach_wallets(app, kafka, settings)
    people = attach_campaigns(app, kafka, settings)
    attach_balances(app, accounts, settings)
    watch_over(app, kafka, [accounts, people], settings)
    bound(app)
    return app


def create_feed(
    kafka: str, clickhouse: str, settings: StreamSettings, trouble: Trouble | None = None
) -> faust.App:
    """Return the feed's app, from Kafka to ClickHouse."""
    from streams.feed import attach_feed
    from streams.worker.metrics import serve

    app = create_app(FEED_ID, kafka, settings)
    app.conf.web_enabled = False
    serve(settings.worker_host, settings.feed_metrics_port)
    attach_feed(app, clickhouse, trouble)
    return app


def create_app(name: str, kafka: str, settings: StreamSettings) -> faust.App:
    """Return an app over partition batches, without agents."""
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
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.session_timeout_seconds / HEARTBEATS_A_SESSION,
        broker_commit_interval=1.0,
        stream_buffer_maxsize=4096,
        stream_wait_empty=True,
        worker_redirect_stdouts=False,
        PartitionAssignor=Assignor,
    )
    pace = Pace(settings.transactions_per_second_max)
    app.transport = Transport(app.conf.broker_consumer, app, pace=pace)
    return app


class Worker(faust.Worker):
    """Ends a process that can't leave in time, since none can drain while the broker is gone."""

    async def stop(self) -> None:
        """Stop, at the latest by a crash, which loses nothing."""
        reason = f"it did not stop within {STOP_SECONDS_MAX:.0f} s; Kafka may be unreachable"
        timer = threading.Timer(STOP_SECONDS_MAX, end_process, [reason])
        timer.daemon = True
        timer.start()
        await super().stop()


def serve_web(app: faust.App, settings: StreamSettings, token: str = "") -> None:
    """Make `app` serve its web views at the worker's address, to whoever has the `token`."""
    from streams.worker.front import options

    app.conf.web_application_options = options(token)
    app.conf.web_port = settings.worker_port
    app.conf.web_bind = settings.worker_host
    app.conf.web_host = settings.worker_host
    app.conf.canonical_url = f"http://{settings.worker_host}:{settings.worker_port}"


def watch_over(
    app: faust.App, kafka: str, tables: Sequence[BatchTable], settings: StreamSettings
) -> None:
    """End a worker that makes no progress, and report its state: health, readiness, metrics."""
    from streams.layer.table import positions
    from streams.layer.watch import Watch
    from streams.worker.web import attach_health

    watch = Watch(kafka, lambda: positions(app, tables), settings.stuck_seconds)
    attach_health(app, tables, watch)

    async def start_watch() -> None:
        watch.start()

    app.task(start_watch)


def run(app: faust.App) -> None:
    """Run `app` as a worker process until a signal ends it."""
    faulthandler.enable()  # if native code crashes, the log says where
    # asyncio's own loop: with uvloop, which is 2 to 10 % faster, 2 of some 250 workers that came
    # and went in rebalances crashed in its native code while they stopped.
    # INFO, not WARN: Faust's WARN turns the root logger to DEBUG
    Worker(app, loglevel="INFO").execute_from_commandline()
