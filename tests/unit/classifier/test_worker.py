"""The wrapper around faust, without a broker: nothing escapes, a stop waits for the record in hand, settings are the strict ones."""

import ast
import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, NotEnoughReplicasError
from faust.agents import Agent
from faust.exceptions import ProducerSendError
from faust.types.tuples import TP, Message

from services.classifier.adapters.faust_app import BoundedWorker, is_passing, new_app
from services.classifier.adapters.worker import Worker, finished
from services.classifier.config import Config
from services.kernel.breaker import Trip
from services.kernel.probes import Health
from services.kernel.settings import SettingMissing
from tests.simulation.memory.breaker import MemoryBreaker
from tests.simulation.memory.classifier import untaught
from tests.simulation.memory.store import MemoryStore
from tests.support.collected import domestic_invoice
from tests.unit.classifier.test_handler import marker, record, without

ADAPTERS = Path(__file__).parents[3] / "services" / "classifier" / "adapters"


ENVIRONMENT = {
    "ACHATS_KAFKA": "k:9092",
    "ACHATS_CLASSIFIER_DATABASE_URL": "postgresql://c@d/e",
    "ACHATS_CLASSIFIER_HEALTH_PORT": "8080",
}


class Left(Exception):
    """The process would have ended here."""


class Topic:
    """A topic of which the first sends fail."""

    def __init__(self, *failures: Exception) -> None:
        self.failures, self.sent = list(failures), list[bytes | None]()

    async def send(self, *, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]) -> Any:
        """Fail, or give the future of the acknowledgement."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(value)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


def worker(
    monkeypatch: pytest.MonkeyPatch, topic: Topic, breaker: MemoryBreaker | None = None, looked: bool = True
) -> tuple[Worker, list[int]]:
    """A worker whose topics are `topic`, which notes its exit codes instead of ending the process; `looked` = it has seen the breaker."""
    codes: list[int] = []

    def leave(code: int) -> None:
        codes.append(code)
        raise Left

    def topic_of(*_: object) -> Topic:
        return topic

    made = Worker("localhost:1", untaught(), breaker or MemoryBreaker(MemoryStore()), Health(frozenset({"worker"})), leave)
    if looked:
        made.look()
    monkeypatch.setattr("services.classifier.adapters.worker.raw_topic", topic_of)
    monkeypatch.setattr("services.classifier.adapters.worker.FIRST_WAIT_SECONDS", 0.001)
    return made, codes


def message(generation: int = 0, value: bytes | None = None) -> Message:
    """The run's marker as faust gives it."""
    original = record(marker())
    body = original.value if value is None else value
    headers: Any = list(original.headers)
    return Message(original.topic, 3, 42, 1.5, 0, headers, original.key, body, None, tp=TP(original.topic, 3), generation_id=generation)


def test_a_failing_send_is_repeated_until_it_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: retried in place, nothing left out, nothing sent twice. Case: three refusals of different kinds."""
    wrapped = ProducerSendError("wrapped")
    wrapped.__cause__ = KafkaTimeoutError()
    topic = Topic(KafkaConnectionError(), wrapped, NotEnoughReplicasError())
    made, codes = worker(monkeypatch, topic)
    asyncio.run(made.handle(message()))
    assert ([], 1) == (codes, len(topic.sent))


def test_a_send_that_can_never_succeed_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case: a message larger than the broker takes: exit 70, the record is not done."""
    made, codes = worker(monkeypatch, Topic(MessageSizeTooLargeError()))
    with pytest.raises(Left):
        asyncio.run(made.handle(message()))
    assert [70] == codes


def test_a_marker_that_cannot_be_read_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: a marker is never parked."""
    topic = Topic()
    made, codes = worker(monkeypatch, topic)
    with pytest.raises(Left):
        asyncio.run(made.handle(message(value=b"{")))
    assert ([70], []) == (codes, topic.sent)


def test_retrying_ends_when_the_partition_is_given_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: exit 75 once the group has moved on. Case: the record was fetched in generation 1, the application is in 0."""
    made, codes = worker(monkeypatch, Topic(KafkaConnectionError()))
    with pytest.raises(Left):
        asyncio.run(made.handle(message(generation=1)))
    assert 75 == codes[0]


def garbage(offset: int) -> Message:
    """A record nobody can read, which is no marker."""
    original = without(record(domestic_invoice()), "ce_id")
    headers = cast("list[tuple[str, bytes]]", list(original.headers))  # faust's types know no header without a value
    return Message(original.topic, 3, offset, 1.5, 0, headers, original.key, b"{", None, tp=TP(original.topic, 3), generation_id=0)


def test_too_much_poison_holds_the_record_in_hand_until_it_is_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: 19 are parked, each with its announcement; the 20th waits, unanswered, while the breaker is tripped, and goes on afterwards."""
    topic, store, seen, tripped = Topic(), MemoryStore(), list[int](), list[Trip]()
    breaker = MemoryBreaker(store)
    made, codes = worker(monkeypatch, topic, breaker)

    async def story() -> None:
        for offset in range(19):
            await made.handle(garbage(offset))
        twentieth = asyncio.ensure_future(made.handle(garbage(19)))
        while not breaker.tripped():
            await asyncio.sleep(0.001)
        done, _ = await asyncio.wait([twentieth], timeout=0.3)
        seen.extend([len(done), len(topic.sent)])
        tripped.extend(store.rows["breaker"].values())
        breaker.resume()
        made.look()
        await twentieth

    asyncio.run(story())
    assert ([0, 38], 40, []) == (seen, len(topic.sent), codes)
    assert [("20 records in a row were refused", 19)] == [(trip.reason, trip.offset) for trip in tripped]


def test_a_process_that_holds_leaves_when_its_partition_is_given_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: exit 75, as while Kafka takes nothing. Case: tripped before the start; the record is of generation 1, the application in 0."""
    breaker = MemoryBreaker(MemoryStore())
    breaker.trip(Trip("20 records in a row were refused", "things", 0, 1, 20, 20))
    topic = Topic()
    made, codes = worker(monkeypatch, topic, breaker)
    with pytest.raises(Left):
        asyncio.run(made.handle(message(generation=1)))
    assert (75, []) == (codes[0], topic.sent)


