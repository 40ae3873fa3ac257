"""What papers need of the book and what they put into it: lines that wait for their other side, drafts of entries, what settles what."""

from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple, Protocol, Self

from services.ledger.domain.papers.fields import Fields
from services.ledger.domain.papers.refusals import (
    AccountMissing,
    ItemAmbiguous,
    ItemLettered,
    ItemTwice,
    ItemUnknown,
    NotMonthEnd,
    PeriodClosed,
)
from services.ledger.domain.posting import BOOK_CURRENCY, Line
from services.ledger.domain.standing import FiscalYear
from services.ledger.domain.suppliers import NO_MERGERS, Mergers

BANK, PURCHASES, MISCELLANEOUS = "BQ", "AC", "OD"
DUE = ("401", "404")  # what is owed to suppliers; 409 = what they owe
ADVANCES = ("4091",)


class Place(NamedTuple):
    """A line: entry id, or below zero the place of a draft of this import (-1 = the first); then the line's number from 1."""

    entry: int
    n: int


class Waiting(NamedTuple):
    """Deductible VAT that waits for payment: where it goes then, its rate, its cents (a debit above zero)."""

    account: str
    rate: str
    cents: int


@dataclass(slots=True)
class Item:
    """A supplier's line; `taken_cents` of it are settled, signed as the settling side. `currency_cents` are signed like `cents`."""

    place: Place
    auxiliary: str
    account: str
    cents: int
    currency: str = BOOK_CURRENCY
    currency_cents: int | None = None
    taken_cents: int = 0
    taken_currency_cents: int = 0
    is_lettered: bool = False

    @property
    def whole(self) -> int:
        """The amount in its own currency."""
        return self.cents if self.currency_cents is None else self.currency_cents

    @property
    def left(self) -> int:
        """What is open, in its own currency, signed like the line; nothing of a line that has a letter."""
        if self.is_lettered:
            return 0
        return self.whole + (self.taken_cents if self.currency_cents is None else self.taken_currency_cents)


@dataclass(slots=True)
class Document:
    """What one entry shows under its number: its lines at the supplier, and the VAT that waits for payment."""

    number: str
    items: list[Item]
    waiting: tuple[Waiting, ...] = ()


class Part(NamedTuple):
    """How much of line `n` of a draft goes to an item; both amounts signed as that line."""

    n: int
    item: Item
    cents: int
    currency_cents: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A balanced entry of a paper; its date is a proposal until it is validated."""

    journal: str
    entry_date: date
    piece_ref: str
    piece_date: date
    label: str
    lines: tuple[Line, ...]
    settles: tuple[Part, ...] = ()


@dataclass(slots=True)
class Book:
    """The company's book as an import sees it; it moves along with the drafts of the papers before."""

    years: Sequence[FiscalYear]
    chart: Mapping[str, tuple[date | None, date | None]]  # account → the day from which it is valid, and the first on which it is not
    documents: list[Document] = field(default_factory=list[Document])
    drafts: list[Draft] = field(default_factory=list[Draft])
    mergers: Mergers = NO_MERGERS

    def open_day(self, day: date) -> date:
        """The day, or the first open one after it (PCG 1031-4)."""
        for year in sorted(self.years, key=lambda one: one.starts):
            if year.ends >= day and year.closed_through < year.ends:
                return max(day, year.closed_through + timedelta(days=1))
        return day

    def find(self, supplier: str, number: str, accounts: Sequence[str]) -> Document:
        """The supplier's document of that number with lines on these accounts; failing that, of one that is the same supplier.

        Raises ItemUnknown, ItemAmbiguous, ItemLettered.
        """
        found = self._of([supplier], number, accounts) or self._of(self.mergers.one_with(supplier), number, accounts)
        if not found:
            raise ItemUnknown(supplier, number)
        if len(found) > 1:
            raise ItemAmbiguous(number)
        if not any(item.left for item in found[0].items):
            raise ItemLettered(number)
        return found[0]

    def _of(self, codes: Collection[str], number: str, accounts: Sequence[str]) -> list[Document]:
        return [
            Document(one.number, items, one.waiting)
            for one in self.documents
            if one.number == number and (items := [item for item in one.items if _is_on(item, codes, accounts)])
        ]

    def enter(self, drafts: Sequence[Draft]) -> None:
        """Later papers see these. Raises AccountMissing, ItemTwice."""
        for draft in drafts:
            self._refuse_strange(draft)
            if len({part.item.place for part in draft.settles}) < len(draft.settles):
                raise ItemTwice(draft.piece_ref)
            self.drafts.append(draft)
            for part in draft.settles:
                part.item.taken_cents += part.cents
                part.item.taken_currency_cents += part.currency_cents or 0
            place = -len(self.drafts)
            items = [_item(Place(place, n), line) for n, line in enumerate(draft.lines, 1) if line.auxiliary]
            self.documents.append(Document(draft.piece_ref, [item for item in items if item.place.n not in {p.n for p in draft.settles}]))

    def require_open(self, day: date) -> None:
        """Raises PeriodClosed: entries of an inventory belong to their day (PCG 1031-4)."""
        if self.open_day(day) != day:
            raise PeriodClosed(f"{day:%d/%m/%Y}")

    def _refuse_strange(self, draft: Draft) -> None:
        for line in draft.lines:
            since, until = self.chart.get(line.account, (date.max, None))
            if (since and draft.entry_date < since) or (until and draft.entry_date >= until):
                raise AccountMissing(line.account)


class Paper(Protocol):
    """A paper of some kind."""

    @property
    def number(self) -> str:
        """Unique among the company's papers of the kind; the piece of its entries."""
        ...

    @classmethod
    def read(cls, said: Fields) -> Self:
        """From the fields of a file. Raises PaperRefused."""
        ...

    def post(self, book: Book) -> Sequence[Draft]:
        """Its entries. Raises PaperRefused."""
        ...


def late_label(label: str, day: date, posted: date) -> str:
    """The label, with the true date when the entry goes to a later day (PCG 1031-4)."""
    return label if day == posted else f"{label} — opération du {day:%d/%m/%Y}"


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def require_month_end(day: date) -> None:
    """Raises NotMonthEnd."""
    if day != month_end(day):
        raise NotMonthEnd(f"{day:%d/%m/%Y}")


def _is_on(item: Item, codes: Collection[str], accounts: Sequence[str]) -> bool:
    return item.auxiliary in codes and item.account.startswith(tuple(accounts))


def _item(place: Place, line: Line) -> Item:
    return Item(place, line.auxiliary or "", line.account, line.cents, line.currency or BOOK_CURRENCY, line.currency_cents)
