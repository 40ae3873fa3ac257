"""Which document this is: type, number, date, currency. What it says of itself wins over Amazon's API, and must not contradict it."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from schemas.invoice_collected.v1 import Evidence, InvoiceCollected
from schemas.values import Fact
from services.classifier.domain.holds import (
    CurrencyMissing,
    DocumentUnreadable,
    IssueDateMissing,
    NoRate,
    NotAnInvoice,
    NotAVatInvoice,
    NumberMismatch,
    NumberMissing,
    SelfBilled,
    TypeMismatch,
    TypeMissing,
)

BOOKABLE_TYPES = ("invoice", "credit_note", "receipt")
OPPOSITE = {"invoice": "credit_note", "receipt": "credit_note", "credit_note": "invoice"}
BOOK_CURRENCY = "EUR"
NO_INVOICE = "not_a_vat_invoice"


class Identity(NamedTuple):
    """What every booked document has."""

    type: str
    number: str
    issue_date: date
    currency: str
    exchange_rate: str | None = None  # units of the currency for one euro; None in euros
    is_receipt: bool = False  # or gives money back for one: nothing on it is deducted


def identify(collected: InvoiceCollected, *, as_receipt: bool = False) -> Identity:
    """The identity of a readable invoice, credit note or receipt, in euros or with its rate; a Hold when it is anything else.

    `as_receipt`: a person takes it for one, whatever it says.
    """
    if collected.evidence.reading == "none":
        raise DocumentUnreadable
    said, number, day, currency = _type(collected), _number(collected), _issue_date(collected), _currency(collected)
    is_receipt = as_receipt or said == "receipt" or _is_no_invoice(collected.evidence)
    kind = "receipt" if is_receipt and said == "invoice" else said
    return Identity(kind, number, day, currency, _exchange_rate(collected, currency), is_receipt)


def known_type(collected: InvoiceCollected) -> str | None:
    """The type as the document or else the API names it."""
    said = collected.evidence.type or collected.stated.type
    return said.value if said else None


def known_number(collected: InvoiceCollected) -> str | None:
    """The number as the document or else the API gives it."""
    return _clean(collected.evidence.number) or _clean(collected.stated.number)


def known_issue_date(collected: InvoiceCollected) -> date | None:
    """The date as the document or else the API gives it."""
    said = collected.evidence.issue_date or collected.stated.issue_date
    return said.value if said else None


def known_currency(collected: InvoiceCollected) -> str | None:
    """The currency the document names, else the one that all of Amazon's charges share."""
    if collected.evidence.currency:
        return collected.evidence.currency.value
    charged = {charge.currency for charge in collected.stated.charges if charge.currency}
    return charged.pop() if len(charged) == 1 else None


def _type(collected: InvoiceCollected) -> str:
    kind, stated = known_type(collected), collected.stated.type
    if kind is None:
        raise TypeMissing
    if kind == "self_billed":
        raise SelfBilled
    if kind not in BOOKABLE_TYPES:
        raise NotAnInvoice
    if stated is not None and stated.value == OPPOSITE[kind]:
        raise TypeMismatch
    return kind


def _is_no_invoice(evidence: Evidence) -> bool:
    """Whether an « invoice » or « credit note » says it is none for VAT. Raises NotAVatInvoice where it charges VAT all the same."""
    if NO_INVOICE not in evidence.mentions:
        return False
    if (evidence.vat_cents and evidence.vat_cents.value) or any(group.vat_cents for group in evidence.vat):
        raise NotAVatInvoice
    return True


def _number(collected: InvoiceCollected) -> str:
    printed, stated = _clean(collected.evidence.number), _clean(collected.stated.number)
    if printed and stated and _compact(printed) != _compact(stated):
        raise NumberMismatch
    if not (number := printed or stated):
        raise NumberMissing
    return number


def _issue_date(collected: InvoiceCollected) -> date:
    if (day := known_issue_date(collected)) is None:
        raise IssueDateMissing
    return day


def _currency(collected: InvoiceCollected) -> str:
    if (currency := known_currency(collected)) is None:
        raise CurrencyMissing
    return currency


def _exchange_rate(collected: InvoiceCollected, currency: str) -> str | None:
    """The printed rate of a foreign currency (accounting rule A10.13). Raises NoRate where none is printed, or none that makes sense."""
    if currency == BOOK_CURRENCY:
        return None
    printed = collected.evidence.exchange_rate
    if printed is None or Decimal(printed.value) <= 0:
        raise NoRate
    return printed.value


def _clean(number: Fact[str] | None) -> str | None:
    return (number.value.strip() or None) if number else None


def _compact(number: str) -> str:
    return "".join(number.split()).casefold()
