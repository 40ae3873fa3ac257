"""entry.recorded: a balanced entry « À traiter » stands in the books."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.contract import Contract, EventData
from schemas.invoice_classified.v1 import VatTable
from schemas.values import (
    MOST_LINES,
    Account,
    Auxiliary,
    Cents,
    Code,
    Codes,
    Currency,
    Day,
    Decimals,
    DocumentRef,
    Id,
    Instant,
    Orders,
    Ordinal,
    Rate,
    Supplier,
    Text,
    Totals,
    known,
)

IN_EUROS = "hundredths of a euro, whatever the document's currency"


class EntryLine(Contract):
    """One line: exactly one of debit and credit is above zero."""

    account: Account
    auxiliary: Auxiliary | None
    debit_cents: Annotated[Cents, Field(ge=0, description=IN_EUROS)]
    credit_cents: Annotated[Cents, Field(ge=0, description=IN_EUROS)]
    vat_rate: Rate | None
    currency_cents: Cents | None = Field(default=None, description="the same in the document's currency, a debit above zero; null in euros")

    @model_validator(mode="after")
    def _has_one_side(self) -> Self:
        if (self.debit_cents == 0) == (self.credit_cents == 0):
            raise ValueError("a line has one side")
        return self


def balanced[Lines: Sequence[EntryLine]](lines: Lines) -> Lines:
    """Refuse lines whose debits are not their credits (PCG 1031-1), in euros or in the document's currency."""
    if sum(line.debit_cents - line.credit_cents for line in lines) or sum(line.currency_cents or 0 for line in lines):
        raise ValueError("the entry does not balance")
    return lines


class EntryRecorded(EventData):
    """The entry of an invoice or credit note (PCG 1031-1, 1032-1); not validated yet: no number, and a date that is a proposal (1031-3)."""

    ce_type: ClassVar[str] = "achats.entry.recorded.v1"

    company_id: Id
    connection_id: Id
    invoice_id: Id
    revision: Ordinal
    entry_id: Id
    journal: Annotated[str, Field(pattern=r"^[A-Z]{2,3}$")]
    entry_date: Day = Field(description="a proposal, the issue date, until the entry is validated (PCG 1031-3)")
    piece_ref: Text
    piece_date: Day
    label: Text
    type: Code = known("invoice, credit_note")
    credited_number: Text | None
    currency: Currency
    exchange_rate: Decimals | None = Field(default=None, description="units of the currency for one euro; null in euros")
    totals: Totals
    supplier: Supplier
    lines: Annotated[tuple[EntryLine, ...], Field(min_length=2, max_length=MOST_LINES), AfterValidator(balanced)]
    vat: VatTable
    flags: Codes = known("those of invoice.classified")
    orders: Orders
    rulebook_version: Code
    document: DocumentRef
    status: Code = known("to_process")
    recorded_at: Instant
    test_environment: bool

    @property
    def subject(self) -> str:
        """Company and invoice."""
        return f"{self.company_id}/{self.invoice_id}"
