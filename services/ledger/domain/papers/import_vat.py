"""The customs' monthly VAT statement: due on 4457 and deducted on 4456 in one entry, as on the CA3 (CGI 1695 II, PCG 1214-44).

Its base is the customs value with duties and transport, not the seller's invoice, so it cannot follow from that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from services.ledger.domain.papers.book import MISCELLANEOUS, Book, Draft, late_label
from services.ledger.domain.papers.fields import Fields
from services.ledger.domain.papers.refusals import FieldMissing, SumWrong
from services.ledger.domain.posting import Line

DEDUCTED, DUE = "445663", "445713"
TOLERANCE_CENTS = 100  # customs round each declaration to the euro


@dataclass(frozen=True, slots=True)
class ImportVat:
    """`vat_cents` on `base_cents` at a rate; `deducted_cents` of it are deducted, the rest is a cost on `account`."""

    number: str
    day: date
    base_cents: int
    rate: str
    vat_cents: int
    deducted_cents: int
    account: str | None

    @classmethod
    def read(cls, said: Fields) -> Self:
        """From the fields of a file. Raises PaperRefused."""
        vat = said.cents("vat")
        deducted = said.cents("deducted", least=0) if said.has("deducted") else vat
        account = said.account("account") if said.has("account") else None
        if deducted > vat:
            raise SumWrong("deducted")
        if deducted < vat and account is None:
            raise FieldMissing("account")
        return cls(said.text("number"), said.day("date"), said.cents("base"), said.rate("rate"), vat, deducted, account)

    def post(self, book: Book) -> Sequence[Draft]:
        """The entry of the statement. Raises PaperRefused."""
        computed = int((self.base_cents * Decimal(self.rate) / 100).to_integral_value(ROUND_HALF_UP))
        if abs(computed - self.vat_cents) > TOLERANCE_CENTS:
            raise SumWrong("vat")
        posted = book.open_day(self.day)
        lines = [Line(DEDUCTED, None, self.deducted_cents, self.rate), Line(DUE, None, -self.vat_cents, self.rate)]
        if self.account is not None:
            lines.append(Line(self.account, None, self.vat_cents - self.deducted_cents, None))
        label = late_label(f"TVA à l'importation {self.number}", self.day, posted)
        return [Draft(MISCELLANEOUS, posted, self.number, self.day, label, tuple(line for line in lines if line.cents))]
