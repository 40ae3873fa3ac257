"""One transaction of a run: the invoice's rows, its number in the run, and the event, together or not at all."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection as Session

from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_collected.v1 import InvoiceCollected
from services.fetcher.adapters.announcing import outgoing
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.histories import Histories
from services.fetcher.adapters.queries import Queries, Row
from services.fetcher.domain.amazon.collecting import Transaction as AmazonTransaction
from services.fetcher.domain.auditing import Emission, counted_by_day
from services.fetcher.domain.company import Company
from services.fetcher.domain.matching import Numbered
from services.fetcher.domain.records import Invoice, Kind, LineKey, Run, StatedNumber, Statements
from services.fetcher.domain.routing import UNNAMED, entity_named, routed
from services.fetcher.domain.waiting import Wait, Waiting
from services.fetcher.domain.wanting import Wanted, settled
from services.kernel.envelope import RunPosition
from services.kernel.postgres import Transaction

QUERIES = Queries("collection.sql")


class PostgresBook:
    """What is written and said in a run, inside one transaction that holds the run's row."""

    def __init__(self, transaction: Transaction, run_id: str) -> None:
        """Locks the run, so that numbers in it are given one after the other."""
        row = QUERIES.row(transaction.connection, "locked_run", run_id=run_id)
        if row is None:
            raise LookupError(run_id)
        self.run = Run(**row)
        self._transaction, self._session = transaction, transaction.connection

    def company(self, company_id: str) -> Company:
        """The run's company as it is now; to a migration of history, its period is part of the import."""
        company = Companies(self._transaction).company(company_id)
        migration = Histories(self._transaction).of_run(self.run.run_id)
        return company.importing_since(migration.since) if migration else company

    def statements(self, found: Numbered) -> Statements:
        """What the API says of the number: of the orders the PDF came for, or, when they do not have it, of any order."""
        connection_id = self.run.connection_id
        about = {"connection_id": connection_id, "sha256": found.paper.document.sha256}
        came_for = [row["order_id"] for row in QUERIES.rows(self._session, "orders_of_document", **about)]
        wanted = {"connection_id": connection_id, "number": found.number, "kind": found.kind}
        numbers = [stated_number(row) for row in QUERIES.rows(self._session, "statements_of_number", **wanted)]
        numbers = [stated for stated in numbers if stated.key.order_id in came_for] or numbers
        orders = tuple(sorted({stated.key.order_id for stated in numbers})) or tuple(came_for)
        connection = Companies(self._transaction).connection(connection_id)
        assert connection is not None, "a run has a connection"
        return Statements(connection.marketplace_id, orders, tuple(numbers), self._transactions(orders))

    def invoice(self, orders: Sequence[str], found: Numbered, minted: str) -> Invoice:
        """The invoice that Amazon's own keys name, else the one of the minted id, kept under all of Amazon's keys."""
        about = {"connection_id": self.run.connection_id, "number": found.number, "kind": found.kind}
        sha256 = found.paper.document.sha256
        QUERIES.run(self._session, "number_document", connection_id=self.run.connection_id, number=found.number, sha256=sha256)
        named: str = QUERIES.value(self._session, "invoice_named", orders=list(orders), **about) or minted
        QUERIES.run(self._session, "put_invoice", invoice_id=named, company_id=self.run.company_id, **about)
        for order_id in orders:
            QUERIES.run(self._session, "put_invoice_key", order_id=order_id, invoice_id=named, **about)
        row = QUERIES.row(self._session, "invoice", invoice_id=named, sha256=sha256)
        assert row is not None, "it has just been kept"
        return Invoice(**row)

    def routed(self, statements: Statements) -> Waiting | None:
        """Why the document is not this company's for now, by its legal entities; those of one that is are settled with it."""
        names = {entity_named(transaction.legal_entity_name) for transaction in statements.transactions}
        about = {"connection_id": self.run.connection_id}
        waiting = routed(names, {row["name"]: row["ours"] for row in QUERIES.rows(self._session, "entities", **about)})
        for name in names - {UNNAMED} if waiting is None else ():
            QUERIES.run(self._session, "settle_entity", **about, name=name)
        return waiting

    def say_collected(self, invoice: Invoice, collected: InvoiceCollected, now: datetime) -> None:
        """The invoice's next revision, as the next event of the run."""
        said = {"invoice_id": invoice.invoice_id, "revision": invoice.revision}
        QUERIES.run(self._session, "say_invoice", **said, said=invoice.said, collected=collected.model_dump_json())
        facts = {"sha256": collected.document.sha256, "facts_hash": invoice.facts_hash}
        QUERIES.run(self._session, "put_facts", invoice_id=invoice.invoice_id, **facts)
        runseq: int = QUERIES.value(self._session, "next_runseq", run_id=self.run.run_id)
        QUERIES.run(self._session, "put_emission", run_id=self.run.run_id, runseq=runseq, **said, now=now)
        self._transaction.send(outgoing(collected, invoice.said, now, RunPosition(self.run.run_id, runseq)))

    def settle(self, order_id: str, waits: Sequence[Wait], complete: Sequence[Wanted], now: datetime) -> None:
        """What of the order waits from now on; what is complete is wanted no more."""
        about = {"connection_id": self.run.connection_id, "order_id": order_id}
        QUERIES.run(self._session, "end_waits", **about)
        QUERIES.run_each(self._session, "put_wait", [{**about, **_wait_columns(place, wait)} for place, wait in enumerate(waits)])
        for wanted in complete:
            keep_wanted(self._session, self.run.connection_id, wanted, settled(wanted), now)

    def finish_run(self, finished: CollectionFinished, now: datetime) -> None:
        """The run is over, and its marker says so."""
        QUERIES.run(self._session, "finish_run", run_id=self.run.run_id, now=now)
        self._transaction.send(outgoing(finished, 1, now, RunPosition(self.run.run_id, None)))

    def count_emissions(self, now: datetime) -> None:
        """Say what was said of the company on the days of the run, in all its runs."""
        about = {"run_id": self.run.run_id, "company_id": self.run.company_id}
        said = [Emission(**row) for row in QUERIES.rows(self._session, "emissions_of_days", **about)]
        for counted in counted_by_day(self.run.company_id, said):
            self._transaction.send(outgoing(counted, counted.count, now))

    def _transactions(self, orders: Sequence[str]) -> tuple[AmazonTransaction, ...]:
        about = {"connection_id": self.run.connection_id, "orders": list(orders)}
        rows = QUERIES.rows(self._session, "transactions_of_orders", **about)
        return tuple(AmazonTransaction.model_validate(row["raw"]) for row in rows)


def keep_wanted(session: Session, connection_id: str, before: Wanted, after: Wanted, now: datetime) -> None:
    """How far the ladder of what is wanted is, unless somebody moved it since it was looked at."""
    key = {"connection_id": connection_id, "order_id": after.order_id, "number": after.number, "seen_at": before.next_attempt_at}
    stands = {"failures": after.failures, "trouble": after.trouble, "next_attempt_at": after.next_attempt_at}
    QUERIES.run(session, "put_wanted", **key, **stands, now=now)


def _wait_columns(place: int, wait: Wait) -> dict[str, object]:
    said = {"number": wait.number, "reason": wait.reason, "since": wait.since, "next_attempt_at": wait.next_attempt_at}
    return {"place": place, **said}


def stated_number(row: Row) -> StatedNumber:
    """A number from its columns."""
    key, kind = LineKey(row["order_id"], row["order_line_item_id"], row["shipment_id"]), Kind(row["kind"])
    told = {"shared": row.get("shared", False), "consolidated": row.get("consolidated", False)}
    return StatedNumber(key, row["number"], kind, row["issue_date"], row["origin"], **told)
