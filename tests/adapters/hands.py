"""Hands on a real book: invoices arrive, people act on their entries, and what came of it is asked."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import date
from threading import Thread
from typing import Any

import psycopg

from schemas.invoice_classified.v1 import InvoiceClassified
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.deeds import Deeds
from tests.adapters.bookshelf import PostgresBookshelf
from tests.integration.ledger.shelf import event
from tests.unit.ledger.documents import COMPANY, invoice

ACTOR = "Mme Roux"
WITHIN_SECONDS = 60


class Hands:
    """A person before the book of company C-1, and others."""

    def __init__(self, book: PostgresBookshelf) -> None:
        self.book, self._stores = book, list[PostgresStore]()
        self.deeds = self.of()

    def of(self, company: str = COMPANY, actor: str = ACTOR) -> Deeds:
        """Another person, on a session of his own."""
        self._stores.append(PostgresStore(self.book.shelf.url, "ledger", pool_size=1))
        return Deeds(self._stores[-1], company, actor)

    def book_invoices(self, *days: date, **changes: Any) -> list[int]:
        """Invoices I-1, I-2, … of these days arrive in one batch; their entries."""
        said = [invoice(invoice_id=f"I-{n}", number=f"FR-{n}", issue_date=day, **changes) for n, day in enumerate(days, 1)]
        return self.book_documents(*said)

    def book_documents(self, *documents: InvoiceClassified) -> list[int]:
        """These documents arrive; the entries that are new since, in order."""
        known = self.ids()
        self.book.receive(*(event(document) for document in documents))
        return [entry for entry in self.ids() if entry not in known]

    def ids(self) -> list[int]:
        """Every entry."""
        return [entry for (entry,) in self.ask("select entry_id from ledger.entry order by 1")]

    def todo(self) -> list[int]:
        """The entries without fate, as the projection has them."""
        return [entry for (entry,) in self.ask("select entry_id from ledger.todo order by 1")]

    def numbers(self) -> list[tuple[Any, ...]]:
        """Journal, fiscal year, number, entry, final date of all that is validated."""
        return self.ask(
            "select journal, fy, number, entry_id, entry_date from ledger.fate where number is not null order by company_id, 1, 2, 3"
        )

    def unsound(self) -> list[tuple[Any, ...]]:
        """Batches that are not what was sealed."""
        return self.ask("select batch_id from ledger.chain where digest <> ledger.digest(batch_id)")

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows, as the administrator."""
        return self.book.shelf.ask(query)

    @contextmanager
    def session(self, role: str | None = None) -> Generator[psycopg.Connection]:
        """A transaction on the service's own role, or the administrator's as another role; undone at the end unless it commits."""
        with psycopg.connect(self.book.shelf.admin_url if role else self.book.shelf.url) as connection:
            if role:
                connection.execute(f"set role {role}".encode())
            yield connection
            connection.rollback()

    def beside(self, first: Sequence[str], second: Callable[[], object], ends: str = "commit", url: str | None = None) -> Exception | None:
        """While a session that did `first` is not yet committed, `second` starts and must wait for it; what `second` raised then.

        `url` = the session's way to the book, if it is not that of people.
        """
        raised: list[Exception] = []

        def try_it() -> None:
            try:
                second()
            except Exception as error:  # noqa: BLE001 -- handed to the test's own thread
                raised.append(error)

        with psycopg.connect(url or self.book.shelf.url) as connection:
            for statement in first:
                connection.execute(statement.encode())
            thread = Thread(target=try_it)
            thread.start()
            self._until_blocked_by(connection.info.backend_pid)
            connection.execute(ends.encode())
        thread.join(WITHIN_SECONDS)
        assert not thread.is_alive()
        return raised[0] if raised else None

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for it."""
        end = time.monotonic() + WITHIN_SECONDS
        while not condition():
            assert time.monotonic() < end, "it did not come about in time"

    def _until_blocked_by(self, pid: int) -> None:
        self.until(lambda: bool(self.ask(f"select pid from pg_stat_activity where {pid} = any(pg_blocking_pids(pid))")))

    def close(self) -> None:
        """End every session."""
        for store in self._stores:
            store.close()
