"""The twin of Kafka behaves as Kafka does: the same tests, on the kernel's adapters before the real broker and on the one in memory."""

from collections.abc import Callable

import pytest

from services.kernel.envelope import Outgoing
from services.kernel.kafka import LogLost
from tests.simulation.memory.broker import MemoryBroker
from tests.support.brokers import AnyBroker, Real, Twin
from tests.support.kernel import outgoing
from tests.support.local import SessionBroker
from tests.support.reading import Book, content, group, read, until

KEYS = [f"cmp_{n}".encode() for n in range(190)] + ["entreprise/é".encode(), b"", b"\x00", b"\xff\xfe", *(b"x" * n for n in range(1, 7))]


@pytest.fixture(params=["memory", "kafka"])
def kafka(request: pytest.FixtureRequest) -> AnyBroker:
    """Each of the two in turn; the real one is started only for itself."""
    if request.param == "memory":
        return Twin()
    session: SessionBroker = request.getfixturevalue("broker")
    return Real(session.bootstrap, request.getfixturevalue("new_topic"))


def things(topic: str, count: int, companies: int = 1) -> list[Outgoing]:
    """That many messages, of so many companies in turn."""
    return [outgoing(topic, n, f"cmp_{n % companies}") for n in range(count)]


def test_what_is_sent_comes_in_order_and_untouched(kafka: AnyBroker):
    """Goal: bytes are bytes. Case: a tombstone, an empty value and key; headers odd, empty, null, twice and in their own order."""
    topic = kafka.topic(1)
    odd = (("b", b"\xff\x00"), ("a", b"1"), ("b", b""), ("b", None), ("a", b"2"), ("é", b"3"))
    sent = [Outgoing(topic, b"k", None, ()), Outgoing(topic, b"k", b"", odd), Outgoing(topic, b"", b"v", ()), *things(topic, 20)]
    assert len(sent) == kafka.sender("test").send(sent)
    source = kafka.source(group(), [topic])
    assert content(sent) == content(read(len(sent), source)[0])
    source.close()
    assert list(range(len(sent))) == [record.offset for record in kafka.records(topic)]
    assert content(sent) == content(kafka.records(topic))


def test_order_holds_within_each_partition(kafka: AnyBroker):
    """Case: 40 messages of 8 companies on 3 partitions, two senders one after the other."""
    topic = kafka.topic(3)
    sent = things(topic, 40, companies=8)
    assert (25, 15) == (kafka.sender("one").send(sent[:25]), kafka.sender("two").send(sent[25:]))
    source = kafka.source(group(), [topic])
    came = read(40, source)[0]
    source.close()
    for key in {message.key for message in sent}:
        assert [m.value for m in sent if m.key == key] == [r.value for r in came if r.key == key]
        assert 1 == len({r.partition for r in came if r.key == key})


def test_nothing_to_send_is_nothing_acknowledged(kafka: AnyBroker):
    """Case: an empty list."""
    assert 0 == kafka.sender("test").send([])


def test_what_is_committed_is_behind_and_the_rest_comes_again(kafka: AnyBroker):
    """Case: four read, three committed; the next member begins at the fourth."""
    topic, name = kafka.topic(1), group()
    kafka.sender("test").send(things(topic, 4))
    first = kafka.source(name, [topic])
    first.commit(read(4, first)[0][:3])
    first.close()
    second = kafka.source(name, [topic])
    assert [3] == [record.offset for record in read(1, second)[0]]
    second.close()


def test_the_positions_decide_the_start(kafka: AnyBroker):
    """Case: partition 0 begins at 2, partition 1 has no position and begins at the beginning, whatever the group has committed."""
    topic, name = kafka.topic(2), group()
    kafka.sender("test").send(things(topic, 20, companies=8))
    first = kafka.source(name, [topic])
    first.commit(read(20, first)[0])
    first.close()
    log, book = kafka.records(topic), Book({0: 2})
    wanted = [(r.partition, r.offset) for r in log if r.partition == 1 or r.offset >= 2]
    second = kafka.source(name, [topic], book)
    assert wanted == sorted((r.partition, r.offset) for r in read(18, second)[0])
    assert ([0, 1], []) == (sorted(book.taken), book.released)
    second.close()
    assert [0, 1] == sorted(book.released)


