"""Documents that were said, to say one again: the fetcher's tables inside one transaction of the kernel's store."""

from datetime import datetime

from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.values import CompanySettings
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.queries import Queries
from services.fetcher.adapters.saying import PostgresBook
from services.fetcher.domain.emitting import fitting
from services.fetcher.domain.identity import run_id_of
from services.fetcher.domain.lifting import LIFTED
from services.fetcher.domain.records import Invoice
from services.fetcher.stages.saying import marker_of
from services.kernel.envelope import VALUE_MAX_BYTES
from services.kernel.postgres import Transaction

QUERIES = Queries("collecting")


class SaidInvoices:
    """What one transaction reads of documents that were said, and says again."""

    def __init__(self, transaction: Transaction) -> None:
        """Lives as long as the transaction."""
        self._transaction, self._session = transaction, transaction.connection

    def last_said(self, company_id: str, invoice_id: str) -> tuple[Invoice, InvoiceCollected] | None:
        """The company's invoice and the event last said of it, ours until the transaction ends; None when nothing was said of it."""
        row = QUERIES.row(self._session, "last_said", company_id=company_id, invoice_id=invoice_id)
        if row is None:
            return None
        said = InvoiceCollected.model_validate_json(row.pop("collected"), extra="ignore")
        return Invoice(**row), said

    def settings(self, company_id: str, now: datetime) -> CompanySettings:
        """The company's settings as they are now."""
        return Companies(self._transaction).company(company_id).settings(now.date())

    def say_again(self, invoice: Invoice, collected: InvoiceCollected, now: datetime, causation_id: str) -> None:
        """The invoice as it is from now on, the only event of a run of its own, which is finished and counted with it."""
        connection = Companies(self._transaction).connection(collected.connection_id)
        assert connection is not None, "an invoice has a connection"
        run_id = run_id_of(connection.connection_id, LIFTED, collected.lifted[-1].decision_id)
        Companies(self._transaction).put_run(connection, run_id, LIFTED, (now.date(), now.date()), now)
        book = PostgresBook(self._transaction, run_id)
        book.say_collected([(invoice, fitting(collected, VALUE_MAX_BYTES))], now, causation_id)
        book.finish_run(marker_of(book.run, 1, (), collected.settings), now)
        book.count_emissions(now)
