"""One Kafka node in KRaft mode, broker and controller in one process: its settings, its storage, its process."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.local.access import Account
from deploy.local.folders import hand_over, write_whole
from deploy.local.java import Java
from deploy.local.processes import LOOPBACK, ServerFailed, ServerProcess, free_port, is_free, run_to_end

TEMPLATE = Template(Path(__file__).with_name("server.properties").read_text())
READY_LIMIT_S = 60
ANSWER_LIMIT_S = 0.5
QUIET_CLIENT: dict[str, str | int] = {"log_level": 0, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200}
TRAINING_CLUSTER = "training-start-cache0"


@dataclass(frozen=True, slots=True)
class Node:
    """A node's number in the cluster (from 1) and its two ports on 127.0.0.1."""

    number: int
    port: int
    controller_port: int

    @classmethod
    def on_free_ports(cls, number: int) -> "Node":
        """A node on two ports nobody uses."""
        return cls(number, free_port(), free_port())

    @property
    def address(self) -> str:
        """Where clients reach it."""
        return f"{LOOPBACK}:{self.port}"

    def may_listen(self) -> bool:
        """Whether both ports are free."""
        return is_free(self.port) and is_free(self.controller_port)


class Broker:
    """One node, its folder and its process."""

    def __init__(self, node: Node, folder: Path, advertised_port: int | None = None, administrator: Account | None = None) -> None:
        """`advertised_port`: where clients are sent to, when something stands before the node. `administrator`: with access control."""
        self.node = node
        self._advertised_port = advertised_port or node.port
        self._administrator = administrator
        self._folder = folder
        self._settings = folder / "server.properties"
        self._log_dir = folder / "data"
        self._process = ServerProcess(f"Kafka node {node.number}", folder / "broker.log")

    def prepare(self, java: Java, cluster_id: str, nodes: Sequence[Node]) -> None:
        """Write the settings, and format the storage when this folder has none yet."""
        hand_over(self._folder)
        write_whole(self._settings, self._properties(nodes).encode())
        if not (self._log_dir / "meta.properties").exists():
            formatting = java.command(
                "kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", self._settings, *self._accounts
            )
            run_to_end(f"Formatting Kafka node {self.node.number}", formatting, self._folder)

    def _properties(self, nodes: Sequence[Node]) -> str:
        """Static voters: every node names all the others, so ports may change between two starts but not during one."""
        usual = TEMPLATE.substitute(
            node=self.node.number,
            port=self.node.port,
            advertised_port=self._advertised_port,
            controller_port=self.node.controller_port,
            voters=",".join(f"{node.number}@{LOOPBACK}:{node.controller_port}" for node in nodes),
            log_dir=self._log_dir,
            replicas=min(len(nodes), 3),
            in_sync=2 if len(nodes) >= 3 else 1,
        )
        return usual + (self._administrator.server_settings if self._administrator else "")

    @property
    def _accounts(self) -> list[str]:
        return self._administrator.formatting if self._administrator else []

    def launch(self, java: Java) -> None:
        """Start the process, without waiting for an answer."""
        self._process.start(java.command("kafka.Kafka", self._settings))

    def wait_ready(self, limit_s: float = READY_LIMIT_S) -> None:
        """Wait until the broker answers for itself in the cluster's metadata; raises ServerFailed."""
        login = self._administrator.client_settings if self._administrator else {}
        admin = AdminClient({"bootstrap.servers": self.node.address, **QUIET_CLIENT, **login})
        self._process.wait_until(lambda: self.node.number in _live_brokers(admin), limit_s)

    def ask_to_end(self) -> None:
        """Ask for an orderly end, without waiting."""
        self._process.ask_to_end(signal.SIGTERM)

    def stop(self, patience_s: float) -> None:
        """End in order, or by SIGKILL after `patience_s` seconds."""
        self._process.stop(patience_s=patience_s)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self._process.kill()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.alive


def _live_brokers(admin: AdminClient) -> set[int]:
    """The nodes in the cluster's metadata; none while nobody answers."""
    try:
        return set(admin.list_topics(timeout=ANSWER_LIMIT_S).brokers)
    except KafkaException:
        return set()


def train_start_cache(plain: Java, recording: Java, folder: Path) -> None:
    """Run one throw-away node up to its first acknowledged record: what Java loads on the way goes into the start-up cache."""
    broker = Broker(Node.on_free_ports(1), folder / "node1")
    broker.prepare(plain, TRAINING_CLUSTER, [broker.node])
    broker.launch(recording)
    try:
        broker.wait_ready()
        _acknowledged_record(broker.node.address)
    finally:
        broker.stop(patience_s=120)  # the JVM writes its cache while it ends


def _acknowledged_record(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap, **QUIET_CLIENT})  # a client dropped before its answer cancels the question
    admin.create_topics([NewTopic("training", 1)])["training"].result(timeout=30)
    failures: list[KafkaError] = []
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": "zstd", **QUIET_CLIENT})
    producer.produce("training", b"record", on_delivery=lambda error, _: failures.append(error) if error else None)
    if producer.flush(30) or failures:
        raise ServerFailed(f"The training broker did not take a record: {failures}")
