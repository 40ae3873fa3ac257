"""Reconciliation API 2021-01-08: `getTransactions` and `getInvoiceDetailsByOrderLineItems`."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import cast

from deploy.local.amazon.absence import with_absences
from deploy.local.amazon.amounts import decimal_text, plain
from deploy.local.amazon.calls import Answer, Call, Json
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.papers import Kind
from deploy.local.amazon.refusals import Refused, bad_parameter
from deploy.local.amazon.signing import Forged, Signer
from deploy.local.amazon.world import FRANCE, Document, Line, Person, World

MOST_ORDER_LINES = 25
ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})? ?(Z|[+-]\d\d:?\d\d)")
MISSING = "Missing required request parameters."
UNKNOWN_DETAIL: Json = {"invoiceNumber": None, "invoiceDate": None, "invoiceType": None}  # HTTP 200 and nothing known, as users reported
ORDER_LINE_KEY = ("orderId", "orderLineItemId", "shipmentId")


class Reconciliation:
    """The two operations over one account."""

    def __init__(self, world: World, clock: VirtualClock, signer: Signer, page_size: int) -> None:
        self._world = world
        self._clock = clock
        self._signer = signer
        self._page_size = page_size
        self._by_line = _by_order_line(world)

    def transactions(self, call: Call) -> Answer:
        """Transactions whose feed date lies within the asked bounds (both included) and is not in the future."""
        start, end, offset = self._page_token(call.query) if "nextPageToken" in call.query else (*_bounds(call.query), 0)
        latest = min(end, self._clock.now())
        found = [document for document in self._world.documents if start <= document.payment.fed_at <= latest]
        page = found[offset : offset + self._page_size]
        body: Json = {"transactions": [self._transaction(document) for document in page]}
        if offset + self._page_size < len(found):
            body["nextPageToken"] = self._signer.seal("page", {"start": iso(start), "end": iso(end), "offset": offset + self._page_size})
        return Answer(body)

    def invoices(self, call: Call) -> Answer:
        """Numbers, dates and types by order line; answers in another order than the questions."""
        asked = _order_lines(call)
        answers = [{"orderLineItem": line, "invoiceDetails": self._details(line)} for line in asked]
        Random(str(asked)).shuffle(answers)
        if len(answers) > 1 and [answer["orderLineItem"] for answer in answers] == asked:
            answers.reverse()
        return Answer({"invoiceDetailsByOrderLineItems": answers})

    def _page_token(self, query: Mapping[str, str]) -> tuple[datetime, datetime, int]:
        if len(query) > 1:
            raise bad_parameter("nextPageToken must be the only parameter of the request.")
        try:
            content = self._signer.open("page", query["nextPageToken"])
        except Forged as forged:
            raise bad_parameter("The nextPageToken is invalid.") from forged
        return _instant(str(content["start"])), _instant(str(content["end"])), int(str(content["offset"]))

    def _transaction(self, document: Document) -> Json:
        payment, refund = document.payment, document.kind is Kind.CREDIT_NOTE
        sign = -1 if refund and self._world.refunds_negative else 1
        buyer = _customer(self._world.administrator())
        fields: Json = {
            "marketplaceId": FRANCE,
            "transactionDate": iso(payment.happened_at),
            "feedDate": iso(payment.fed_at),
            "transactionType": document.kind and ("REFUND" if refund else "CHARGE"),
            "transactionId": payment.transaction_id,
            "chargeIdentifier": payment.charge_identifier,
            "shipTaxRate": next((_fraction(line) for line in document.lines if line.shipping_cents), None),
            "giftWrapTaxRate": None,
            "legalEntityName": self._world.buyer.name,
            "purchasingCustomerGroupName": None,
            "invoiceNumber": document.number if payment.states_number else None,
            "amount": _money(document, document.gross_cents, sign),
            "paymentInstrumentType": payment.instrument,
            "paymentInstrumentLast4Digits": payment.last_digits,
            "buyer": buyer,
            "payer": buyer,
            "associatedTransactionDetails": None,
            "transactionLineItems": [_line(document, line, sign) for line in document.lines],
        }
        return with_absences(fields, payment.transaction_id)

    def _details(self, order_line: Mapping[str, str]) -> list[Json]:
        """Every document of the line; one detail full of nulls when Amazon knows none now."""
        documents = self._by_line.get(_key(order_line), [])
        return [_detail(document) for document in documents] or [dict(UNKNOWN_DETAIL)]


def _by_order_line(world: World) -> dict[tuple[str, ...], list[Document]]:
    found = defaultdict[tuple[str, ...], list[Document]](list)
    for document in world.documents:
        for line in document.lines:
            found[document.order_id, line.order_line_id, document.shipment_id].append(document)
    return found


def _key(order_line: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(order_line[name] for name in ORDER_LINE_KEY)


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


def _money(document: Document, cents: int | None, sign: int = 1) -> Json | None:
    return None if cents is None or document.currency is None else {"currencyCode": document.currency, "amount": decimal_text(sign * cents)}


def _fraction(line: Line) -> str | None:
    """A rate as the models' samples write it (`"0.1"` for ten percent)."""
    return None if line.rate is None else plain(line.rate / 100)


def _customer(person: Person) -> Json:
    return {"id": person.id, "name": person.name, "email": person.email}


def _line(document: Document, line: Line, sign: int) -> Json:
    unit_price = None if line.unit_price is None else {"currencyCode": document.currency, "amount": line.unit_price}
    fields: Json = {
        "refundReason": document.payment.refund_reason,
        "totalAmount": _money(document, line.total_cents, sign),
        "principalAmount": _money(document, line.principal_cents, sign),
        "shippingCharge": _money(document, line.shipping_cents or None, sign),
        "regulatoryFee": None,
        "giftWrappingCharge": None,
        "discount": _money(document, line.discount_cents or None, sign),
        "tax": _money(document, line.vat_cents, sign),
        "unitPrice": unit_price,
        "taxRate": _fraction(line),
        "orderId": document.order_id,
        "unspsc": line.unspsc,
        "orderLineItemId": line.order_line_id,
        "purchaseOrderNumber": line.purchase_order,
        "purchaseOrderLineItemId": None,
        "asin": line.asin,
        "productTitle": line.title,
        "itemQuantity": line.quantity,
        "shipmentId": document.shipment_id,
        "shipmentDate": iso(document.shipped_at),
        "merchantLegalName": document.seller,
        "budgetId": None,
        "businessOrderInfo": None if line.order_fields is None else dict(line.order_fields),
    }
    return with_absences(fields, f"{document.payment.transaction_id} {line.order_line_id}")


def _detail(document: Document) -> Json:
    known: Json = {
        "invoiceNumber": document.number,
        "invoiceDate": document.issued_at and iso(document.issued_at),
        "invoiceType": document.kind and document.kind.value,
    }
    return known | with_absences({"consolidatedInvoiceDetails": None}, document.payment.transaction_id)
