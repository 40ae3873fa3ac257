"""entry.recorded: a balanced entry « À traiter » stands in the books."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import Contract, EventData
from schemas.values import Account, Cents, Code, Currency, Day, DocumentRef, Id, Instant, Rate, Supplier, Text, Totals


class EntryLine(Contract):
    """One line: exactly one of debit and credit is above zero."""

    account: Account
    auxiliary: str | None
    debit_cents: Annotated[Cents, Field(ge=0)]
    credit_cents: Annotated[Cents, Field(ge=0)]
    vat_rate: Rate | None


class EntryRecorded(EventData):
    """The entry of an invoice or credit note (PCG 1031-1); not validated yet, so it has no number in its journal."""

    ce_type: ClassVar[str] = "achats.entry.recorded.v1"

    company_id: Id
    invoice_id: Id
    revision: Annotated[int, Field(ge=1)]
    entry_id: Id
    journal: Annotated[str, Field(pattern=r"^[A-Z]{2,3}$")]
    entry_date: Day
    piece_ref: Text
    piece_date: Day
    label: Text
    type: Code
    currency: Currency
    totals: Totals
    supplier: Supplier
    lines: Annotated[tuple[EntryLine, ...], Field(min_length=2)]
    document: DocumentRef
    status: Code = Field(description="known: to_process")
    recorded_at: Instant

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
