"""One transaction of a run: the invoice's rows, its number in the run, and the event, together or not at all."""

from collections.abc import Sequence
from datetime import datetime

from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_collected.v1 import InvoiceCollected
from services.fetcher.adapters.announcing import outgoing
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.histories import Histories
from services.fetcher.adapters.queries import Queries, Row
from services.fetcher.domain.amazon.collecting import Transaction as AmazonTransaction
from services.fetcher.domain.company import Company
from services.fetcher.domain.matching import Numbered
from services.fetcher.domain.records import Invoice, Kind, LineKey, Run, StatedNumber, Statements
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

    def say_collected(self, invoice: Invoice, collected: InvoiceCollected, now: datetime) -> None:
        """The invoice's next revision, as the next event of the run."""
        said = {"invoice_id": invoice.invoice_id, "revision": invoice.revision}
        QUERIES.run(self._session, "say_invoice", **said, said=invoice.said, collected=collected.model_dump_json())
        facts = {"sha256": collected.document.sha256, "facts_hash": invoice.facts_hash}
        QUERIES.run(self._session, "put_facts", invoice_id=invoice.invoice_id, **facts)
        runseq: int = QUERIES.value(self._session, "next_runseq", run_id=self.run.run_id)
        QUERIES.run(self._session, "put_emission", run_id=self.run.run_id, runseq=runseq, **said, now=now)
        self._transaction.send(outgoing(collected, invoice.said, now, RunPosition(self.run.run_id, runseq)))

    def finish_run(self, finished: CollectionFinished, now: datetime) -> None:
        """The run is over, and its marker says so."""
        QUERIES.run(self._session, "finish_run", run_id=self.run.run_id, now=now)
        self._transaction.send(outgoing(finished, 1, now, RunPosition(self.run.run_id, None)))

    def _transactions(self, orders: Sequence[str]) -> tuple[AmazonTransaction, ...]:
        about = {"connection_id": self.run.connection_id, "orders": list(orders)}
        rows = QUERIES.rows(self._session, "transactions_of_orders", **about)
        return tuple(AmazonTransaction.model_validate(row["raw"]) for row in rows)


def stated_number(row: Row) -> StatedNumber:
    """A number from its columns."""
    key = LineKey(row["order_id"], row["order_line_item_id"], row["shipment_id"])
    return StatedNumber(key, row["number"], Kind(row["kind"]), row["issue_date"], row["origin"], row.get("shared", False))
