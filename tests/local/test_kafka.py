"""The node is a real Kafka: it keeps its data through a stop and a kill, and takes a megabyte."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from local import processes
from local.environment import part_environment
from local.kafka import jars, java
from local.kafka.node import KafkaNode

pytestmark = pytest.mark.kafka


@pytest.fixture
def node(tmp_path: Path) -> Iterator[KafkaNode]:
    node = KafkaNode(tmp_path)
    node.start()
    yield node
    node.stop()


def create_topic(node: KafkaNode, name: str) -> None:
    topic = NewTopic(name, 2, 1, config={"max.message.bytes": "4194304"})
    client = AdminClient({"bootstrap.servers": node.bootstrap})
    client.create_topics([topic])[name].result(30)


def send(node: KafkaNode, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": node.bootstrap, "message.max.bytes": 4_000_000})
    producer.produce(topic, value, partition=0)
    assert producer.flush(30) == 0


def read(node: KafkaNode, topic: str, count: int) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": node.bootstrap, "group.id": "test"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found = consumer.consume(count, timeout=30)
    consumer.close()
    return [message.value() for message in found]


def test_data_outlives_a_stop_and_a_kill(node: KafkaNode) -> None:
    create_topic(node, "t")
    send(node, "t", b"one")
    assert node.stop() == "stopped"
    assert not node.answers()
    node.start()
    send(node, "t", b"two")
    node.kill()
    assert processes.look(node.part).state == "died"
    node.start()
    assert read(node, "t", 2) == [b"one", b"two"]


def test_a_megabyte_is_taken_and_an_unknown_topic_is_not_made(kafka: str) -> None:
    node = KafkaNode(Path("/nowhere"), int(kafka.rpartition(":")[2]))
    create_topic(node, "large")
    send(node, "large", b"x" * 3_000_000)
    assert [len(value) for value in read(node, "large", 1)] == [3_000_000]
    client = AdminClient({"bootstrap.servers": kafka})
    topics = client.list_topics("never-made", timeout=10).topics
    assert topics["never-made"].error is not None


def test_transactions_work_with_one_node(kafka: str) -> None:
    create_topic(KafkaNode(Path("/nowhere"), int(kafka.rpartition(":")[2])), "tx")
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": "local-test"})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce("tx", b"in", partition=0)
    producer.commit_transaction(30)


def test_a_jar_that_is_not_what_the_lock_says_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = jars.locked()[0]
    lock = tmp_path / "kafka.lock"
    lock.write_text(f"{'0' * 64} {first.coordinate}\n")
    monkeypatch.setattr(jars, "LOCK", lock)
    with pytest.raises(click.ClickException, match=r"kafka_2.13.*has SHA-256 e3669cb.*says 0000"):
        jars.class_path(tmp_path / "jars")


def test_a_damaged_jar_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = next(jar for jar in jars.locked() if "slf4j-simple" in jar.coordinate)
    lock = tmp_path / "kafka.lock"
    lock.write_text(f"{jar.sha256} {jar.coordinate}\n")
    monkeypatch.setattr(jars, "LOCK", lock)
    (path,) = jars.class_path(tmp_path / "jars")
    good = path.read_bytes()
    path.write_bytes(good[:100])
    assert jars.class_path(tmp_path / "jars") == [path]
    assert path.read_bytes() == good


def test_the_lock_lists_what_jgo_resolves(tmp_path: Path) -> None:
    folder = tmp_path / "jars"
    jars.class_path()
    shutil.copytree(jars.jars_folder(), folder)  # so that only small files are fetched
    assert jars.lock(folder) == jars.locked()


@pytest.mark.parametrize(
    ("shown", "major"),
    [('openjdk version "17.0.11" 2024', 17), ('java version "1.8.0_392"', 8), ('x "25" y', 0)],
)
def test_java_version(tmp_path: Path, shown: str, major: int) -> None:
    program = tmp_path / "java"
    program.write_text(f"#!/bin/sh\necho '{shown}' >&2\n")
    program.chmod(0o755)
    if major:
        assert java.version_of(str(program)) == major
    else:
        with pytest.raises(click.ClickException, match="says no version"):
            java.version_of(str(program))


def test_an_old_java_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("FLOWDROP_JAVA", "system")
    with pytest.raises(click.ClickException, match="is Java 11, Kafka needs 17 or newer; unset"):
        java.java()
    monkeypatch.setenv("FLOWDROP_JAVA", str(tmp_path / "missing"))
    with pytest.raises(click.ClickException, match="does not run as Java"):
        java.java()


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    node = KafkaNode(tmp_path)
    node.prepare()
    (tmp_path / "data" / "kafka" / "meta.properties").write_text("version=7\n")
    with pytest.raises(click.ClickException, match=r"kafka ended by itself.*"):
        node.start()
    assert "meta.properties" in node.part.log.read_text()


def test_bytecode_is_kept_where_the_user_wants_none_beside_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    env = part_environment(tmp_path)
    assert "PYTHONDONTWRITEBYTECODE" not in env
    assert env["PYTHONPYCACHEPREFIX"].endswith("bytecode")