def test_nothing_is_handled_before_the_database_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: a restart does not forget a trip. Case: a database that does not answer yet; the record waits."""
    topic = Topic()
    made, _ = worker(monkeypatch, topic, looked=False)

    with pytest.raises((TimeoutError, Left)):
        asyncio.run(asyncio.wait_for(made.handle(message()), 0.3))
    assert [] == topic.sent


def test_a_stop_waits_for_the_record_in_hand() -> None:
    """Goal: faust counts the record in hand as done when it cancels the agent, so its work must be done by then."""
    steps: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.02)
        steps.append("acknowledged")

    async def stopped() -> None:
        agent = asyncio.ensure_future(finished(work()))
        await asyncio.sleep(0)
        agent.cancel()
        with pytest.raises(asyncio.CancelledError):
            await agent
        steps.append("stopped")

    asyncio.run(stopped())
    assert ["acknowledged", "stopped"] == steps


@pytest.mark.parametrize(
    ("trouble", "passing"),
    [
        (KafkaTimeoutError(), True),
        (KafkaConnectionError(), True),
        (MessageSizeTooLargeError(), False),
        (KafkaError(), False),
        (ProducerSendError(), False),
    ],
    ids=repr,
)
def test_only_what_can_pass_is_tried_again(trouble: Exception, passing: bool) -> None:
    """Goal: the broker's own distinction."""
    assert passing == is_passing(trouble)


@pytest.mark.parametrize(
    ("trouble", "code"), [(KafkaConnectionError(), 75), (KafkaTimeoutError(), 75), (KafkaError(), 70), (ZeroDivisionError(), 70)], ids=repr
)
def test_where_faust_ends_by_an_error_the_exit_code_says_whose(monkeypatch: pytest.MonkeyPatch, trouble: Exception, code: int) -> None:
    """Goal: Kafka's trouble is worth another start (75), a mistake a look (70); never faust's own 1. Case: the start fails."""

    async def fails(kafka: str) -> None:
        raise trouble

    monkeypatch.setattr("services.classifier.adapters.faust_app.until_answers", fails)
    with pytest.raises(SystemExit) as end:
        BoundedWorker(new_app("localhost:1"), "localhost:1").execute_from_commandline()
    assert code == end.value.code


def test_the_application_has_only_the_strict_settings() -> None:
    """Goal: each setting that keeps from loss (reference: the loss cases of faust 0.15.3)."""
    conf = new_app("one:9092,two:9092").conf
    assert ("achats-classifier", "at_least_once") == (conf.id, conf.processing_guarantee.value)
    assert (-1, "zstd", "earliest") == (conf.producer_acks, conf.producer_compression_type, conf.consumer_auto_offset_reset)
    assert (False, False, True, False) == (conf.web_enabled, conf.stream_wait_empty, conf.topic_disable_leader, conf.topic_allow_declare)
    assert ["kafka://one:9092", "kafka://two:9092"] == [str(url) for url in conf.broker]


@pytest.mark.parametrize("word", ["sink", "noack", "take", "take_events", "send_soon", "Table", "GlobalTable", "noack_take", "group_by"])
def test_the_wrapper_uses_none_of_what_loses(word: str) -> None:
    """Goal: no sink, take, noack, table: neither as a call nor as an argument."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in ADAPTERS.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)} | {node.arg for node in nodes if isinstance(node, ast.keyword)}
    assert word not in names


def test_the_agent_has_one_actor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: concurrency one; two would commit past a record in hand."""
    made, _ = worker(monkeypatch, Topic())
    agents = cast("Mapping[str, Agent]", made.app.agents).values()
    assert [1] == [agent.concurrency for agent in agents]


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, Config("k:9092", "postgresql://c@d/e", 8080, False)),
        ({"ACHATS_LOG": "pretty"}, Config("k:9092", "postgresql://c@d/e", 8080, True)),
    ],
)
def test_the_environment_is_read_once(env: dict[str, str], expected: Config) -> None:
    """Goal: every setting is told from outside; the log is JSON unless asked otherwise."""
    assert expected == Config.from_env({**ENVIRONMENT, **env})


@pytest.mark.parametrize(
    ("env", "variable"),
    [
        ({"ACHATS_KAFKA": ""}, "ACHATS_KAFKA"),
        ({"ACHATS_CLASSIFIER_DATABASE_URL": ""}, "ACHATS_CLASSIFIER_DATABASE_URL"),
        ({"ACHATS_CLASSIFIER_HEALTH_PORT": "x"}, "ACHATS_CLASSIFIER_HEALTH_PORT"),
    ],
)
def test_a_missing_setting_says_its_name(env: dict[str, str], variable: str) -> None:
    """Goal: the operator knows what to set."""
    with pytest.raises(SettingMissing, match=variable):
        Config.from_env({**ENVIRONMENT, **env})
