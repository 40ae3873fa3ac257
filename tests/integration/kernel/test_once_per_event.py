"""Inbox, outbox and relay on a real PostgreSQL: an event counts once, and is announced if and only if it committed."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from services.kernel.clock import SystemClock
from services.kernel.envelope import Delivery, Event, Outgoing, deliver
from services.kernel.errors import Poison, Unavailable
from services.kernel.loop import OncePerEvent
from services.kernel.migrate import migrate
from services.kernel.postgres import Outbox, PostgresStore, Transaction
from tests.support.kernel import TYPES, ThingDone, outgoing, record, thing


class Recorder:
    """A sender that keeps what it is given and acknowledges as many as it is told to."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.acknowledges: int | None = None

    def send(self, messages: Sequence[Outgoing]) -> int:
        count = len(messages) if self.acknowledges is None else min(self.acknowledges, len(messages))
        self.sent += messages[:count]
        return count


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Generator[PostgresStore]:
    migrate(database_url, "sample", tmp_path, with_outbox=True)
    store = PostgresStore(database_url, "sample")
    yield store
    store.close()


def deliveries(*numbers: int) -> list[Delivery]:
    """Records of these things, one offset each."""
    return [deliver(record(outgoing("things", n), offset), TYPES) for offset, n in enumerate(numbers)]


def handler(store: PostgresStore, *, poison: frozenset[str] = frozenset()) -> OncePerEvent[Transaction]:
    """Announces each event again under its own id; refuses those of `poison`."""

    def repeat(event: Event[Any], transaction: Transaction) -> None:
        transaction.send(outgoing("repeated", int(event.data.words or 0)))
        if event.id in poison:
            raise Poison("not this one")

    return OncePerEvent(store, "sample", "parked", {ThingDone: repeat}, SystemClock())


def drain(store: PostgresStore) -> list[Outgoing]:
    """Everything the outbox holds, sent and acknowledged."""
    recorder = Recorder()
    while Outbox(store).turn(100, recorder.send):
        pass
    return recorder.sent


def test_a_repeat_counts_once(store: PostgresStore):
    """The same event twice in a batch and once more later: one announcement."""
    handle = handler(store)
    handle(deliveries(1, 1))
    handle(deliveries(1))
    assert 1 == len(drain(store))
    assert [] == drain(store)


def test_poison_is_parked_and_its_rows_are_undone(store: PostgresStore):
    """The refused event leaves nothing but the parked record, bytes and headers untouched; its neighbours go on."""
    batch = deliveries(1, 2, 3)
    handler(store, poison=frozenset({thing(2).id}))(batch)
    sent = drain(store)
    assert ["parked", "repeated", "repeated"] == sorted(message.topic for message in sent)
    parked = next(message for message in sent if message.topic == "parked")
    original = batch[1].record
    assert (original.key, original.value, original.headers) == (parked.key, parked.value, parked.headers[:-1])
    assert "achats-parked" == parked.headers[-1][0]


@pytest.mark.parametrize(
    "statement",
    [
        "select '\\x00'::bytea, 1 / 0",
        "select 32768::smallint",
        "select 'x'::jsonb",
        "insert into inbox values (null)",
        "do $$ begin raise exception 'too much' using errcode = '54000'; end $$",
    ],
)
def test_what_the_database_refuses_is_parked(store: PostgresStore, statement: LiteralString):
    """Case: data (class 22), constraints (23) and program limits (54) of PostgreSQL; the next event goes on."""

    def write(event: Event[Any], transaction: Transaction) -> None:
        transaction.send(outgoing("repeated", 1))
        if event.id == thing(1).id:
            transaction.connection.execute(statement)

    OncePerEvent(store, "sample", "parked", {ThingDone: write}, SystemClock())(deliveries(1, 2))
    assert ["parked", "repeated"] == sorted(message.topic for message in drain(store))


def test_an_unreadable_record_is_parked_once(store: PostgresStore):
    """A record that is no event is parked, null and empty headers kept apart; when it is delivered again, it is not parked again."""
    headers = (("ce_type", b"achats.thing.done.v1"), ("odd", None), ("odd", b""))
    bad = deliver(record(Outgoing("things", b"cmp_1", b"{", headers)), TYPES)
    handler(store)([bad])
    handler(store)([bad])
    assert [("parked", headers)] == [(message.topic, message.headers[:-1]) for message in drain(store)]


def test_what_was_not_acknowledged_is_sent_again_in_order(store: PostgresStore):
    """A relay that loses the broker after two of five goes on at the third."""
    with store.transaction() as transaction:
        for n in range(5):
            transaction.send(outgoing("repeated", n))
    relay, recorder = Outbox(store), Recorder()
    recorder.acknowledges = 2
    assert 2 == relay.turn(100, recorder.send)
    recorder.acknowledges = None
    assert 3 == relay.turn(100, recorder.send)
    assert [outgoing("repeated", n) for n in range(5)] == recorder.sent


def test_a_rolled_back_transaction_announces_nothing(store: PostgresStore):
    """What was sent inside it never existed."""
    with pytest.raises(ZeroDivisionError), store.transaction() as transaction:
        transaction.send(outgoing("repeated", 1))
        raise ZeroDivisionError
    assert [] == drain(store)


def test_two_relays_never_send_the_same_stripe(store: PostgresStore):
    """While one relay is in the middle of a stripe, another finds nothing to do there."""
    with store.transaction() as transaction:
        transaction.send(outgoing("repeated", 1))
    inside: list[int] = []

    def send(messages: Sequence[Outgoing]) -> int:
        inside.append(Outbox(store).turn(100, Recorder().send))
        return len(messages)

    assert 1 == Outbox(store).turn(100, send)
    assert [0] == inside


def test_a_database_that_is_gone_is_unavailable(database_url: str, tmp_path: Path):
    """The loop waits for Unavailable; a driver's own error would end the process."""
    migrate(database_url, "sample", tmp_path, with_outbox=True)
    store = PostgresStore(database_url, "sample")
    with pytest.raises(Unavailable), store.connection() as connection:
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
        connection.execute("select 1")
    store.close()


def test_migrations_apply_once(database_url: str, tmp_path: Path):
    """The second call finds nothing to do; a killed one leaves no lock."""
    (tmp_path / "0001_thing.sql").write_text("create table thing (id integer);\n", encoding="utf-8")
    assert 3 == migrate(database_url, "sample", tmp_path, with_outbox=True)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("insert into sample.yoyo_lock (locked, ctime, pid) values (1, now(), 1)")
    assert 0 == migrate(database_url, "sample", tmp_path, with_outbox=True)
