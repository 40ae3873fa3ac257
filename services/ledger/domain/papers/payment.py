"""A payment of one or several documents of a supplier: 401 and 404 against the bank, each for what it was booked at (PCG 1214-40).

What the euro made dearer or cheaper since the invoice goes to 656 or 756: 666 and 766 are for financial debts (PCG 1221-65).
VAT that waited for payment becomes deductible in an entry of its own (CGI 269-2-c, 271 I-2).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from schemas.values import LONGEST_TEXT
from services.ledger.domain.papers.book import BANK, DUE, MISCELLANEOUS, Book, Document, Draft, Item, Part, late_label
from services.ledger.domain.papers.fields import Fields
from services.ledger.domain.papers.refusals import NotTheSum, OtherCurrency
from services.ledger.domain.papers.settling import parts, released, take
from services.ledger.domain.posting import BOOK_CURRENCY, Line

BANK_ACCOUNT = "512000"
CURRENCY_LOSS, CURRENCY_GAIN = "656000", "756000"

type Taken = list[tuple[Document, list[tuple[Item, int]]]]


@dataclass(frozen=True, slots=True)
class Payment:
    """`paid_cents` left the bank in euros; `settles` = numbers or invoice ids with amounts in `currency`, a credit note's below zero."""

    number: str
    day: date
    supplier: str
    paid_cents: int
    settles: tuple[tuple[str, int | None], ...]
    currency: str
    bank: str

    @classmethod
    def read(cls, said: Fields) -> Self:
        """From the fields of a file. Raises PaperRefused."""
        return cls(
            number=said.text("number"),
            day=said.day("date"),
            supplier=said.auxiliary("supplier"),
            paid_cents=said.cents("paid"),
            settles=said.amounts("settles"),
            currency=said.currency("currency"),
            bank=said.account("bank") if said.has("bank") else BANK_ACCOUNT,
        )

    def post(self, book: Book) -> Sequence[Draft]:
        """The bank's entry; a second one for VAT that waited. Raises PaperRefused."""
        taken = [(document, take(document, wanted)) for document, wanted in self._wanted(book)]
        if any(item.currency != self.currency for _, items in taken for item, _ in items):
            raise OtherCurrency(self.number)
        posted = book.open_day(self.day)
        label = late_label(f"Règlement {', '.join(name for name, _ in self.settles)}"[: LONGEST_TEXT - 30], self.day, posted)
        lines, settled = self._lines(taken)
        drafts = [Draft(BANK, posted, self.number, self.day, label, lines, settled)]
        vat = _summed([line for document, items in taken for line in released(document, items)])
        if vat:
            drafts.append(Draft(MISCELLANEOUS, posted, self.number, self.day, label, vat))
        return drafts

    def _wanted(self, book: Book) -> list[tuple[Document, int | None]]:
        """The documents with what is paid of each; in euros, the one without an amount takes the rest. Raises NotTheSum."""
        found = [(book.find(self.supplier, number, DUE), cents) for number, cents in self.settles]
        unsaid = [place for place, (_, cents) in enumerate(found) if cents is None]
        if self.currency == BOOK_CURRENCY and len(unsaid) == 1:
            document, _ = found[unsaid[0]]
            found[unsaid[0]] = document, self.paid_cents - sum(cents or 0 for _, cents in found)
        return list(found)

    def _lines(self, taken: Taken) -> tuple[tuple[Line, ...], tuple[Part, ...]]:
        """One line for each account on which a supplier is owed, the bank, and the difference of the currency. Raises NotTheSum."""
        lines, settled = list[Line](), list[Part]()
        by_account: dict[tuple[str, str], list[tuple[Item, int]]] = {}
        for item, cents in (one for _, items in taken for one in items):
            by_account.setdefault((item.account, item.auxiliary), []).append((item, cents))
        for (account, auxiliary), items in sorted(by_account.items()):
            of_line = parts(len(lines) + 1, items)
            euros, abroad = sum(part.cents for part in of_line), sum(part.currency_cents or 0 for part in of_line)
            is_abroad = self.currency != BOOK_CURRENCY
            lines.append(Line(account, auxiliary, euros, None, self.currency if is_abroad else None, abroad if is_abroad else None))
            settled.extend(of_line)
        gap = self.paid_cents - sum(line.cents for line in lines)
        if (gap and self.currency == BOOK_CURRENCY) or any(not line.cents for line in lines):
            raise NotTheSum(self.number)
        if gap:
            lines.append(Line(CURRENCY_LOSS if gap > 0 else CURRENCY_GAIN, None, gap, None))
        return (*lines, Line(self.bank, None, -self.paid_cents, None)), tuple(settled)


def _summed(lines: Sequence[Line]) -> tuple[Line, ...]:
    """One line per account and rate."""
    cents = Counter[tuple[str, str | None]]()
    for line in lines:
        cents[line.account, line.vat_rate] += line.cents
    return tuple(Line(account, None, amount, rate) for (account, rate), amount in cents.items() if amount)
