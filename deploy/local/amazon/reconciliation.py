"""Reconciliation API 2021-01-08: `getTransactions` and `getInvoiceDetailsByOrderLineItems`."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from random import Random
from typing import cast

from deploy.local.amazon.absence import with_absences
from deploy.local.amazon.accounts import Accounts
from deploy.local.amazon.amounts import decimal_text, plain
from deploy.local.amazon.assumptions import Assumptions
from deploy.local.amazon.calls import Answer, Call, Json
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.facts import Document, Line, Payment, PaymentType, Person, Shipment
from deploy.local.amazon.refusals import Refused, bad_parameter
from deploy.local.amazon.signing import Forged, Signer
from deploy.local.amazon.world import Row, World

MOST_ORDER_LINES = 25
ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})? ?(Z|[+-]\d\d:?\d\d)")
MISSING = "Missing required request parameters."
UNKNOWN_DETAIL: Json = {"invoiceNumber": None, "invoiceDate": None, "invoiceType": None}  # HTTP 200 and nothing known, as users reported
ORDER_LINE_KEY = ("orderId", "orderLineItemId", "shipmentId")


class Reconciliation:
    """The two operations over the accounts."""

    def __init__(self, accounts: Accounts, clock: VirtualClock, signer: Signer, assumed: Assumptions) -> None:
        self._accounts = accounts
        self._clock = clock
        self._signer = signer
        self._assumed = assumed

    def transactions(self, call: Call) -> Answer:
        """Transactions whose date lies within the asked bounds (both included), as far as they can be seen now.

        The page token holds a place among all rows: one that becomes visible behind it is on a later page, one before it on none.
        """
        world, now = self._accounts.of(call.account), self._clock.now()
        start, end, place = self._page_token(call.query, now) if "nextPageToken" in call.query else (*_bounds(call.query), 0)
        rows = world.rows(start, end, self._assumed.reading == "order")
        if self._assumed.transaction_order == "mixed":
            rows = sorted(rows, key=lambda row: hashlib.sha256(row.payment.transaction_id.encode()).digest())
        told = (at for at in range(place, len(rows)) if _told(rows[at], call.marketplace, now))
        found = list(islice(told, self._assumed.page_size + 1))
        page = [rows[at] for at in found[: self._assumed.page_size]]
        body: Json = {"transactions": [Telling(world, row, now, self._sign(world, row)).transaction() for row in page]}
        if len(found) > len(page):
            sealed = {"start": iso(start), "end": iso(end), "place": found[-1], "made": now.timestamp()}
            body["nextPageToken"] = self._signer.seal("page", sealed)
        return Answer(body)

    def invoices(self, call: Call) -> Answer:
        """Numbers, dates and types by order line; answers in another order than the questions."""
        world, asked = self._accounts.of(call.account), _order_lines(call)
        answers = [{"orderLineItem": line, "invoiceDetails": self._details(world, line, call.marketplace)} for line in asked]
        Random(str(asked)).shuffle(answers)
        if len(answers) > 1 and [answer["orderLineItem"] for answer in answers] == asked:
            answers.reverse()
        return Answer({"invoiceDetailsByOrderLineItems": answers})

    def _page_token(self, query: Mapping[str, str], now: datetime) -> tuple[datetime, datetime, int]:
        if len(query) > 1 and self._assumed.strict_tokens:
            raise bad_parameter("nextPageToken must be the only parameter of the request.")
        try:
            content = self._signer.open("page", query["nextPageToken"])
        except Forged as forged:
            raise bad_parameter("The nextPageToken is invalid.") from forged
        if now.timestamp() - float(str(content["made"])) > self._assumed.page_token_seconds:
            raise bad_parameter("The nextPageToken has expired.")
        return _instant(str(content["start"])), _instant(str(content["end"])), int(str(content["place"]))

    def _details(self, world: World, order_line: Mapping[str, str], marketplace: str) -> list[Json]:
        """Every document of the line; one detail full of nulls when Amazon knows none now."""
        now = self._clock.now()
        documents = world.documents_of_line(tuple(order_line[name] for name in ORDER_LINE_KEY))
        known = [document for document in documents if document.marketplace == marketplace and document.detailed(now)]
        return [_detail(document, now) for document in known] or [dict(UNKNOWN_DETAIL)]

    def _sign(self, world: World, row: Row) -> int:
        chosen = self._assumed.refund_sign
        negative = world.refunds_negative if chosen == "seed" else chosen == "negative"
        return -1 if negative and row.payment.type in (PaymentType.REFUND, PaymentType.OVERREFUND) else 1


class Telling:
    """One transaction as it is told at an instant; `sign` is that of its amounts."""

    def __init__(self, world: World, row: Row, now: datetime, sign: int) -> None:
        self._world = world
        self._payment: Payment = row.payment
        self._shipment: Shipment = row.shipment
        self._document: Document | None = row.document
        self._now = now
        self._sign = sign
        self._lines: Sequence[Line] = row.shipment.lines_at(now)

    def transaction(self) -> Json:
        """The `Transaction` object."""
        payment, buyer = self._payment, _customer(self._world.administrator)
        totals = [line.total_cents for line in self._lines]
        total = _sum(totals)
        fields: Json = {
            "marketplaceId": self._shipment.marketplace,
            "transactionDate": iso(payment.happened_at),
            "feedDate": iso(payment.fed_at),
            "transactionType": payment.type and payment.type.value,
            "transactionId": payment.transaction_id,
            "chargeIdentifier": payment.charge_identifier,
            "shipTaxRate": next((_fraction(line) for line in self._lines if line.shipping_cents), None),
            "giftWrapTaxRate": next((_fraction(line) for line in self._lines if line.gift_wrap_cents), None),
            "legalEntityName": None if payment.nameless else self._world.entities[self._shipment.entity].name_at(self._now),
            "purchasingCustomerGroupName": None,
            "invoiceNumber": self._number(),
            "amount": self._money(self._stated(total)),
            "paymentInstrumentType": payment.instrument,
            "paymentInstrumentLast4Digits": payment.last_digits,
            "buyer": buyer,
            "payer": buyer,
            "associatedTransactionDetails": [{"associatedTransactionId": other} for other in payment.others] or None,
            "transactionLineItems": [self._line(line) for line in self._lines],
        }
        return with_absences(fields, payment.transaction_id)

    def _stated(self, total: int | None) -> int | None:
        """The amount: of a document of its own what that one says (a folder's file may have no line amounts), else of the lines."""
        document = self._document
        if total is None and document is not None:
            total = document.gross_cents
        return self._payment.amount(total, self._now)

    def _number(self) -> str | None:
        document = self._document
        if document is None or not self._payment.states_number or not document.detailed(self._now):
            return None
        number = document.number_at(self._now)
        return None if number == "Pending" else number

    def _line(self, line: Line) -> Json:
        shipment, part = self._shipment, self._payment.cents
        unit_price = None if line.unit_price is None else {"currencyCode": shipment.currency, "amount": line.unit_price}
        fields: Json = {
            "refundReason": self._payment.refund_reason,
            "totalAmount": self._money(part(line.total_cents)),
            "principalAmount": self._money(part(line.principal_cents)),
            "shippingCharge": self._money(part(line.shipping_cents) or None),
            "regulatoryFee": self._money(part(line.regulatory_cents) or None),
            "giftWrappingCharge": self._money(part(line.gift_wrap_cents) or None),
            "discount": self._money(part(line.discount_cents) or None),
            "tax": self._money(part(line.vat_cents)),
            "unitPrice": unit_price,
            "taxRate": _fraction(line),
            "orderId": shipment.order_id,
            "unspsc": line.unspsc,
            "orderLineItemId": line.order_line_id,
            "purchaseOrderNumber": line.purchase_order,
            "purchaseOrderLineItemId": None,
            "asin": line.asin,
            "productTitle": line.title,
            "itemQuantity": line.quantity,
            "shipmentId": shipment.shipment_id,
            "shipmentDate": iso(shipment.shipped_at),
            "merchantLegalName": shipment.seller,
            "budgetId": None,
            "businessOrderInfo": None if line.order_fields is None else dict(line.order_fields),
        }
        return with_absences(fields, f"{self._payment.transaction_id} {line.order_line_id}")

    def _money(self, cents: int | None) -> Json | None:
        currency = self._shipment.currency
        return None if cents is None or currency is None else {"currencyCode": currency, "amount": decimal_text(self._sign * cents)}


def _told(row: Row, marketplace: str, now: datetime) -> bool:
    return row.shipment.marketplace == marketplace and row.payment.visible(now)


def _sum(cents: Sequence[int | None]) -> int | None:
    return None if None in cents else sum(one for one in cents if one is not None)


def _order_lines(call: Call) -> list[dict[str, str]]:
    """The questions of the body. Raises Refused (400) when there is none, too many, or one is incomplete."""
    lines = call.json(bad_parameter(MISSING)).get("orderLineItems")
    if not isinstance(lines, list) or not lines:
        raise bad_parameter(MISSING)
    if len(cast(list[object], lines)) > MOST_ORDER_LINES:
        raise bad_parameter(f"The request has more than {MOST_ORDER_LINES} order line items.")
    return [_order_line(line) for line in cast(list[object], lines)]


def _order_line(given: object) -> dict[str, str]:
    fields = cast(dict[str, object], given) if isinstance(given, dict) else {}
    line = {name: value for name in ORDER_LINE_KEY if isinstance(value := fields.get(name), str) and value}
    if len(line) < len(ORDER_LINE_KEY):
        raise bad_parameter(MISSING)
    return line


def _bounds(query: Mapping[str, str]) -> tuple[datetime, datetime]:
    if "feedStartDate" not in query or "feedEndDate" not in query:
        raise bad_parameter(MISSING)
    start, end = _instant(query["feedStartDate"]), _instant(query["feedEndDate"])
    if start > end:
        raise bad_parameter("feedStartDate must be before feedEndDate.")
    return start, end


def _instant(text: str) -> datetime:
    refusal: Refused = bad_parameter(f"Input date [{text}] is not in the expected ISO8601 format.")
    if not ISO_8601.fullmatch(text):
        raise refusal
    try:
        return datetime.fromisoformat(text.replace(" ", ""))
    except ValueError as impossible:
        raise refusal from impossible


def _fraction(line: Line) -> str | None:
    """A rate as the models' samples write it (`"0.1"` for ten percent)."""
    return None if line.rate is None else plain(line.rate / 100)


def _customer(person: Person) -> Json:
    return {"id": person.id, "name": person.name, "email": person.email}


def _detail(document: Document, now: datetime) -> Json:
    """An `InvoiceDetail`; of a consolidated document both numbers are the same, and `Pending` until it is issued."""
    number = document.number_at(now)
    issued = document.issued_at if number != "Pending" else None
    known: Json = {
        "invoiceNumber": number,
        "invoiceDate": issued and iso(issued),
        "invoiceType": document.kind and document.kind.value,
    }
    if document.course.consolidated:
        return known | {"consolidatedInvoiceDetails": {"invoiceNumber": number}}
    return known | with_absences({"consolidatedInvoiceDetails": None}, document.payment.transaction_id)
