"""A cost that reaches beyond a closing: the part to come goes to 486, and comes back the next day (PCG 486, accounting rule A10.19).

The part is counted in whole months left of the months of the period; in days when the period does not begin on the first of a month.
A period that reaches beyond several closings has two entries for each of them: that is how it is spread.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from services.ledger.domain.papers.book import MISCELLANEOUS, Book, Draft, month_end, require_month_end
from services.ledger.domain.papers.fields import Fields
from services.ledger.domain.papers.purchases import mirrored
from services.ledger.domain.papers.refusals import PeriodWrong
from services.ledger.domain.posting import Line

PREPAID = "486000"
STEPS = {"year": 12, "month": 1}
MOST_CLOSINGS = 60


@dataclass(frozen=True, slots=True)
class Prepaid:
    """`cost_cents` on `account` for the days from `starts` to `ends`; `day` = the first closing, then one each `every`."""

    number: str
    day: date
    account: str
    cost_cents: int
    starts: date
    ends: date
    every: str

    @classmethod
    def read(cls, said: Fields) -> Self:
        """From the fields of a file. Raises PaperRefused."""
        return cls(
            number=said.text("number"),
            day=said.day("date"),
            account=said.account("account"),
            cost_cents=said.cents("cost"),
            starts=said.day("from"),
            ends=said.day("to"),
            every=said.one_of("every", STEPS) if said.has("every") else "year",
        )

    def post(self, book: Book) -> Sequence[Draft]:
        """Two entries for each closing before the end of the period. Raises PaperRefused."""
        require_month_end(self.day)
        closings = list(self._closings())
        if not self.starts <= self.ends or not 0 < len(closings) <= MOST_CLOSINGS:
            raise PeriodWrong(f"{self.day:%d/%m/%Y}")
        book.require_open(self.day)
        return [draft for day in closings for draft in self._drafts(day)]

    def _closings(self) -> Iterator[date]:
        """The closings that leave something to come, one beyond the most at most."""
        day = self.day
        for _ in range(MOST_CLOSINGS + 1):
            if self.left_cents(day) <= 0:
                return
            yield day
            day = _later(day, STEPS[self.every])

    def _drafts(self, day: date) -> list[Draft]:
        cents, after, label = self.left_cents(day), day + timedelta(days=1), f"Charge constatée d'avance {self.number}"
        lines = (Line(PREPAID, None, cents, None), Line(self.account, None, -cents, None))
        return [
            Draft(MISCELLANEOUS, day, self.number, day, label, lines),
            Draft(MISCELLANEOUS, after, self.number, after, f"Extourne : {label}", mirrored(lines)),
        ]

    def left_cents(self, day: date) -> int:
        """What of the cost belongs to the days after `day`."""
        after = max(day + timedelta(days=1), self.starts)
        if after > self.ends:
            return 0
        in_months = self.starts.day == 1 and month_end(self.ends) == self.ends
        left, whole = (_months(after, self.ends), _months(self.starts, self.ends)) if in_months else _days(after, self.starts, self.ends)
        return int((Decimal(self.cost_cents) * left / whole).to_integral_value(ROUND_HALF_UP))


def _months(first: date, last: date) -> int:
    """Months from a first to a last day of months."""
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _days(after: date, first: date, last: date) -> tuple[int, int]:
    return (last - after).days + 1, (last - first).days + 1


def _later(day: date, months: int) -> date:
    """The end of the month so many months later."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return month_end(date(years, month + 1, 1))
