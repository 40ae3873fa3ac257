"""A book with every kind of batch, made once and copied for each test; and what `achats-ledger verify` says of a copy."""

import uuid
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from services.kernel.postgres import PostgresStore
from services.ledger.adapters.verifying import Verification
from tests.adapters.bookshelf import PostgresBookshelf, migrated
from tests.adapters.hands import Hands
from tests.integration.ledger.shelf import event
from tests.integration.ledger.test_runs import marker, seven
from tests.support.local import SessionDatabase
from tests.unit.ledger.documents import invoice

OTHER_BOOK = 4


@dataclass(frozen=True, slots=True)
class SealedBook:
    """The address of a book for its administrator, and for the service."""

    admin_url: str
    url: str

    def verify(self, book: int | None = None, noted: tuple[int, bytes] | None = None) -> tuple[int, list[str]]:
        """How many differences there are, and everything that is said."""
        with closing(PostgresStore(self.url, "ledger", pool_size=1)) as store:
            verification = Verification(store, book, noted)
            said = list(verification.lines())
            return verification.found, said

    def tamper(self, *statements: str) -> None:
        """What only a superuser can do: change the book behind its triggers."""
        with psycopg.connect(self.admin_url) as connection:
            connection.execute("set session_replication_role = replica")
            connection.execute("set search_path = ledger")
            for statement in statements:
                connection.execute(statement.encode())

    def ask(self, query: str) -> Sequence[tuple[object, ...]]:
        """Rows, as the administrator."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(query.encode()).fetchall()


@contextmanager
def template(database: SessionDatabase) -> Generator[str]:
    """The administrator's address of a database that holds the book; nobody is connected to it."""
    with migrated(database) as url:
        shelf = PostgresBookshelf(url, migrations=None)
        hands = Hands(shelf)
        fill(hands)
        hands.close()
        shelf.shelf.close()
        yield url


@contextmanager
def copied(admin_url: str) -> Generator[SealedBook]:
    """A copy of the book for one test."""
    name, original = f"copy_{uuid.uuid4().hex[:12]}", str(conninfo_to_dict(admin_url)["dbname"])
    copy = make_conninfo(admin_url, dbname=name)
    with psycopg.connect(make_conninfo(admin_url, dbname="postgres"), autocommit=True) as administrator:
        administrator.execute(sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(original)))
        yield SealedBook(copy, make_conninfo(copy, user="ledger_app"))
        administrator.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def fill(hands: Hands) -> None:
    """Book 3: a run with each outcome, four invoices, then every deed; book 4: one invoice of another company. Batches 1 to 12."""
    late = event(invoice(invoice_id="I-8", revision=1), n=9, run=("R-1", 9))
    hands.book.receive(*seven()[:-1], event(invoice(invoice_id="I-8", revision=2), run=("R-1", 8)), late, marker(9))
    said = [invoice(invoice_id=f"I-2{n}", number=f"FR-2{n}", issue_date=date(2026, 3, 10 + n)) for n in range(4)]
    first, second, third, _ = hands.book_documents(*said)
    hands.deeds.validate("AC", [first, second])
    hands.deeds.recode(third, {"606400": "606300"})
    hands.deeds.recode(first, {"606400": "606300"})
    hands.deeds.reverse(second)
    hands.deeds.lock(date(2026, 4, 1), "lock", "TVA déposée")
    hands.deeds.lock(date(2026, 4, 1), "unlock", "facture oubliée")
    waiting = len(hands.todo())
    hands.deeds.close(2026, date(2026, 3, 31), waiting=waiting)
    hands.deeds.validate("AC", hands.todo()[:1])
    hands.book.receive(event(invoice(invoice_id="I-30")))
    hands.book.owner.take(OTHER_BOOK)
    hands.book.receive(event(invoice(company_id="C-2", invoice_id="I-9")), partition=OTHER_BOOK)
