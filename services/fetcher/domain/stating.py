"""What Amazon's API says of a document: the numbers of a line, and the charges that belong to an invoice, without any person in them."""

import hashlib
import re
from collections.abc import Iterable, Sequence, Set
from datetime import date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from schemas.invoice_collected.v1 import Charge, Stated
from schemas.values import FIRST_DAY, LARGEST_CENTS, LAST_DAY, LONGEST_REFERENCE, MOST_LINES, MOST_ORDERS, MOST_ROWS, Fact
from services.fetcher.domain.amazon.collecting import (
    InvoiceDetail,
    InvoiceDetailsOfLine,
    Money,
    Transaction,
    TransactionLineItem,
    business_fields,
)
from services.fetcher.domain.reading.limits import entire, shortened, whole
from services.fetcher.domain.records import Kind, LineKey, StatedNumber, Statements

PENDING = "Pending"
FROM_TRANSACTIONS, FROM_INVOICES = "api:transactions", "api:invoices"
PLACE = ZoneInfo("Europe/Paris")
"""Where amazon.fr issues its documents: an instant of the API becomes a day there."""

CURRENCY = re.compile(r"[A-Z]{3}")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
DECIMALS = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")

KIND_OF_TRANSACTION = {"CHARGE": Kind.INVOICE, "REFUND": Kind.CREDIT_NOTE, "OVERREFUND": Kind.CREDIT_NOTE}
KIND_OF_INVOICE = {"STANDARD": Kind.INVOICE, "CREDIT_MEMO": Kind.CREDIT_NOTE}


def instant_of(published: str | None) -> datetime | None:
    """An instant as Amazon writes it; None when absent, written otherwise, or outside what a contract takes."""
    try:
        moment = datetime.fromisoformat(published or "").astimezone(PLACE)
    except (ValueError, OverflowError):
        return None
    return moment if FIRST_DAY <= moment.date() <= LAST_DAY else None


def day_of(published: str | None) -> date | None:
    """The day of an instant as Amazon writes it, in France."""
    moment = instant_of(published)
    return moment.date() if moment else None


def moved_at(transaction: Transaction, item: TransactionLineItem) -> datetime | None:
    """When goods left or money moved: the shipment's date of a charge, else the transaction's."""
    shipped = instant_of(item.shipment_date) if KIND_OF_TRANSACTION.get(transaction.transaction_type or "") is Kind.INVOICE else None
    return shipped or instant_of(transaction.transaction_date)


def is_pending(detail: InvoiceDetail) -> bool:
    """Whether the number is promised and not issued yet (consolidated invoices)."""
    consolidated = detail.consolidated_invoice_details
    return PENDING in (detail.invoice_number, consolidated.invoice_number if consolidated else None)


def number_of(key: LineKey, detail: InvoiceDetail) -> StatedNumber | None:
    """The number that `/invoices` gives for a line; None while it is null, pending, too long, or of a type nobody knows."""
    kind = KIND_OF_INVOICE.get(detail.invoice_type or "")
    if kind is None or is_pending(detail):
        return None
    number = entire(detail.invoice_number)
    consolidated = bool(detail.consolidated_invoice_details and detail.consolidated_invoice_details.invoice_number)
    return StatedNumber(key, number, kind, day_of(detail.invoice_date), FROM_INVOICES, consolidated=consolidated) if number else None


def answered(answers: Iterable[InvoiceDetailsOfLine], asked: Set[LineKey]) -> tuple[list[StatedNumber], list[LineKey]]:
    """What `/invoices` said of the lines that were asked, matched by key: the numbers, and the lines whose number is `Pending`."""
    numbers, pending = list[StatedNumber](), list[LineKey]()
    for answer in answers:
        line = answer.order_line_item
        key = LineKey(line.order_id or "", line.order_line_item_id or "", line.shipment_id or "") if line else None
        if key is not None and key in asked:
            details = answer.invoice_details or []
            numbers += [number for detail in details if (number := number_of(key, detail))]
            pending += [key] if any(map(is_pending, details)) else []
    return numbers, pending


