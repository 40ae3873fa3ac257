"""PostgreSQL when the line to it is cut, deaf, half open, or loses the answer to a commit: Unavailable within a bound, nothing twice."""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from services.kernel.envelope import Outgoing
from services.kernel.errors import Unavailable
from services.kernel.migrate import migrate
from services.kernel.postgres import Outbox, PostgresStore, Transaction
from tests.support.kernel import outgoing
from tests.support.proxy import LOOPBACK, Proxy
from tests.support.reading import wait_until

EVENT = "event-1"


class Service:
    """A service's schema: reached through a line that breaks, and looked at past it."""

    def __init__(self, url: str, line: Proxy) -> None:
        self.line = line
        through = f"{url.rpartition('@')[0]}@{LOOPBACK}:{line.port}/{url.rpartition('/')[2]}"
        self.store, self.direct = PostgresStore(through, "sample", 1), PostgresStore(url, "sample", 1)

    def handle(self, transaction: Transaction) -> bool:
        """What a handler does with the event; whether it was news."""
        news = transaction.claim(EVENT)
        if news:
            transaction.send(outgoing("things", 1))
        return news

    def handled(self) -> bool:
        """Whether the event is committed."""
        return 1 == self.ask("select count(*) from inbox")

    def ask(self, query: str) -> object:
        """One value, past the line."""
        with self.direct.connection() as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def announced(self) -> list[Outgoing]:
        """Everything in the outbox, taken out."""
        sent = list[Outgoing]()
        while Outbox(self.direct).turn(100, lambda messages: sent.extend(messages) or len(messages)):
            pass
        return sent

    def close(self) -> None:
        """Every pool."""
        for store in (self.store, self.direct):
            store.close()


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Generator[Service]:
    """One that has a connection already."""
    migrate(database_url, "sample", tmp_path, with_outbox=True)
    with Proxy(int(conninfo_to_dict(database_url).get("port") or 5432)) as line:
        service = Service(database_url, line)
        with service.store.connection() as connection:
            connection.execute("select 1")
        yield service
        line.restore()
        service.close()


@pytest.mark.parametrize("cut", [Proxy.cut, Proxy.reset, Proxy.refuse], ids=["cut", "reset", "refused"])
def test_a_line_cut_amid_a_transaction_undoes_it(service: Service, cut: Callable[[Proxy], None]):
    """Case: the event is claimed, then the line breaks; when it is back, the event is news again, and is announced once."""
    with pytest.raises(Unavailable), service.store.transaction() as transaction:
        assert service.handle(transaction)
        cut(service.line)
    assert not service.handled()
    service.line.restore()
    with service.store.transaction() as transaction:
        assert service.handle(transaction)
    assert [outgoing("things", 1)] == service.announced()


def test_a_commit_whose_answer_is_lost_counts_once(service: Service):
    """Case: PostgreSQL commits, its answer never arrives, the line breaks. The retry finds the event handled and says nothing again."""

    def commit_unheard() -> None:
        with service.store.connection() as connection:
            transaction = Transaction(connection)
            assert service.handle(transaction)
            transaction.write_outbox()
            service.line.blackhole(from_client=False)

    with ThreadPoolExecutor(1) as thread:
        committing = thread.submit(commit_unheard)
        wait_until(service.handled)
        service.line.reset()
        with pytest.raises(Unavailable):
            committing.result()
    service.line.restore()
    with service.store.transaction() as transaction:
        assert not service.handle(transaction)
    assert [outgoing("things", 1)] == service.announced()


@pytest.mark.timeout(120)
def test_a_deaf_line_is_given_up(service: Service):
    """Goal: no process hangs for ever. Case: every packet is lost amid a transaction, then before a connection stands."""
    with pytest.raises(Unavailable), service.store.transaction() as transaction:
        service.line.blackhole()
        service.handle(transaction)
    with pytest.raises(Unavailable), service.store.transaction():
        pass
    service.line.restore()
    wait_until(lambda: _answers(service.store))
    with service.store.transaction() as transaction:
        assert service.handle(transaction)
    assert [outgoing("things", 1)] == service.announced()


def test_a_process_that_vanished_does_not_hold_its_locks_for_ever(service: Service):
    """Case: it claimed the event and its line went deaf; another waits a while for the lock, and has it when the session is ended."""
    gone, other = service.store, service.direct
    with pytest.raises(Unavailable), gone.transaction() as transaction:
        waits = "select current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')"
        assert ("30s", "1min") == transaction.connection.execute(waits).fetchone()
        transaction.connection.execute("set idle_in_transaction_session_timeout = '3s'")
        assert service.handle(transaction)
        service.line.blackhole(newcomers=False)
        with pytest.raises(Unavailable, match="lock timeout"), other.transaction() as waiting:
            waiting.connection.execute("set lock_timeout = '200ms'")
            service.handle(waiting)
        with other.transaction() as waiting:
            assert service.handle(waiting)
        service.line.restore()
    assert [outgoing("things", 1)] == service.announced()


def _answers(store: PostgresStore) -> bool:
    try:
        with store.connection() as connection:
            connection.execute("select 1")
    except Unavailable:
        return False
    return True
