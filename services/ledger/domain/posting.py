"""A classified document → its entry: expenses and deductible VAT on one side, the supplier's gross on the other (PCG 1031-1, 1214-40)."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple
from uuid import UUID

from schemas.invoice_classified.v1 import ClassifiedVat, InvoiceClassified
from schemas.values import LARGEST_CENTS, LONGEST_TEXT, MOST_LINES
from services.ledger.domain.fec.currencies import CURRENCIES
from services.ledger.domain.holds import (
    DeductionUndecided,
    DeliveryDateMissing,
    NoRate,
    RegimeUnknown,
    TooLargeToBook,
    TooSmallInEuros,
    TotalsMismatch,
    TypeUnknown,
)

PURCHASES_JOURNAL, MISCELLANEOUS_JOURNAL = "AC", "OD"
BOOK_CURRENCY = "EUR"
SUPPLIERS, ASSET_SUPPLIERS = "401000", "404000"
WITH_AUXILIARY = "40"  # the class of the chart whose accounts have one
VAT = "445"
WAITING_VAT = "445801"
ROUNDING_LOSS, ROUNDING_GAIN = "658000", "758000"
FIXED_ASSETS = "2"  # the class of the chart
GAP_LIMIT_CENTS = 5
SIDES = {"invoice": 1, "receipt": 1, "credit_note": -1}


class VatAccounts(NamedTuple):
    """Where the VAT of a regime goes: deducted on goods and services, deducted on assets, due by the buyer (None = it is in the gross)."""

    deductible: str
    of_assets: str
    due: str | None


VAT_ACCOUNTS: dict[str, VatAccounts] = {  # PCG 1214-44: 4452 for intra-EU acquisitions only, a sub-account of 4457 for the others
    "domestic": VatAccounts("445660", "445620", None),
    "intra_eu": VatAccounts("445662", "445622", "445200"),
    "reverse_charge": VatAccounts("445664", "445620", "445714"),
    "reverse_charge_services": VatAccounts("445664", "445620", "445714"),
}
KNOWN_COMPANIES = ("normal", "franchise")
NOT_DEDUCTED = ("foreign", "receipt", "import", "small_business", "margin")


class Line(NamedTuple):
    """One line of an entry; `cents` above zero is a debit, below zero a credit."""

    account: str
    auxiliary: str | None
    cents: int
    vat_rate: str | None
    currency: str | None = None  # of the document (ISO 4217), where it is not the book's
    currency_cents: int | None = None  # the same amount in it, signed alike


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
    later: "Entry | None" = None  # follows by itself on the day of delivery: what waited for it is deducted (CGI 269-2-a)
    said: "Entry | None" = None  # what the document alone would book, where its original decides otherwise

    @property
    def digest(self) -> bytes:
        """SHA-256 of what the document books, whatever period is open: two revisions with the same posting have the same."""
        if self.said is not None:
            return self.said.digest
        said = [self.journal, self.piece_date.isoformat(), self.piece_ref, *_said(self.lines)]
        if self.later is not None:
            said += [self.later.journal, self.later.entry_date.isoformat(), *_said(self.later.lines)]
        return hashlib.sha256(json.dumps(said).encode()).digest()


@dataclass(frozen=True, slots=True)
class NoEntry:
    """Every account nets to zero: the document is kept, and there is nothing to book (accounting rule A10.17)."""


def post(document: InvoiceClassified, closed_through: date | None = None) -> Entry | NoEntry:
    """The entry of a document and what follows it, printed amounts as they stand. Raises Hold when it cannot be booked without a person.

    `closed_through` = the last closed day: what is older goes to the first open day, with its true date in the label (PCG 1031-4).
    """
    _refuse_unknown(document)
    lines = _in_book_currency((*_expense_lines(document), *_vat_lines(document), *_supplier_lines(document)), document)
    if not lines:
        return NoEntry()
    if len(lines) > MOST_LINES or any(max(abs(line.cents), abs(line.currency_cents or 0)) > LARGEST_CENTS for line in lines):
        raise TooLargeToBook
    is_late = closed_through is not None and document.issue_date <= closed_through
    return Entry(
        journal=PURCHASES_JOURNAL,
        entry_date=closed_through + timedelta(days=1) if closed_through and is_late else document.issue_date,
        piece_ref=_one_line(document.number),
        piece_date=document.issue_date,
        label=_label(document, f"opération du {document.issue_date:%d/%m/%Y}" if is_late else None),
        source_key=source_key(document),
        lines=lines,
        later=_later(document),
    )


def source_key(document: InvoiceClassified, step: str = "") -> UUID:
    """The key of (company, invoice, revision, step): 48 bits of the issue date in milliseconds, then a hash; keys arrive in order."""
    named = "\n".join([document.company_id, document.invoice_id, str(document.revision), *([step] if step else [])])
    midnight = datetime.combine(document.issue_date, time(), UTC)
    milliseconds = max(int(midnight.timestamp()), 0) * 1000
    return UUID(bytes=milliseconds.to_bytes(6) + hashlib.sha256(named.encode()).digest()[:10])


def _refuse_unknown(document: InvoiceClassified) -> None:
    """Hold what this ledger does not know how to book, rather than book it wrongly."""
    if not _has_its_rate(document):
        raise NoRate
    if document.type not in SIDES:
        raise TypeUnknown
    if any(row.regime not in (*VAT_ACCOUNTS, *NOT_DEDUCTED) for row in document.vat):
        raise RegimeUnknown
    regime, coefficient = document.settings.vat_regime, Decimal(document.settings.deduction_coefficient)
    is_decided = all(row.deductible_cents is not None for row in document.vat)
    if regime not in KNOWN_COMPANIES or not (is_decided or (regime == "normal" and coefficient == 1)):
        raise DeductionUndecided


def _expense_lines(document: InvoiceClassified) -> list[Line]:
    """One line per account, whatever the rate; what printing rounded away goes to 658 or 758."""
    cents = Counter[str]()
    for line in document.lines:
        cents[line.account] += line.net_cents if line.cost_cents is None else line.cost_cents
    gap = _rounding_gap(document)
    cents[ROUNDING_LOSS if gap > 0 else ROUNDING_GAIN] += gap
    return [
        Line(account, _auxiliary(account, document), _side(document) * cents[account], None) for account in sorted(cents) if cents[account]
    ]


def _vat_lines(document: InvoiceClassified) -> list[Line]:
    """One line per rate and account, lowest rate first: what is deducted, then what the buyer owes."""
    deducted, due = Counter[tuple[Decimal, str, str]](), Counter[tuple[Decimal, str, str]]()
    for row in document.vat:
        if accounts := VAT_ACCOUNTS.get(row.regime):
            deducted[Decimal(row.rate), row.rate, _deduction_account(row, accounts)] += _deducted(row)
            due[Decimal(row.rate), row.rate, accounts.due or ""] -= row.vat_cents if accounts.due else 0
    booked = [(rate, account, cents) for amounts in (deducted, due) for (_, rate, account), cents in sorted(amounts.items()) if cents]
    return [Line(account, None, _side(document) * cents, rate) for rate, account, cents in booked]


def _supplier_lines(document: InvoiceClassified) -> list[Line]:
    """The gross, owed to the supplier; the part of the assets on an account of its own (PCG 404)."""
    gross = document.totals.gross_cents
    of_assets = sum(line.net_cents for line in document.lines if line.account.startswith(FIXED_ASSETS))
    of_assets += sum(row.vat_cents for row in document.vat if row.asset and not _is_due_by_buyer(row))
    only_assets = all(line.account.startswith(FIXED_ASSETS) for line in document.lines)
    of_assets = gross if only_assets or 0 <= gross < of_assets else of_assets
    shares = {SUPPLIERS: gross - of_assets, ASSET_SUPPLIERS: of_assets}
    return [Line(account, document.supplier.auxiliary, -_side(document) * cents, None) for account, cents in shares.items() if cents]


def _auxiliary(account: str, document: InvoiceClassified) -> str | None:
    return document.supplier.auxiliary if account.startswith(WITH_AUXILIARY) else None


def _deduction_account(row: ClassifiedVat, accounts: VatAccounts) -> str:
    if row.waits_for:
        return WAITING_VAT
    return accounts.of_assets if row.asset else accounts.deductible


def _deducted(row: ClassifiedVat) -> int:
    return row.vat_cents if row.deductible_cents is None else row.deductible_cents


def _is_due_by_buyer(row: ClassifiedVat) -> bool:
    return row.regime in VAT_ACCOUNTS and VAT_ACCOUNTS[row.regime].due is not None


def _later(document: InvoiceClassified) -> Entry | None:
    """On delivery, never before the invoice, what waited for it is deducted (CGI 269-2-a, 271 I, 271 II). Raises DeliveryDateMissing."""
    cents = Counter[tuple[str, str]]()
    for row in document.vat:
        if row.waits_for == "delivery" and (accounts := VAT_ACCOUNTS.get(row.regime)):
            cents[accounts.of_assets if row.asset else accounts.deductible, row.rate] += _deducted(row)
    moved = [Line(account, None, _side(document) * amount, rate) for (account, rate), amount in sorted(cents.items()) if amount]
    if not moved:
        return None
    if document.delivery_date is None:
        raise DeliveryDateMissing
    return Entry(
        journal=MISCELLANEOUS_JOURNAL,
        entry_date=max(document.delivery_date, document.issue_date),
        piece_ref=_one_line(document.number),
        piece_date=document.issue_date,
        label=_label(document, "TVA déduite à la livraison"),
        source_key=source_key(document, "delivery"),
        lines=_in_book_currency((*moved, *(line._replace(account=WAITING_VAT, cents=-line.cents) for line in moved)), document),
    )


def _said(lines: Sequence[Line]) -> list[tuple[str | int | None, ...]]:
    """The lines as a digest has them; one in the book's currency as it was before others were."""
    return [line if line.currency else line[:4] for line in lines]


