"""A classified document → its entry: expenses and deductible VAT on one side, the supplier's gross on the other (PCG 1031-1, 1214-40)."""

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.values import LARGEST_CENTS, LONGEST_TEXT, MOST_LINES
from services.ledger.domain.holds import DeductionLimited, FixedAsset, NoRate, RegimeUnknown, TooLargeToBook, TotalsMismatch, TypeUnknown

PURCHASES_JOURNAL = "AC"
BOOK_CURRENCY = "EUR"
SUPPLIERS = "401000"
DEDUCTIBLE_VAT = "445660"
ROUNDING_LOSS, ROUNDING_GAIN = "658000", "758000"
FIXED_ASSETS = "2"  # the class of the chart
GAP_LIMIT_CENTS = 5
SIDES = {"invoice": 1, "credit_note": -1}


class Line(NamedTuple):
    """One line of an entry; `cents` above zero is a debit, below zero a credit."""

    account: str
    auxiliary: str | None
    cents: int
    vat_rate: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A balanced entry. Its date is a proposal until it is validated (PCG 1031-3); `source_key` makes it the only one of its source."""

    journal: str
    entry_date: date
    piece_ref: str
    piece_date: date
    label: str
    source_key: UUID
    lines: tuple[Line, ...]

    @property
    def digest(self) -> bytes:
        """SHA-256 of what is booked: two revisions with the same posting have the same."""
        said = [self.journal, self.entry_date.isoformat(), self.piece_ref, *self.lines]
        return hashlib.sha256(json.dumps(said).encode()).digest()


@dataclass(frozen=True, slots=True)
class NoEntry:
    """Every account nets to zero: the document is kept, and there is nothing to book (accounting rule A10.17)."""


def post(document: InvoiceClassified) -> Entry | NoEntry:
    """The entry of an invoice or credit note, printed amounts as they stand. Raises Hold when it cannot be booked without a person."""
    _refuse_unknown(document)
    lines = (*_expense_lines(document), *_vat_lines(document), *_supplier_lines(document))
    if not lines:
        return NoEntry()
    if len(lines) > MOST_LINES or any(abs(line.cents) > LARGEST_CENTS for line in lines):
        raise TooLargeToBook
    return Entry(
        journal=PURCHASES_JOURNAL,
        entry_date=document.issue_date,
        piece_ref=_one_line(document.number),
        piece_date=document.issue_date,
        label=_label(document),
        source_key=source_key(document),
        lines=lines,
    )


def source_key(document: InvoiceClassified) -> UUID:
    """The key of (company, invoice id, revision): 48 bits of the issue date in milliseconds, then a hash, so that keys arrive in order."""
    named = "\n".join([document.company_id, document.invoice_id, str(document.revision)])
    midnight = datetime.combine(document.issue_date, time(), UTC)
    milliseconds = max(int(midnight.timestamp()), 0) * 1000
    return UUID(bytes=milliseconds.to_bytes(6) + hashlib.sha256(named.encode()).digest()[:10])


def _refuse_unknown(document: InvoiceClassified) -> None:
    """Hold what this ledger does not know how to book, rather than book it wrongly."""
    if document.currency != BOOK_CURRENCY:
        raise NoRate
    if document.type not in SIDES:
        raise TypeUnknown
    if any(group.regime != "domestic" for group in document.vat):
        raise RegimeUnknown
    if document.settings.vat_regime != "normal" or Decimal(document.settings.deduction_coefficient) != 1:
        raise DeductionLimited
    if any(line.account.startswith(FIXED_ASSETS) for line in document.lines):
        raise FixedAsset


def _expense_lines(document: InvoiceClassified) -> list[Line]:
    """One line per account, whatever the rate; what printing rounded away goes to 658 or 758."""
    cents = Counter[str]()
    for line in document.lines:
        cents[line.account] += line.net_cents
    gap = _rounding_gap(document)
    cents[ROUNDING_LOSS if gap > 0 else ROUNDING_GAIN] += gap
    return [Line(account, None, _side(document) * cents[account], None) for account in sorted(cents) if cents[account]]


def _vat_lines(document: InvoiceClassified) -> list[Line]:
    """One line per rate, lowest first; a rate without VAT has none."""
    cents = Counter[str]()
    for group in document.vat:
        cents[group.rate] += group.vat_cents
    return [Line(DEDUCTIBLE_VAT, None, _side(document) * cents[rate], rate) for rate in sorted(cents, key=Decimal) if cents[rate]]


def _supplier_lines(document: InvoiceClassified) -> list[Line]:
    gross = document.totals.gross_cents
    return [Line(SUPPLIERS, document.supplier.auxiliary, -_side(document) * gross, None)] if gross else []


def _rounding_gap(document: InvoiceClassified) -> int:
    """Printed gross less lines less printed VAT, in cents. Raises TotalsMismatch above min(5 cents, lines) (accounting rule A10.16)."""
    gap = document.totals.gross_cents - sum(line.net_cents for line in document.lines) - sum(group.vat_cents for group in document.vat)
    if abs(gap) > min(GAP_LIMIT_CENTS, len(document.lines)):
        raise TotalsMismatch
    return gap


def _side(document: InvoiceClassified) -> int:
    """1 for an invoice; -1 for a credit note, whose entry is the same on the other side."""
    return SIDES[document.type]


def _label(document: InvoiceClassified) -> str:
    """« Amazon Business — <legal seller> — <number> », cut at its end; the seller is left out when it is the supplier itself or unknown."""
    parts = [document.supplier.name, document.supplier.legal_name, document.number]
    return " — ".join(_one_line(part) for part in dict.fromkeys(parts) if part)[:LONGEST_TEXT]


def _one_line(text: str) -> str:
    """The text without what would break a field of the FEC (LPF A47 A-1): tab, pipe, end of line."""
    return re.sub(r"[\t\n\r|]+", " ", text).strip()
