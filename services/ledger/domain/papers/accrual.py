"""Delivered and not invoiced at the end of a month: the cost against 4081, its VAT on 44586 (PCG 1214-40).

Turned round on the first day of the next month, so that the invoice is booked like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from services.ledger.domain.papers.book import MISCELLANEOUS, Book, Draft, require_month_end
from services.ledger.domain.papers.fields import Cost, Fields
from services.ledger.domain.papers.purchases import cost_lines, mirrored
from services.ledger.domain.posting import Line

NOT_INVOICED, VAT_NOT_INVOICED = "408100", "445860"


@dataclass(frozen=True, slots=True)
class Accrual:
    """Costs of a supplier at the last day of a month; a cost without a rate has no VAT that is deducted."""

    number: str
    day: date
    supplier: str
    costs: tuple[Cost, ...]

    @classmethod
    def read(cls, said: Fields) -> Self:
        """From the fields of a file. Raises PaperRefused."""
        return cls(said.text("number"), said.day("date"), said.auxiliary("supplier"), said.costs("lines"))

    def post(self, book: Book) -> Sequence[Draft]:
        """The accrual, and its reversal on the first day of the next month. Raises PaperRefused."""
        require_month_end(self.day)
        book.require_open(self.day)
        lines = cost_lines(self.costs, VAT_NOT_INVOICED)
        lines.append(Line(NOT_INVOICED, book.mergers.survivor(self.supplier), -sum(line.cents for line in lines), None))
        after, label = self.day + timedelta(days=1), f"Facture non parvenue {self.number}"
        return [
            Draft(MISCELLANEOUS, self.day, self.number, self.day, label, tuple(lines)),
            Draft(MISCELLANEOUS, after, self.number, after, f"Extourne : {label}", mirrored(lines)),
        ]