def test_two_members_share_and_no_record_goes_to_both(kafka: AnyBroker):
    """Case: the second of two members takes two of four partitions; the first keeps the others without taking them again."""
    topic, name, first_book, second_book = kafka.topic(4), group(), Book(), Book()
    first = kafka.source(name, [topic], first_book)
    until(lambda: len(first_book.owned) == 4, first)
    second = kafka.source(name, [topic], second_book)
    until(lambda: len(second_book.owned) == 2, first, second)
    assert (4, 2, 2, 0) == (len(first_book.taken), len(first_book.released), len(second_book.taken), len(second_book.released))
    sent = things(topic, 30, companies=15)
    kafka.sender("test").send(sent)
    here, there = read(30, first, second)
    assert (set(first_book.owned), set(second_book.owned)) == ({r.partition for r in here}, {r.partition for r in there})
    assert 30 == len({(r.partition, r.offset) for r in (*here, *there)})
    first.close()
    second.close()


def test_a_member_that_leaves_gives_its_partitions(kafka: AnyBroker):
    """Case: it read both partitions and committed one; its heir reads the other one again, and what comes later on both."""
    topic, name = kafka.topic(2), group()
    kafka.sender("test").send(things(topic, 20, companies=8))
    leaver = kafka.source(name, [topic])
    held = read(20, leaver)[0]
    leaver.commit([record for record in held if record.partition == 0])
    heir = kafka.source(name, [topic])
    leaver.close()
    kafka.sender("test").send(things(topic, 20, companies=8))
    wanted = [r for r in kafka.records(topic) if r.partition == 1 or r not in held]
    assert wanted == sorted(read(len(wanted), heir)[0], key=lambda r: (r.partition, r.offset))
    heir.close()


def test_an_expelled_member_loses_everything_and_its_late_commit_is_refused(kafka: AnyBroker):
    """Case: it read four records and froze; they come again at another member, and after its late commit at a third."""
    topic, name = kafka.topic(1), group()
    kafka.sender("test").send(things(topic, 4))
    frozen = kafka.source(name, [topic])
    held = read(4, frozen)[0]
    kafka.expire(frozen)
    second = kafka.source(name, [topic])
    assert content(held) == content(read(4, second)[0])
    frozen.commit(held)
    frozen.close()
    second.close()
    third = kafka.source(name, [topic])
    assert content(held) == content(read(4, third)[0])
    third.close()


def test_an_expelled_member_releases_and_joins_again(kafka: AnyBroker):
    """Case: it had both partitions and comes back to a group with another member: each has one in the end."""
    topic, name, frozen_book, second_book = kafka.topic(2), group(), Book(), Book()
    frozen = kafka.source(name, [topic], frozen_book)
    until(lambda: len(frozen_book.owned) == 2, frozen)
    kafka.expire(frozen)
    second = kafka.source(name, [topic], second_book)
    until(lambda: len(second_book.owned) == 2, second)
    assert ([], [0, 1]) == (frozen_book.released, second_book.owned)
    until(lambda: (1, 1) == (len(frozen_book.owned), len(second_book.owned)), frozen, second)
    assert ([0, 1], 3) == (sorted(frozen_book.released), len(frozen_book.taken))
    frozen.close()
    second.close()


def test_a_key_lies_in_the_same_partition_on_both(broker: SessionBroker, new_topic: Callable[[int], str]):
    """Goal: the simulation sees the collisions the world sees. Case: 200 keys on 24 partitions, on the real broker and on its twin."""
    real, topic = Real(broker.bootstrap, new_topic), new_topic(24)
    messages = [Outgoing(topic, key, b"", ()) for key in KEYS]
    assert 200 == real.sender("test").send(messages)
    twin = MemoryBroker(24)
    twin.sender("test").send(messages)
    assert {r.key: r.partition for r in real.records(topic)} == {r.key: r.partition for r in twin.records(topic)}


def test_a_dead_member_keeps_its_partitions_until_its_session_expires():
    """Goal: the simulation says when. Case, of the twin alone: a process that vanished (on the real one: kills, in tests/integration)."""
    broker = MemoryBroker(1)
    broker.append("topic", outgoing("topic", 1))
    dead, other = broker.source("group", ["topic"]), broker.source("group", ["topic"])
    assert 1 == len(dead.poll(10, 0))
    dead.die()
    assert [] == other.poll(10, 0)
    broker.expire(dead)
    assert content([outgoing("topic", 1)]) == content(list(other.poll(10, 0)))


def test_a_position_beyond_the_end_stops_the_reader(kafka: AnyBroker):
    """Goal: another log under the same name is not read in silence. Case: the book says 7, the partition holds 2."""
    topic = kafka.topic(1)
    kafka.sender("test").send(things(topic, 2))
    source = kafka.source(group(), [topic], Book({0: 7}))
    with pytest.raises(LogLost):
        read(1, source)
    source.close()
