"""A supplier who owes us at the end of the year: the debit moves from 401 to 4097, for accounts are not netted (PCG 1011-5, 1214-40).

It is a person's statement, by legal seller: with one auxiliary for all sellers the balance of the account does not show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from services.ledger.domain.papers.book import MISCELLANEOUS, Book, Draft, require_month_end
from services.ledger.domain.papers.fields import Fields
from services.ledger.domain.posting import SUPPLIERS, Line

CREDIT_NOTES_OF_SUPPLIERS = "409700"


@dataclass(frozen=True, slots=True)
class SupplierDebit:
    """`cents` that the supplier's account is in debit on that day."""

    number: str
    day: date
    supplier: str
    cents: int

    @classmethod
    def read(cls, said: Fields) -> Self:
        """From the fields of a file. Raises PaperRefused."""
        return cls(said.text("number"), said.day("date"), said.auxiliary("supplier"), said.cents("amount"))

    def post(self, book: Book) -> Sequence[Draft]:
        """The entry; it is not turned round (accounting rule A10.19). Raises PaperRefused."""
        require_month_end(self.day)
        book.require_open(self.day)
        lines = (Line(CREDIT_NOTES_OF_SUPPLIERS, self.supplier, self.cents, None), Line(SUPPLIERS, self.supplier, -self.cents, None))
        return [Draft(MISCELLANEOUS, self.day, self.number, self.day, f"Fournisseur débiteur {self.supplier} {self.number}", lines)]
