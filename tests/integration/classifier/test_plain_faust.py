"""What faust loses on a real broker when it is written as its documentation shows: why the wrapper is as strict as it is.

Lost = the group's offset has passed a record which was never answered. Under each fault here the wrapper loses nothing: test_losses.py.
"""

import multiprocessing
from collections.abc import Callable, Generator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.cimpl import NewTopic

from tests.integration.classifier import plain_faust
from tests.integration.classifier.bench import QUIET, REFUSING, Bench, wait_until

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True, slots=True)
class Application:
    """One of the plain applications, running."""

    way: str
    bench: Bench
    process: BaseProcess
    log: Path

    def committed(self) -> int:
        """The group's offset: the first record it would read again."""
        group, source, _ = plain_faust.names(self.way)
        admin = self.bench.admin
        place = ConsumerGroupTopicPartitions(group, [TopicPartition(source, 0)])
        return max(0, admin.list_consumer_group_offsets([place])[group].result(30).topic_partitions[0].offset)

    def answered(self) -> set[int]:
        """The numbers that stand on the target."""
        target = TopicPartition(plain_faust.names(self.way)[2], 0, 0)
        reader = Consumer({"bootstrap.servers": self.bench.kafka.bootstrap, "group.id": "reader", "enable.auto.commit": False, **QUIET})
        _, end = reader.get_watermark_offsets(target, timeout=30)
        reader.assign([target])
        found: list[bytes] = []
        while len(found) < end:
            found += [message.value() or b"" for message in reader.consume(end, 0.1)]
        reader.close()
        return set(map(int, found))

    def lost(self) -> list[int]:
        """What the group will never read again and nobody answered. The offset is asked first: what it has passed must be there by then."""
        return sorted(set(range(self.committed())) - self.answered())

    def wait(self, what: str, true: Callable[[], bool]) -> None:
        """Wait until it is true; AssertionError with the application's log otherwise."""
        wait_until(f"{self.way}: {what}; its log: {self.log}", true)


@pytest.fixture(scope="module")
def applications(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Generator[dict[str, Application]]:
    """All of them at once: one group, two topics and one process each; the targets of `WHILE_REFUSED` refuse."""
    refused = {way.__name__ for way in plain_faust.WHILE_REFUSED}
    topics = [NewTopic(plain_faust.names(way)[1], 1, 1) for way in plain_faust.WAYS]
    topics += [NewTopic(plain_faust.names(way)[2], 1, 1, config=REFUSING if way in refused else {}) for way in plain_faust.WAYS]
    admin = bench.admin
    for made in admin.create_topics(topics).values():
        made.result(30)
    producer = Producer({"bootstrap.servers": bench.kafka.bootstrap, **QUIET})
    for way in plain_faust.WAYS:
        for number in plain_faust.NUMBERS:
            producer.produce(plain_faust.names(way)[1], number)
    assert 0 == producer.flush(30)
    logs = tmp_path_factory.mktemp("plain")
    started = {way: start(way, bench, logs / f"{way}.log") for way in plain_faust.WAYS}
    yield started
    for one in started.values():
        one.process.kill()
        one.process.join(30)


def start(way: str, bench: Bench, log: Path) -> Application:
    """The application in a process of its own, forked from one that has loaded faust."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([plain_faust.__name__])
    process = processes.Process(target=plain_faust.run, args=(way, bench.kafka.bootstrap, str(log)), daemon=True)
    process.start()
    return Application(way, bench, process, log)


@pytest.mark.parametrize(
    ("way", "lost"),
    [
        (plain_faust.raises, [3]),
        (plain_faust.raises_in_a_batch, [0, 1, 2, 3, 4]),
        (plain_faust.acknowledges_by_hand, [3]),
        (plain_faust.two_at_once, [5]),
    ],
)
def test_a_record_that_fails_or_is_still_in_hand_is_counted_as_done(
    applications: dict[str, Application], way: Callable[..., None], lost: list[int]
) -> None:
    """Case: one record's work raises, or has not ended. All twenty are committed; it, or its whole batch, has no answer."""
    application = applications[way.__name__]
    application.wait("all is committed", lambda: application.committed() == 20)
    assert (lost, True) == (application.lost(), application.process.is_alive())


def test_even_a_crash_counts_its_cause_as_done(applications: dict[str, Application]) -> None:
    """Case: the supervisor that ends the worker. Exit code 1, and the record which caused it will not come again."""
    application = applications[plain_faust.crashes.__name__]
    application.process.join(60)
    assert (1, 4, [3]) == (application.process.exitcode, application.committed(), application.lost())


@pytest.mark.parametrize("way", [plain_faust.sends, plain_faust.sinks, plain_faust.lets_escape])
def test_what_the_broker_refused_is_counted_as_done(bench: Bench, applications: dict[str, Application], way: Callable[..., None]) -> None:
    """Case: the target takes nothing for a while. The offset moves all the same; a crash now, and those records have no answer ever."""
    application = applications[way.__name__]
    application.wait("something is committed", lambda: application.committed() > 0)
    application.process.kill()
    application.process.join(30)
    bench.accept(plain_faust.names(way.__name__)[2])
    assert list(range(application.committed())) == application.lost()


@pytest.mark.parametrize("way", [plain_faust.retries, plain_faust.retries_in_a_batch])
def test_a_send_repeated_in_place_loses_nothing(bench: Bench, applications: dict[str, Application], way: Callable[..., None]) -> None:
    """Case: the same refusals. Nothing is committed while they last, everything is answered after them, one by one and in batches."""
    application = applications[way.__name__]
    application.wait("it was refused", lambda: plain_faust.REFUSED in application.log.read_text())
    assert 0 == application.committed()
    bench.accept(plain_faust.names(way.__name__)[2])
    application.wait("all is committed", lambda: application.committed() == 20)
    assert ([], set(range(20))) == (application.lost(), application.answered())


def test_an_end_before_faust_sees_the_error_loses_nothing(applications: dict[str, Application]) -> None:
    """Case: `os._exit` in the agent. The offset stays at or before the record that failed."""
    application = applications[plain_faust.leaves.__name__]
    application.process.join(60)
    assert (70, [], True) == (application.process.exitcode, application.lost(), application.committed() <= 3)