def _rounding_gap(document: InvoiceClassified) -> int:
    """Printed gross less lines less printed VAT, in cents. Raises TotalsMismatch above min(5 cents, lines) (accounting rule A10.16)."""
    printed = sum(row.vat_cents for row in document.vat if not _is_due_by_buyer(row))
    gap = document.totals.gross_cents - sum(line.net_cents for line in document.lines) - printed
    if abs(gap) > min(GAP_LIMIT_CENTS, len(document.lines)):
        raise TotalsMismatch
    return gap


def _side(document: InvoiceClassified) -> int:
    """1 for an invoice; -1 for a credit note, whose entry is the same on the other side."""
    return SIDES[document.type]


def _label(document: InvoiceClassified, remark: str | None) -> str:
    """« Amazon Business — <legal seller> — <number> », cut at its end; the seller is left out when it is the supplier itself or unknown."""
    parts = [document.supplier.name, document.supplier.legal_name, document.number, remark]
    return " — ".join(_one_line(part) for part in dict.fromkeys(parts) if part)[:LONGEST_TEXT]


def _one_line(text: str) -> str:
    """The text without what would break a field of the FEC (LPF A47 A-1): tab, pipe, end of line."""
    return re.sub(r"[\t\n\r|]+", " ", text).strip()


def in_euros(lines: Sequence[Line], currency: str, exchange_rate: str) -> tuple[Line, ...]:
    """Lines balanced in `currency` as lines in euros that keep those amounts (PCG 420-1); `exchange_rate` = units of it for one euro.

    What rounding leaves goes to the largest expense: VAT and what the supplier is owed are converted as they stand. What is worth no cent
    joins it too, so that both sums are zero. Raises TooSmallInEuros.
    """
    rate = Decimal(exchange_rate)
    euros = [int((line.cents / rate).to_integral_value(ROUND_HALF_UP)) for line in lines]
    largest = max(range(len(lines)), key=lambda n: _bears_rounding(lines[n]))
    euros[largest] -= sum(euros)
    abroad = [line.cents if cents else 0 for line, cents in zip(lines, euros, strict=True)]
    abroad[largest] -= sum(abroad)
    if any((here > 0, here < 0) != (there > 0, there < 0) for here, there in zip(euros, abroad, strict=True)):
        raise TooSmallInEuros
    converted = [
        line._replace(cents=here, currency=currency, currency_cents=there) for line, here, there in zip(lines, euros, abroad, strict=True)
    ]
    return tuple(line for line in converted if line.cents)


def _bears_rounding(line: Line) -> tuple[bool, bool, int]:
    """The greater, the sooner: an expense before VAT, VAT before what the supplier is owed; then the amount."""
    is_owed = line.account.startswith(WITH_AUXILIARY)
    return not (is_owed or line.account.startswith(VAT)), not is_owed, abs(line.cents)


def _in_book_currency(lines: Sequence[Line], document: InvoiceClassified) -> tuple[Line, ...]:
    if document.exchange_rate is None or not lines:
        return tuple(lines)
    return in_euros(lines, document.currency, document.exchange_rate)


def _has_its_rate(document: InvoiceClassified) -> bool:
    """Whether there is a rate where one is needed, of a currency that exists (ISO 4217), and nowhere else."""
    if document.currency == BOOK_CURRENCY or document.exchange_rate is None:
        return document.currency == BOOK_CURRENCY and document.exchange_rate is None
    return Decimal(document.exchange_rate) > 0 and document.currency in CURRENCIES