def key_of(item: TransactionLineItem) -> LineKey | None:
    """The line that a part of a transaction is about; shipment '' = not shipped, None = no order."""
    if not item.order_id:
        return None
    return LineKey(item.order_id, item.order_line_item_id or "", item.shipment_id or "")


def stated_of(number: str, kind: Kind, statements: Statements) -> Stated:
    """What the API says of a number: itself, its type and day, and the charges of its lines in its direction (none if too many)."""
    best = sorted(statements.numbers, key=lambda stated: stated.origin)
    about = best[0] if best else None
    day = next((stated for stated in best if stated.issue_date), None)
    belonging = [transaction for transaction in statements.transactions if _may_belong(transaction, number, kind)]
    return Stated(
        marketplace_id=statements.marketplace_id,
        orders=tuple(order for order in statements.orders if ID.fullmatch(order))[:MOST_ORDERS],
        number=Fact(value=about.number, origin=about.origin) if about else None,
        type=Fact(value=about.kind.value, origin=about.origin) if about else None,
        issue_date=Fact(value=day.issue_date, origin=day.origin) if day and day.issue_date else None,
        legal_entity=next((name for transaction in belonging if (name := shortened(transaction.legal_entity_name))), None),
        charges=whole([charge for transaction in belonging for charge in _charges(transaction, statements.numbers)], MOST_LINES),
    )


def _may_belong(transaction: Transaction, number: str, kind: Kind) -> bool:
    """Same direction, and no other number stated on the transaction itself."""
    return KIND_OF_TRANSACTION.get(transaction.transaction_type or "") == kind and transaction.invoice_number in (None, "", number)


def _charges(transaction: Transaction, numbers: Sequence[StatedNumber]) -> Iterable[Charge]:
    """Its lines that bear the number. A line with several numbers counts only when the transaction says which."""
    named = bool(transaction.invoice_number)
    lines = {stated.key for stated in numbers if named or not stated.shared}
    return [_charge(transaction, item) for item in transaction.transaction_line_items or [] if key_of(item) in lines]


def _charge(transaction: Transaction, item: TransactionLineItem) -> Charge:
    currencies = [money.currency_code for money in (item.total_amount, item.principal_amount) if money]
    return Charge(
        transaction_id=_fitting(transaction.transaction_id or ""),
        kind=(transaction.transaction_type or "").lower(),
        order_id=item.order_id if ID.fullmatch(item.order_id or "") else None,
        order_line_item_id=entire(item.order_line_item_id, LONGEST_REFERENCE),
        shipment_id=entire(item.shipment_id, LONGEST_REFERENCE),
        title=shortened(item.product_title),
        asin=entire(item.asin, LONGEST_REFERENCE),
        unspsc=entire(item.unspsc, LONGEST_REFERENCE),
        quantity=item.item_quantity,
        currency=next((code for code in currencies if code and CURRENCY.fullmatch(code)), None),
        principal_cents=_cents(item.principal_amount),
        shipping_cents=_cents(item.shipping_charge),
        discount_cents=_cents(item.discount),
        tax_cents=_cents(item.tax),
        total_cents=_cents(item.total_amount),
        tax_rate=item.tax_rate if DECIMALS.fullmatch(item.tax_rate or "") else None,
        merchant=shortened(item.merchant_legal_name),
        business_order_info=_checkout_fields(item),
    )


def _fitting(name: str) -> str:
    """The name where a contract takes it as an identifier; else a digest of it, so that two names stay two."""
    return name if ID.fullmatch(name) else f"sha256-{hashlib.sha256(name.encode()).hexdigest()}"


def _checkout_fields(item: TransactionLineItem) -> dict[str, str]:
    """The first fields that the buyer filled in, as many as a contract takes."""
    filled = ((entire(name, LONGEST_REFERENCE), shortened(value)) for name, value in business_fields(item.business_order_info).items())
    return dict(islice(((name, value) for name, value in filled if name and value), MOST_ROWS))


def _cents(money: Money | None) -> int | None:
    cents = money.cents if money else None
    return cents if cents is not None and cents <= LARGEST_CENTS else None
