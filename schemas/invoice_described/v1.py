"""invoice.described: everything known of an invoice now; the topic is compacted, so a new reader gets today's state."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import Contract, EventData
from schemas.entry_recorded.v1 import EntryLine
from schemas.values import Code, Currency, Day, DocumentRef, Id, Instant, Supplier, Text, Totals


class Hold(Contract):
    """Why a person must look, and what to do (in French, as shown)."""

    stage: Code = Field(description="known: classification, booking")
    reason: Code
    sentence: Text
    next_action: Text


class InvoiceDescribed(EventData):
    """The invoice as Achats shows it. A later `version` replaces an earlier one."""

    ce_type: ClassVar[str] = "achats.invoice.described.v1"

    company_id: Id
    invoice_id: Id
    version: Annotated[int, Field(ge=1)]
    revision: Annotated[int, Field(ge=1)]
    category: Code = Field(description="known: purchases")
    status: Code = Field(description="known: to_process, archived")
    outcome: Code = Field(description="known: recorded, held, no_entry, archived")
    type: Code | None
    number: Text | None
    issue_date: Day | None
    currency: Currency | None
    totals: Totals | None
    supplier: Supplier
    flags: tuple[Code, ...]
    orders: tuple[Id, ...]
    entry_id: Id | None
    lines: tuple[EntryLine, ...]
    hold: Hold | None
    document: DocumentRef
    changed_at: Instant

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"

    @property
    def record_key(self) -> str:
        """Company and invoice: compaction keeps the latest view of each."""
        return self.subject
