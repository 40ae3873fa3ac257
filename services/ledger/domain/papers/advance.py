"""Money paid before the invoice: 4091 against the bank, and later 401 against 4091 when the invoice is there (PCG 1214-40)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from services.ledger.domain.papers.book import ADVANCES, BANK, DUE, MISCELLANEOUS, Book, Draft, late_label
from services.ledger.domain.papers.fields import Fields
from services.ledger.domain.papers.payment import BANK_ACCOUNT
from services.ledger.domain.papers.refusals import OtherCurrency
from services.ledger.domain.papers.settling import parts, released, take
from services.ledger.domain.posting import BOOK_CURRENCY, Line

ADVANCE_PAID = "409100"


@dataclass(frozen=True, slots=True)
class Advance:
    """`paid_cents` left the bank for an order that is not invoiced yet."""

    number: str
    day: date
    supplier: str
    paid_cents: int
    bank: str

    @classmethod
    def read(cls, said: Fields) -> Self:
        """From the fields of a file. Raises PaperRefused."""
        bank = said.account("bank") if said.has("bank") else BANK_ACCOUNT
        return cls(said.text("number"), said.day("date"), said.auxiliary("supplier"), said.cents("paid"), bank)

    def post(self, book: Book) -> Sequence[Draft]:
        """The bank's entry."""
        posted = book.open_day(self.day)
        supplier = book.mergers.survivor(self.supplier)
        lines = (Line(ADVANCE_PAID, supplier, self.paid_cents, None), Line(self.bank, None, -self.paid_cents, None))
        return [Draft(BANK, posted, self.number, self.day, late_label(f"Acompte {self.number}", self.day, posted), lines)]


@dataclass(frozen=True, slots=True)
class AdvanceUse:
    """`cents` of an advance settle an invoice (None = as much as both leave)."""

    number: str
    day: date
    supplier: str
    advance: str
    invoice: str
    cents: int | None

    @classmethod
    def read(cls, said: Fields) -> Self:
        """From the fields of a file. Raises PaperRefused."""
        amount = said.cents("amount") if said.has("amount") else None
        advance, invoice = said.text("advance"), said.text("invoice")
        return cls(said.text("number"), said.day("date"), said.auxiliary("supplier"), advance, invoice, amount)

    def post(self, book: Book) -> Sequence[Draft]:
        """The entry between the two accounts, with the VAT that waited for payment. Raises PaperRefused."""
        paid, due = book.find(self.supplier, self.advance, ADVANCES), book.find(self.supplier, self.invoice, DUE)
        if any(item.currency != BOOK_CURRENCY for item in (*paid.items, *due.items)):
            raise OtherCurrency(self.number)
        wanted = self.cents
        if wanted is None:
            wanted = min(sum(item.left for item in paid.items), -sum(item.left for item in due.items))
        settled, used, posted = take(due, wanted), take(paid, -wanted), book.open_day(self.day)
        lines = [Line(item.account, item.auxiliary, cents, None) for item, cents in (*settled, *used)]
        settles = [part for n, one in enumerate((*settled, *used), 1) for part in parts(n, [one])]
        label = late_label(f"Imputation de l'acompte {self.advance} sur {self.invoice}", self.day, posted)
        lines += released(due, settled)
        return [Draft(MISCELLANEOUS, posted, self.number, self.day, label, tuple(lines), tuple(settles))]
