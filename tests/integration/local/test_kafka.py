"""The real broker: acknowledges, keeps, and comes back after kill -9 with what it acknowledged."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.local.access import Account
from deploy.local.folders import temporary_data_folder
from deploy.local.kafka import Cluster, Kafka, OtherCluster, warm_coordinator
from deploy.local.processes import LOOPBACK

QUIET: dict[str, str | int | float | bool] = {"log_level": 0}


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder of its own."""
    with temporary_data_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def kafka(data: Path) -> Iterator[Kafka]:
    """One running broker."""
    with Kafka(data) as broker:
        yield broker


def test_an_acknowledged_record_survives_kill_and_restart(kafka: Kafka) -> None:
    """Goal: an acknowledgement is a promise. Case: topic, one record, read back; SIGKILL, start on the same folder, read again."""
    _make_topic(kafka, "kept")
    _produce(kafka, "kept", b"durable")
    warm_coordinator(kafka.bootstrap)
    assert b"durable" == _first_record(kafka, "kept", group="before")

    address = kafka.bootstrap
    kafka.kill()
    assert not kafka.alive
    kafka.start()

    assert address == kafka.bootstrap
    assert b"durable" == _first_record(kafka, "kept", group="after")


def test_a_topic_nobody_declared_is_not_made(kafka: Kafka) -> None:
    """Goal: topics come from schemas/topics.yaml alone. Case: a question about an undeclared one does not create it."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap, **QUIET})
    admin.list_topics("undeclared", timeout=10)
    assert "undeclared" not in admin.list_topics(timeout=10).topics


def test_the_folder_remembers_how_many_nodes_it_has(kafka: Kafka, data: Path) -> None:
    """Goal: no half cluster. Case: the folder of one node opened as three."""
    with pytest.raises(OtherCluster, match="holds a cluster of 1, not of 3"):
        Kafka(data, brokers=3)


def test_a_node_moves_only_when_its_port_is_taken() -> None:
    """Goal: clients find the broker where it was. Case: two nodes, somebody else now listens on the first one's port."""
    cluster = Cluster.new(2)
    with socket.create_server((LOOPBACK, cluster.nodes[0].port)):
        moved = cluster.on_free_ports()
    assert cluster.nodes[0].port != moved.nodes[0].port
    assert cluster.nodes[1] == moved.nodes[1]
    assert cluster.id == moved.id


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")
def test_started_by_root_it_belongs_to_an_ordinary_user(kafka: Kafka, data: Path) -> None:
    """Goal: nothing that listens runs as root. Case: the owner of a file the broker wrote."""
    assert kafka.alive
    assert "nobody" == (data / "kafka" / "node1" / "data" / "meta.properties").owner()


def test_with_an_administrator_nobody_else_gets_in() -> None:
    """Goal: the account outlives the process. Case: SIGKILL, start; the right password, a wrong one, nobody's name."""
    administrator = Account("administrator", "right")
    with temporary_data_folder() as folder, Kafka(folder, administrator=administrator) as kafka:
        kafka.kill()
        kafka.start()
        asked = {
            "right": administrator.client_settings,
            "wrong": Account("administrator", "wrong").client_settings,
            "nobody": {"security.protocol": "PLAINTEXT"},
        }
        assert ["right"] == [who for who, login in asked.items() if _lets_in(kafka, login)]
    assert "right" not in repr(administrator)


def _lets_in(kafka: Kafka, login: dict[str, str]) -> bool:
    try:
        AdminClient({"bootstrap.servers": kafka.bootstrap, **QUIET, **login}).list_topics(timeout=5)
    except KafkaException:
        return False
    return True


def _make_topic(kafka: Kafka, name: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap, **QUIET})
    admin.create_topics([NewTopic(name, 1)])[name].result(timeout=30)


def _produce(kafka: Kafka, topic: str, value: bytes) -> None:
    outcomes: list[KafkaError | None] = []
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True, **QUIET})
    producer.produce(topic, value, on_delivery=lambda error, _: outcomes.append(error))
    assert 0 == producer.flush(30)
    assert [None] == outcomes


def _first_record(kafka: Kafka, topic: str, group: str) -> bytes | None:
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group, "auto.offset.reset": "earliest", **QUIET})
    try:
        consumer.subscribe([topic])
        message: Message | None = consumer.poll(30)
        assert message is not None
        assert message.error() is None
        return message.value()
    finally:
        consumer.close()
