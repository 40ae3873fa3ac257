"""The Kafka adapter when the line to the broker is slow, cut, refused, deaf, or half open: nothing lost, repeats only as repeats."""

import logging
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.local.folders import temporary_data_folder
from deploy.local.kafka import Kafka
from services.kernel.envelope import Delivery, Outgoing, Record
from services.kernel.errors import Unavailable
from services.kernel.kafka import KafkaSender, KafkaSource
from services.kernel.loop import consume
from services.kernel.probes import Health
from tests.simulation.memory.breaker import MemoryBreaker
from tests.simulation.memory.store import MemoryStore
from tests.support.kernel import outgoing
from tests.support.proxy import LOOPBACK, Proxy
from tests.support.reading import content, everything, group, read, wait_until

ACKNOWLEDGE_SECONDS = 2.0


@dataclass(slots=True)
class Line:
    """A broker that clients reach through a proxy alone: it advertises the proxy's port."""

    proxy: Proxy
    topics: int = 0

    @property
    def bootstrap(self) -> str:
        """The proxy's address."""
        return f"{LOOPBACK}:{self.proxy.port}"

    def topic(self) -> str:
        """A new topic with one partition."""
        self.topics += 1
        administrator = AdminClient({"bootstrap.servers": self.bootstrap})
        administrator.create_topics([NewTopic(f"topic-{self.topics}", 1, 1)])[f"topic-{self.topics}"].result(30)
        return f"topic-{self.topics}"

    def sender(self) -> KafkaSender:
        """One that waits two seconds for acknowledgements."""
        return KafkaSender(self.bootstrap, "test", ACKNOWLEDGE_SECONDS)


@pytest.fixture(scope="module")
def shared_line() -> Generator[Line]:
    """One broker for these tests."""
    with temporary_data_folder("achats-tests-") as data, Proxy() as proxy:
        kafka = Kafka(data, advertised_port=proxy.port)
        with kafka:
            proxy.target = int(kafka.bootstrap.rpartition(":")[2])
            yield Line(proxy)
            proxy.restore()


@pytest.fixture
def line(shared_line: Line) -> Generator[Line]:
    """Whole again after each test."""
    yield shared_line
    shared_line.proxy.restore()


def things(topic: str, *numbers: int) -> list[Outgoing]:
    """A message for each number."""
    return [outgoing(topic, n) for n in numbers]


def firsts(records: Sequence[Record]) -> list[tuple[object, ...]]:
    """What the records say, each repeat left out."""
    return list(dict.fromkeys(content(records)))


def relay(sender: KafkaSender, messages: Sequence[Outgoing]) -> None:
    """Send until all are acknowledged, going on behind the last one that was, as the relay does."""
    sent = 0
    while sent < len(messages):
        try:
            sent += sender.send(messages[sent:])
        except Unavailable:
            continue


def test_a_slow_line_doubles_nothing(line: Line):
    """Case: every piece a quarter of a second late, both ways."""
    topic = line.topic()
    line.proxy.delay(0.25)
    messages = things(topic, *range(50))
    assert 50 == KafkaSender(line.bootstrap, "test").send(messages)  # a dozen round trips before the first record
    line.proxy.restore()
    assert content(messages) == content(everything(line.bootstrap, topic))


def test_a_line_cut_again_and_again_keeps_order(line: Line):
    """Case: 20 batches on a slow line that breaks five times, between and amid them."""
    topic, done = line.topic(), threading.Event()
    sender, messages = line.sender(), things(topic, *range(400))
    line.proxy.delay(0.02)

    def cut() -> None:
        for abruptly in (True, False, True, False, True):
            done.wait(0.15)
            (line.proxy.reset if abruptly else line.proxy.cut)()

    cutting = threading.Thread(target=cut)
    cutting.start()
    for start in range(0, 400, 20):
        relay(sender, messages[start : start + 20])
    done.set()
    cutting.join()
    line.proxy.restore()
    assert content(messages) == firsts(everything(line.bootstrap, topic))


@pytest.mark.parametrize("trouble", ["refused", "deaf", "mute"])
def test_nothing_counts_as_sent_that_is_not_acknowledged(line: Line, trouble: str):
    """Case: after five messages the broker is gone, deaf (hears nothing) or mute (its answers are lost); then it is back."""
    topic, sender = line.topic(), line.sender()
    assert 5 == sender.send(things(topic, *range(5)))
    {"refused": line.proxy.refuse, "deaf": line.proxy.blackhole, "mute": lambda: line.proxy.blackhole(from_client=False)}[trouble]()
    with pytest.raises(Unavailable, match="acknowledges nothing"):
        sender.send(things(topic, *range(5, 10)))
    line.proxy.restore()
    relay(sender, things(topic, *range(5, 15)))
    assert content(things(topic, *range(15))) == firsts(everything(line.bootstrap, topic))


def test_a_reader_whose_line_is_cut_misses_nothing(line: Line):
    """Case: a break after every few records; what comes is in order, from the first to the last."""
    topic, came = line.topic(), list[Record]()
    messages = things(topic, *range(60))
    relay(line.sender(), messages)
    source = KafkaSource(line.bootstrap, group(), [topic])
    while len({record.offset for record in came}) < 60:
        came += read(1, source, limit=10)[0]
        line.proxy.reset()
    source.close()
    assert content(messages) == firsts(came)


def test_a_member_on_a_half_open_line_loses_its_records_to_another(line: Line):
    """Case: nobody tells it; its session ends, its records come again elsewhere, and its late commit does nothing."""
    topic, name = line.topic(), group()
    messages = things(topic, *range(4))
    relay(line.sender(), messages)
    cut_off = KafkaSource(line.bootstrap, name, [topic])
    held = read(4, cut_off)[0]
    line.proxy.blackhole(newcomers=False)
    heir = KafkaSource(line.bootstrap, name, [topic])
    assert content(messages) == content(read(4, heir)[0])
    cut_off.commit(held)
    line.proxy.restore()
    heir.close()
    assert content(messages) == content(read(4, cut_off)[0])
    cut_off.close()


@pytest.mark.parametrize("trouble", ["refused", "deaf"])
def test_a_consumer_without_its_broker_is_not_ready_until_it_is_back(line: Line, trouble: str, caplog: pytest.LogCaptureFixture):
    """Goal: /ready says what is. Case: the broker leaves an idle consumer and comes back; the client's own words are in our log."""
    topic, health, stop, seen = line.topic(), Health(frozenset({"consume"})), threading.Event(), list[Delivery]()
    opened = lambda: KafkaSource(line.bootstrap, group(), [topic])  # noqa: E731
    loop = threading.Thread(target=consume, args=(opened, seen.extend, {}, MemoryBreaker(MemoryStore()), health, stop))
    loop.start()
    wait_until(health.ready)
    (line.proxy.refuse if trouble == "refused" else line.proxy.blackhole)()
    wait_until(lambda: not health.ready())
    wait_until(lambda: bool(warned_by(caplog)))
    line.proxy.restore()
    wait_until(health.ready)
    relay(line.sender(), things(topic, 1))
    wait_until(lambda: bool(seen))
    stop.set()
    loop.join()
    assert {"librdkafka"} == warned_by(caplog)


def warned_by(caplog: pytest.LogCaptureFixture) -> set[str]:
    """Whose warnings are in the log."""
    return {record.name for record in caplog.records if record.levelno >= logging.WARNING}
