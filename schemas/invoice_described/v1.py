"""invoice.described: everything known of an invoice now; the topic is compacted, so a new reader gets today's state."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from schemas.contract import Contract, EventData
from schemas.entry_recorded.v1 import EntryLine, balanced
from schemas.invoice_classified.v1 import VatTable
from schemas.values import MOST_LINES, Code, Codes, Currency, Day, DocumentRef, Id, Instant, Orders, Ordinal, Supplier, Text, Totals, known


class Hold(Contract):
    """Why a person must look, and what to do (in French, as shown)."""

    stage: Code = known("classification, booking")
    reason: Code = known("those of booking.held")
    sentence: Text
    next_action: Text


class InvoiceDescribed(EventData):
    """The invoice as Achats shows it. A later `version` replaces an earlier one."""

    ce_type: ClassVar[str] = "achats.invoice.described.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    version: Ordinal
    revision: Ordinal
    category: Code = known("purchases")
    status: Code = known("to_process, validated, reversed, archived")
    outcome: Code = known("recorded, held, no_entry, archived")
    type: Code | None = known("invoice, credit_note")
    number: Text | None
    issue_date: Day | None
    credited_number: Text | None
    currency: Currency | None
    totals: Totals | None
    supplier: Supplier
    vat: VatTable
    flags: Codes = known("those of invoice.classified")
    orders: Orders
    entry_id: Id | None
    lines: Annotated[tuple[EntryLine, ...], Field(max_length=MOST_LINES), AfterValidator(balanced)]
    hold: Hold | None
    document: DocumentRef
    changed_at: Instant
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"

    @property
    def record_key(self) -> str:
        """Company and invoice: compaction keeps the latest view of each."""
        return self.subject
