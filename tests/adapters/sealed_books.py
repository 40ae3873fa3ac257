"""A book with every kind of batch, and what `achats-ledger verify` says of it, as it is or altered by a superuser."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg

from schemas.invoice_classified.v1 import ClassifiedVat
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.papers.files import Row
from services.ledger.adapters.papers.taking import Papers
from services.ledger.adapters.verifying import NEXT, Verification
from tests.adapters.bookshelf import PostgresBookshelf, migrated
from tests.adapters.hands import ACTOR, Hands
from tests.adapters.suppliers import merger
from tests.integration.ledger.shelf import Shelf, event
from tests.integration.ledger.test_runs import marker, seven
from tests.support.local import SessionDatabase
from tests.unit.ledger.documents import invoice

OTHER_BOOK = 4
DAY = {"date": "2026-04-10", "supplier": "ACMEUS", "currency": "USD"}
BILL = {"kind": "bill", "number": "US-1", "lines": "607000=250,00", "exchange_rate": "1,125", **DAY}
WAITING = ClassifiedVat(rate="20", base_cents=100_00, vat_cents=20_00, regime="domestic", waits_for="delivery")
PAYMENT = {"kind": "payment", "number": "BQ-1", "paid": "227,27", "settles": "US-1=250,00", **DAY}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was said: the differences, and all lines."""

    differences: list[str]
    lines: list[str]


class Undone(PostgresStore):
    """A store whose one transaction has begun already, and is undone by whoever began it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._one = connection

    @contextmanager
    def connection(self) -> Generator[psycopg.Connection]:
        """That one."""
        yield self._one


def verified(shelf: Shelf, book: int | None = None) -> Verified:
    """The book recomputed."""
    with closing(PostgresStore(shelf.url, "ledger", pool_size=1)) as store:
        return _verified(store, book, None)


def _verified(store: PostgresStore, book: int | None, noted: tuple[int, bytes] | None) -> Verified:
    verification = Verification(store, book, noted)
    lines = list(verification.lines())
    differences = [line.removesuffix(f". {NEXT}") for line in lines[:-1] if line.endswith(NEXT)]
    assert verification.found == len(differences)
    return Verified(differences, lines)


def altered(shelf: Shelf, *statements: str, noted: tuple[int, bytes] | None = None) -> list[str]:
    """The differences once a superuser did this behind the triggers; then it is undone."""
    with psycopg.connect(shelf.admin_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("set local session_replication_role = replica")
        connection.execute("set local search_path = ledger")
        for statement in statements:
            connection.execute(statement.encode())
        connection.execute("set local role ledger_app")
        found = _verified(Undone(connection), 3 if noted else None, noted).differences
        connection.rollback()
        return found


@contextmanager
def filled(database: SessionDatabase) -> Generator[Shelf]:
    """The book, in a database of its own."""
    with migrated(database) as url:
        shelf = PostgresBookshelf(url, migrations=None)
        hands = Hands(shelf)
        fill(hands)
        hands.close()
        yield shelf.shelf
        shelf.shelf.close()


def fill(hands: Hands) -> None:
    """Book 3: a run with each outcome, four invoices, then every deed.

    Book 4: two invoices, VAT of one deducted on delivery; papers, a merger of another. Batches 1 to 15.
    """
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
    later = invoice(company_id="C-2", invoice_id="I-10", vat=(WAITING,), delivery_date=date(2026, 4, 2))
    hands.book.receive(event(invoice(company_id="C-2", invoice_id="I-9")), event(later), partition=OTHER_BOOK)
    with closing(PostgresStore(hands.book.shelf.url, "ledger", pool_size=1)) as store:
        papers = Papers(store, "C-2", ACTOR)
        papers.take([Row(1, BILL), Row(2, PAYMENT)])
        papers.unletter("401000", "ACMEUS", "AA")
    hands.book.decide(merger("ACMEUS", "AMAZON", company_id="C-2", siren="902100478"), partition=OTHER_BOOK)
