"""A purchase invoice that does not come from Amazon: a carrier's, a customs agent's, one in another currency (PCG 1031-1, 1214-40).

In another currency it is booked at the rate of its day, and the supplier's line keeps the amount owed (PCG 420-1 to 420-7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from services.ledger.domain.holds import TooSmallInEuros
from services.ledger.domain.papers.book import PURCHASES, Book, Draft, late_label
from services.ledger.domain.papers.fields import Cost, Fields
from services.ledger.domain.papers.purchases import cost_lines
from services.ledger.domain.papers.refusals import SumWrong, ValueWrong
from services.ledger.domain.posting import BOOK_CURRENCY, FIXED_ASSETS, SUPPLIERS, Line, in_euros

VAT_DEDUCTED = "445660"


@dataclass(frozen=True, slots=True)
class Bill:
    """Costs, no fixed assets, in `currency`; `exchange_rate` = units of it for one euro (None in euros)."""

    number: str
    day: date
    supplier: str
    costs: tuple[Cost, ...]
    currency: str
    exchange_rate: str | None

    @classmethod
    def read(cls, said: Fields) -> Self:
        """From the fields of a file. Raises PaperRefused."""
        currency = said.currency("currency")
        rate = None if currency == BOOK_CURRENCY else said.exchange_rate("exchange_rate")
        return cls(said.text("number"), said.day("date"), said.auxiliary("supplier"), said.costs("lines"), currency, rate)

    def post(self, book: Book) -> Sequence[Draft]:
        """The entry of the purchase. Raises PaperRefused."""
        if assets := [cost.account for cost in self.costs if cost.account.startswith(FIXED_ASSETS)]:
            raise ValueWrong("lines", *assets)
        posted = book.open_day(self.day)
        lines = cost_lines(self.costs, VAT_DEDUCTED)
        supplier = book.mergers.survivor(self.supplier)
        lines.append(Line(SUPPLIERS, supplier, -sum(line.cents for line in lines), None))
        label = late_label(f"{supplier} — {self.number}", self.day, posted)
        return [Draft(PURCHASES, posted, self.number, self.day, label, self._in_euros(lines))]

    def _in_euros(self, lines: Sequence[Line]) -> tuple[Line, ...]:
        """The lines at the bill's rate. Raises SumWrong: they are too small for it."""
        if self.exchange_rate is None:
            return tuple(lines)
        try:
            converted = in_euros(lines, self.currency, self.exchange_rate)
        except TooSmallInEuros:
            converted = ()
        if not converted:
            raise SumWrong("exchange_rate")
        return converted
