"""The fetcher's story: a run collects what Amazon has and says what is final; a finished import makes its connection active.

A document whose hold a person lifts is said again, with the decision inside.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.connection_changed.v1 import ConnectionChanged
from schemas.contract import EventData
from schemas.hold_lifted.v1 import HoldLifted
from schemas.import_finished.v1 import ImportFinished
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.values import CompanySettings
from services.fetcher.domain.company import Company
from services.fetcher.domain.emitting import next_revision
from services.fetcher.domain.lifting import said_again
from services.fetcher.domain.records import Connection, Invoice, Run
from services.fetcher.stages.documents import fetch_documents
from services.fetcher.stages.numbers import ask_numbers
from services.fetcher.stages.payments import read_payments
from services.fetcher.stages.ports import Accounts, Each, NotCollecting, Progress, Reader, Shelf, Work
from services.fetcher.stages.saying import finish, say_final
from services.kernel.clock import Clock
from services.kernel.envelope import Event
from services.kernel.errors import Poison
from services.kernel.postgres import Transaction as DatabaseTransaction

AT_ONCE = 50


@dataclass(frozen=True)
class Collect:
    """One import run, from the transactions to its marker. It may be killed at any point and called again.

    `each` reads several PDFs. What `at_once` requests bring, or as many orders say, is one transaction: a process that is killed amid it
    asks again for as much at most. Of new reports that is twelve, which is all that Amazon's allowance lets go at once.
    """

    progress: Progress
    accounts: Accounts
    shelf: Shelf
    reader: Reader
    clock: Clock
    check_stopping: Callable[[], None]
    each: Each = map
    at_once: int = AT_ONCE

    def __call__(self, run_id: str) -> None:
        """Collect until the run is finished. A finished run is left alone; one that may not go on waits to be taken up."""
        run = self.progress.run(run_id)
        if run.finished:
            return
        try:
            account = self.accounts.open(run)
            work = Work(run, account, self.progress, self.shelf, self.reader, self.clock, self.check_stopping, self.each, self.at_once)
            read_payments(work)
            ask_numbers(work)
            fetch_documents(work)
            reasons = say_final(work)
            if self.progress.next_wanted(run, self.clock.now(), 1):  # PDFs do not say their numbers: now those are asked for by themselves
                fetch_documents(work)
                reasons = say_final(work)
        except NotCollecting as why:
            self.accounts.lost(run, why)
            return
        finish(work, reasons)


class Connections(Protocol):
    """The connections, inside one transaction."""

    def locked_connection(self, connection_id: str) -> Connection | None: ...

    def run(self, run_id: str) -> Run | None: ...

    def move(self, connection: Connection, state: str, now: datetime) -> None: ...

    def company(self, company_id: str) -> Company: ...

    def describe_company(self, company_id: str, now: datetime) -> None: ...

    def say_about_connection(self, connection_id: str, data: EventData, now: datetime, causation_id: str) -> None: ...


@dataclass(frozen=True)
class ImportEnds:
    """import.finished of a connection's first run → the connection is active, and says so with the counts."""

    connections: Callable[[DatabaseTransaction], Connections]
    clock: Clock

    def __call__(self, event: Event[ImportFinished], transaction: DatabaseTransaction) -> None:
        """Only the run that initialised the connection moves it, and only from `initialising`."""
        told, book, now = event.data, self.connections(transaction), self.clock.now()
        connection, run = book.locked_connection(told.connection_id), book.run(told.run_id)
        if connection is None or connection.state != "initialising" or run is None or run.kind != "initial":
            return
        if run.connection_id != connection.connection_id:
            return
        book.move(connection, "active", now)
        changed = ConnectionChanged(
            company_id=connection.company_id,
            connection_id=connection.connection_id,
            connector="amazon_business",
            from_state="initialising",
            to_state="active",
            reason="import_finished",
            run_id=told.run_id,
            counts=told.counts,
            waiting=told.waiting,
            test_environment=book.company(connection.company_id).test_environment,
        )
        book.say_about_connection(connection.connection_id, changed, now, event.id)
        book.describe_company(connection.company_id, now)


class UnknownInvoice(Poison):
    """Nothing was ever said of this invoice of this company."""


class DecisionOvertaken(Poison):
    """The document has another revision by now than the one that was decided on: look at it, and decide again."""


class SaidInvoices(Protocol):
    """The documents that were said, inside one transaction."""

    def last_said(self, company_id: str, invoice_id: str) -> tuple[Invoice, InvoiceCollected] | None: ...

    def settings(self, company_id: str, now: datetime) -> CompanySettings: ...

    def say_again(self, invoice: Invoice, collected: InvoiceCollected, now: datetime, causation_id: str) -> None: ...


@dataclass(frozen=True)
class LiftHolds:
    """hold.lifted → the document that was held is said again as its next revision, with the decision inside."""

    invoices: Callable[[DatabaseTransaction], SaidInvoices]
    clock: Clock

    def __call__(self, event: Event[HoldLifted], transaction: DatabaseTransaction) -> None:
        """Only the revision that was decided on. Raises UnknownInvoice, DecisionOvertaken: the decision is parked."""
        decision, book, now = event.data, self.invoices(transaction), self.clock.now()
        found = book.last_said(decision.company_id, decision.invoice_id)
        if found is None:
            raise UnknownInvoice(decision.subject, decision.invoice_id)
        invoice, said = found
        if invoice.revision != decision.revision:
            raise DecisionOvertaken(decision.subject, f"{decision.invoice_id} has revision {invoice.revision}, not {decision.revision}")
        again = said_again(said, decision, book.settings(decision.company_id, now))
        book.say_again(next_revision(invoice, invoice.facts_hash or ""), again, now, event.id)
