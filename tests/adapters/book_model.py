"""What a book is, in the fewest words: entries, their fates, closed days and locked months. The real one must end as this one.

Entries that follow another are left out: test_later.py has them."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.ledger.adapters.refusals import (
    AlreadyReversed,
    AlreadySuperseded,
    AlreadyValidated,
    ClosedForGood,
    DeedRefused,
    LockedSo,
    MonthLocked,
    NotFurther,
    NotValidated,
    ReversalStands,
    WaitingNotAcknowledged,
    YearUnknown,
)

ACCOUNTS = {"606400": "606300", "606300": "606400"}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry by what its life depends on: the invoice it books, its day, its expense account; `turns` = the entry it undoes."""

    invoice: str
    day: date
    account: str
    turns: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A final entry's fiscal year, number and day."""

    fy: int
    number: int
    day: date


type Fate = Number | int  # or the entry that took its place


@dataclass
class Model:
    """One company's book. Deeds raise the refusal that the real book must give, and change nothing then."""

    first_year: int
    entries: dict[int, Entry] = field(default_factory=dict[int, Entry])
    fates: dict[int, Fate] = field(default_factory=dict[int, Fate])
    closed: dict[int, date] = field(init=False)
    locked: set[date] = field(default_factory=set[date])

    def __post_init__(self) -> None:
        """A calendar year, nothing of it closed."""
        self.closed = {self.first_year: date(self.first_year - 1, 12, 31)}

    @property
    def waiting(self) -> list[int]:
        """The entries without fate."""
        return sorted(self.entries.keys() - self.fates.keys())

    def book(self, entry: int, invoice: str, day: date) -> None:
        """An invoice arrived."""
        self.entries[entry] = Entry(invoice, day, "606400")

    def validate(self, entries: Sequence[int]) -> dict[int, Number]:
        """Numbers in the order of days, then of entries; all or none."""
        chosen = sorted(set(entries))
        self._refuse_fated(chosen)
        return self._number(chosen)

    def reverse(self, entry: int, mirror: int) -> None:
        """The mirror has its number at once."""
        self._refuse_reversed(entry)
        self._mirror(entry, mirror)

    def correct(self, entry: int, made: int) -> None:
        """The other account, on a new entry; a final entry is reversed by the one just before it."""
        before = self.entries[entry]
        if entry in self.fates:
            self._refuse_reversed(entry)
            self._mirror(entry, made - 1)
        else:
            self.fates[entry] = made
        self.entries[made] = Entry(before.invoice, before.day, ACCOUNTS[before.account])

    def close(self, fy: int, through: date, waiting: int) -> None:
        """Nothing enters these days any more; a year's last day opens the next."""
        if fy not in self.closed:
            raise YearUnknown
        if not max(self.closed[fy], date(fy - 1, 12, 31)) < through <= date(fy, 12, 31):
            raise NotFurther
        if waiting != self.waiting_up_to(through):
            raise WaitingNotAcknowledged
        self.closed[fy] = through
        if through == date(fy, 12, 31):
            self.closed.setdefault(fy + 1, through)

    def waiting_up_to(self, day: date) -> int:
        """How many entries without fate are dated up to that day."""
        return sum(self.entries[entry].day <= day for entry in self.waiting)

    def lock(self, day: date, deed: str) -> None:
        """Nothing is validated in the month of that day, or again."""
        if day.year not in self.closed:
            raise YearUnknown
        month = day.replace(day=1)
        if self.closed[day.year] >= month.replace(day=monthrange(month.year, month.month)[1]):
            raise ClosedForGood
        if (deed == "lock") == (month in self.locked):
            raise LockedSo
        self.locked ^= {month}

    def _mirror(self, entry: int, mirror: int) -> None:
        final = self.fates[entry]
        assert isinstance(final, Number)
        self.entries[mirror] = Entry(self.entries[entry].invoice, final.day, self.entries[entry].account, turns=entry)
        try:
            self._number([mirror])
        except DeedRefused:
            del self.entries[mirror]
            raise

    def _number(self, chosen: Sequence[int]) -> dict[int, Number]:
        placed = sorted((*self._place(self.entries[entry].day), entry) for entry in chosen)
        if any(day.replace(day=1) in self.locked for _, day, _ in placed):
            raise MonthLocked
        made = dict[int, Number]()
        for fy, day, entry in placed:
            used = [fate.number for fate in self.fates.values() if isinstance(fate, Number) and fate.fy == fy]
            made[entry] = self.fates[entry] = Number(fy, len(used) + 1, day)
        return made

    def _place(self, day: date) -> tuple[int, date]:
        """The fiscal year and day an entry of that day goes to: its own, or the first open one."""
        fy = next(fy for fy in sorted(self.closed) if date(fy, 12, 31) >= day and self.closed[fy] < date(fy, 12, 31))
        return fy, max(day, self.closed[fy] + timedelta(days=1))

    def _refuse_fated(self, chosen: Sequence[int]) -> None:
        fate = next((self.fates[entry] for entry in chosen if entry in self.fates), None)
        if fate is not None:
            raise AlreadyValidated if isinstance(fate, Number) else AlreadySuperseded

    def _refuse_reversed(self, entry: int) -> None:
        if self.entries[entry].turns is not None:
            raise ReversalStands
        if isinstance(self.fates.get(entry), int):
            raise AlreadySuperseded
        if entry not in self.fates:
            raise NotValidated
        if any(other.turns == entry for other in self.entries.values()):
            raise AlreadyReversed
