"""A real Apache Kafka on this machine, one node or three, without Docker. Data and ports outlive the process."""

import json
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from deploy.local.access import Account
from deploy.local.broker import READY_LIMIT_S, Broker, Node, train_start_cache
from deploy.local.folders import hand_over, write_whole
from deploy.local.java import Java

STOP_PATIENCE_S = 20
COORDINATOR_PAUSE_S = 0.1
STOP_PATIENCE_OF_MANY_S = 5  # the last nodes of a cluster have lost their quorum and ignore SIGTERM


class OtherCluster(Exception):
    """The data folder holds a cluster with another number of nodes."""

    next_action = "Start it with the number of nodes it was made with, or choose an empty data folder."


@dataclass(frozen=True, slots=True)
class Cluster:
    """What must stay the same from one start to the next: the cluster's id, and its ports while they are free."""

    id: str
    nodes: Sequence[Node]

    @classmethod
    def new(cls, size: int) -> "Cluster":
        """A cluster nobody has seen before. The id never begins with "-", which Kafka's formatter takes for an option."""
        return cls("k" + uuid.uuid4().hex[:21], [Node.on_free_ports(number + 1) for number in range(size)])

    @classmethod
    def read(cls, file: Path) -> "Cluster":
        """The cluster noted in `file`."""
        noted = json.loads(file.read_text())
        return cls(noted["id"], [Node(**node) for node in noted["nodes"]])

    def write(self, file: Path) -> None:
        """Note the cluster in `file`."""
        write_whole(file, json.dumps(asdict(self), indent=1).encode())

    def on_free_ports(self) -> "Cluster":
        """The same cluster; a node whose port was taken meanwhile moves."""
        return Cluster(self.id, [node if node.may_listen() else Node.on_free_ports(node.number) for node in self.nodes])


class Kafka:
    """Apache Kafka in KRaft mode under `data/kafka`. `start` starts every node that is not running, with the records it had."""

    def __init__(self, data: Path, brokers: int = 1, advertised_port: int | None = None, administrator: Account | None = None) -> None:
        """`advertised_port`: where clients of a single node are sent to, when something stands before it.

        With an `administrator`, whom the folder keeps, clients log in by SCRAM and may do only what an ACL allows.
        """
        self._advertised_port = advertised_port
        self._administrator = administrator
        self._folder = data.absolute() / "kafka"
        self._size = brokers
        self._cluster = self._known_cluster()
        self._brokers = self._make_brokers()

    @property
    def bootstrap(self) -> str:
        """The address list clients connect to; it does not change while a node runs."""
        return ",".join(node.address for node in self._cluster.nodes)

    @property
    def alive(self) -> bool:
        """Whether every node runs."""
        return all(broker.alive for broker in self._brokers)

    def start(self) -> None:
        """Start the nodes that are not running and wait until each answers. Raises ServerFailed, FolderClosed, WrongChecksum."""
        java = Java.installed().with_start_cache(train_start_cache)
        if not any(broker.alive for broker in self._brokers):
            self._settle()
        asleep = [broker for broker in self._brokers if not broker.alive]
        with ThreadPoolExecutor(self._size) as together:
            preparing = [together.submit(broker.prepare, java, self._cluster.id, self._cluster.nodes) for broker in asleep]
        for prepared in preparing:
            prepared.result()
        for broker in asleep:
            broker.launch(java)
        for broker in asleep:
            broker.wait_ready(READY_LIMIT_S)

    def _settle(self) -> None:
        """Fix the ports for as long as a node runs, and note them."""
        hand_over(self._folder)
        self._cluster = self._known_cluster().on_free_ports()
        self._cluster.write(self._folder / "cluster.json")
        self._brokers = self._make_brokers()

    def _known_cluster(self) -> Cluster:
        noted = self._folder / "cluster.json"
        cluster = Cluster.read(noted) if noted.exists() else Cluster.new(self._size)
        if len(cluster.nodes) != self._size:
            raise OtherCluster(f"{self._folder} holds a cluster of {len(cluster.nodes)}, not of {self._size}")
        return cluster

    def _make_brokers(self) -> list[Broker]:
        own = self._advertised_port, self._administrator
        return [Broker(node, self._folder / f"node{node.number}", *own) for node in self._cluster.nodes]

    def stop(self) -> None:
        """Ask all nodes to end, then wait for each; one that does not end is killed."""
        for broker in self._brokers:
            broker.ask_to_end()
        for broker in self._brokers:
            broker.stop(STOP_PATIENCE_S if self._size == 1 else STOP_PATIENCE_OF_MANY_S)

    def kill(self, node: int | None = None) -> None:
        """SIGKILL one node, counted from 1, or all of them."""
        for broker in self._brokers:
            if node in (None, broker.node.number):
                broker.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def warm_coordinator(bootstrap: str) -> None:
    """Have the broker make its table of group offsets now: the first classic group on a fresh broker otherwise waits about 3 s.

    Runs for that long; nothing is committed, no group stays behind. Meant for a thread beside other start-up work.
    """
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "warm-coordinator"})
    deadline = time.monotonic() + READY_LIMIT_S
    try:
        while not _has_coordinator(consumer) and time.monotonic() < deadline:
            time.sleep(COORDINATOR_PAUSE_S)
    finally:
        consumer.close()


def _has_coordinator(consumer: Consumer) -> bool:
    """False while the table of group offsets is being made."""
    try:
        consumer.committed([TopicPartition("warm-coordinator", 0)], timeout=READY_LIMIT_S)
    except KafkaException as not_yet:
        if not_yet.args[0].code() in (
            KafkaError.NOT_COORDINATOR,
            KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
            KafkaError.COORDINATOR_NOT_AVAILABLE,
        ):
            return False
        raise
    return True
