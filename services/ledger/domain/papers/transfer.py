"""What is open at a supplier that became another one moves to the one that stays: an entry between their accounts, each in its own letters.

The documents stay where they were booked (PCG 1031-3); a letter joins lines of one auxiliary (LPF A47 A-1, EcritureLet).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from services.ledger.domain.papers.book import DUE, MISCELLANEOUS, Book, Document, Draft, Part, late_label
from services.ledger.domain.papers.fields import Fields
from services.ledger.domain.papers.refusals import ItemUnknown, NotMerged, OtherCurrency, VatWaits
from services.ledger.domain.papers.settling import parts, take
from services.ledger.domain.posting import BOOK_CURRENCY, Line


@dataclass(frozen=True, slots=True)
class Transfer:
    """`settles` = what moves: numbers or invoice ids of `supplier`, which became another, each with its cents (None = all that is open)."""

    number: str
    day: date
    supplier: str
    settles: tuple[tuple[str, int | None], ...]

    @classmethod
    def read(cls, said: Fields) -> Self:
        """From the fields of a file. Raises PaperRefused."""
        return cls(said.text("number"), said.day("date"), said.auxiliary("supplier"), said.amounts("settles"))

    def post(self, book: Book) -> Sequence[Draft]:
        """The entry: from then on the other supplier is owed it, under this paper's number. Raises PaperRefused."""
        stays = book.mergers.survivor(self.supplier)
        if stays == self.supplier:
            raise NotMerged(self.supplier)
        lines, settled = list[Line](), list[Part]()
        for number, cents in self.settles:
            for item, amount in take(self._open(book, number), cents):
                settled += parts(len(lines) + 1, [(item, amount)])
                lines += [Line(item.account, item.auxiliary, amount, None), Line(item.account, stays, -amount, None)]
        posted = book.open_day(self.day)
        label = late_label(f"Transfert {self.supplier} vers {stays} {self.number}", self.day, posted)
        return [Draft(MISCELLANEOUS, posted, self.number, self.day, label, tuple(lines), tuple(settled))]

    def _open(self, book: Book, number: str) -> Document:
        """The document of the supplier that went, in euros, its VAT deducted. Raises PaperRefused."""
        document = book.find(self.supplier, number, DUE)
        if any(item.auxiliary != self.supplier for item in document.items):
            raise ItemUnknown(self.supplier, number)
        if any(item.currency != BOOK_CURRENCY for item in document.items):
            raise OtherCurrency(self.number)
        if document.waiting:
            raise VatWaits(number)
        return document
