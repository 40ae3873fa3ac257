"""Reporting API 2025-06-09: orders, order lines, shipments and shipment lines. Money is a number here, a date has two shapes."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from deploy.local.amazon.accounts import Accounts
from deploy.local.amazon.assumptions import Assumptions
from deploy.local.amazon.calls import Answer, Call, Json
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.facts import Document, Line, Shipment
from deploy.local.amazon.papers import Paper
from deploy.local.amazon.refusals import Refused, bad_parameter
from deploy.local.amazon.report_rows import REGIONS, Charges, brand_of, charges_of, lines_of, postal, purchase_order_of, whole
from deploy.local.amazon.signing import Forged, Signer
from deploy.local.amazon.world import Purchase, World

LONGEST = timedelta(days=366)
TWO_YEARS = timedelta(days=730)
MOST_VALUES = 30

type Rows = Callable[[World, Purchase], Iterator[Json]]


class Reporting:
    """The five operations."""

    def __init__(self, accounts: Accounts, clock: VirtualClock, signer: Signer, assumed: Assumptions) -> None:
        self._accounts = accounts
        self._clock = clock
        self._signer = signer
        self._assumed = assumed

    def orders(self, call: Call) -> Answer:
        """`getOrderReports`."""
        statuses = _values(call.query, "orderStatuses")
        return self._page(call, "ordersReport", lambda world, order: _kept(self._order(world, order), "orderStatus", statuses))

    def orders_of_purchase_order(self, call: Call) -> Answer:
        """`getOrderReportsByPurchaseOrderNumber`: the last two years."""
        number, now = call.path["purchaseOrderNumber"], self._clock.now()

        def rows(world: World, order: Purchase) -> Iterator[Json]:
            if purchase_order_of(order) == number and order.ordered_at >= now - TWO_YEARS:
                yield self._order(world, order)

        return self._page(call, "ordersReport", rows, dated=False)

    def order_lines(self, call: Call) -> Answer:
        """`getOrderLineItemReports`."""
        return self._page(call, "orderLineItemsReport", self._order_lines)

    def shipments(self, call: Call) -> Answer:
        """`getShipmentReports`."""
        statuses = _values(call.query, "shipmentStatuses")

        def rows(_world: World, order: Purchase) -> Iterator[Json]:
            if not statuses or "SHIPPED" in statuses:
                yield from (self._shipment(order, shipment, document) for shipment, document in order.shipments)

        return self._page(call, "shipmentsReport", rows)

    def shipment_lines(self, call: Call) -> Answer:
        """`getShipmentLineItemReports`."""
        numbers = _values(call.query, "purchaseOrderNumbers")

        def rows(_world: World, order: Purchase) -> Iterator[Json]:
            if not numbers or purchase_order_of(order) in numbers:
                yield from (self._shipment_line(order, line, shipment) for line, shipment, _ in lines_of(order))

        return self._page(call, "shipmentLineItemsReport", rows)

    def _page(self, call: Call, name: str, rows: Rows, dated: bool = True) -> Answer:
        """One page; the next is asked for with the same parameters and the token. Raises Refused (400)."""
        offset, world = self._offset(call), self._accounts.of(call.account)
        start, end = self._bounds(call.query) if dated else (None, None)
        wanted, region = _values(call.query, "orderIds"), call.query.get("region")
        orders = (
            order
            for order in world.purchases(self._clock.now())
            if (start is None or end is None or start <= order.ordered_at <= end)
            and order.marketplace == call.marketplace
            and (not wanted or order.order_id in wanted)
            and region in (None, REGIONS.get(order.marketplace))
        )
        found = [row for order in orders for row in rows(world, order)]
        upto = offset + self._assumed.page_size
        body: Json = {name: found[offset:upto], "size": len(found[offset:upto])}
        if upto < len(found):
            body["nextPageToken"] = self._signer.seal("report page", {"asked": _asked(call), "offset": upto})
        return Answer(body)

    def _offset(self, call: Call) -> int:
        if "nextPageToken" not in call.query:
            return 0
        try:
            content = self._signer.open("report page", call.query["nextPageToken"])
        except Forged as forged:
            raise bad_parameter("The nextPageToken is invalid.") from forged
        if content["asked"] != _asked(call):
            raise bad_parameter("The nextPageToken must be used with the parameters of the first request.")
        return int(str(content["offset"]))

    def _bounds(self, query: Mapping[str, str]) -> tuple[datetime, datetime]:
        start, end = _instant(query, "orderStartDate"), _instant(query, "orderEndDate")
        if start > end:
            hint = "Please ensure orderStartDate is chronologically before orderEndDate."
            raise bad_parameter("The orderStartDate must be before or equal to orderEndDate.", hint)
        if end - start > LONGEST:
            raise bad_parameter("The date range must not be longer than 366 days.")
        if end > self._clock.now() and self._assumed.strict_time:
            raise bad_parameter("The orderEndDate must not be in the future.")
        return start, end

    def _order(self, world: World, order: Purchase) -> Json:
        lines = [line for line, _, _ in lines_of(order)]
        fields = next((line.order_fields for line in lines if line.order_fields), None)
        buyer = world.administrator
        return _without_none(
            {
                "orderMetadata": self._metadata(order),
                "purchaseOrderNumber": purchase_order_of(order),
                "orderStatus": "CLOSED" if whole(world, order) else "PENDING_FULFILLMENT",
                "charges": _charges(charges_of(lines)),
                "buyingCustomer": {"name": buyer.name, "email": buyer.email},
                "businessOrderInfo": None if fields is None else dict(fields),
            }
        )

    def _order_lines(self, _world: World, order: Purchase) -> Iterator[Json]:
        for line, shipment, document in lines_of(order):
            yield _without_none(
                {
                    "orderMetadata": self._metadata(order),
                    "orderLineItemId": line.order_line_id,
                    "purchaseOrderNumber": line.purchase_order,
                    "productDetails": _product(line),
                    "unitPrice": None if line.principal_cents is None else _money(line.principal_cents // (line.quantity or 1)),
                    "quantity": line.quantity,
                    "charges": _charges(charges_of([line])),
                    "seller": _seller(shipment, document and document.paper),
                }
            )

    def _shipment(self, order: Purchase, shipment: Shipment, document: Document | None) -> Json:
        buyer = None if document is None or document.paper is None else document.paper.buyer
        street, code, town = ("1 rue Inconnue", "75001", "Paris") if buyer is None else postal(buyer)
        address = {"addressLine1": street, "city": town, "postalCode": code, "countryCode": "FR"}
        expected = shipment.shipped_at + timedelta(days=2)
        return _without_none(
            {
                "orderMetadata": self._metadata(order),
                "shipmentMetadata": self._shipped(shipment),
                "purchaseOrderNumber": purchase_order_of(order),
                "shipmentStatus": "SHIPPED",
                "shippingAddress": {"fullName": "Service courrier", **address},
                "charges": _charges(charges_of(shipment.lines)),
                "deliveryInfo": {
                    "expectedDeliveryDate": self._date(expected, shipment.shipment_id),
                    "status": "DELIVERED" if expected <= self._clock.now() else "NOT_DELIVERED",
                },
            }
        )

    def _shipment_line(self, order: Purchase, line: Line, shipment: Shipment) -> Json:
        return _without_none(
            {
                "orderMetadata": self._metadata(order),
                "shipmentMetadata": self._shipped(shipment),
                "orderLineItemId": line.order_line_id,
                "purchaseOrderNumber": line.purchase_order,
                "productDetails": _product(line),
                "charges": _charges(charges_of([line])),
                "quantity": line.quantity,
                "carrierName": "Colis de France",
                "packages": [{"trackingId": f"CF{line.order_line_id}", "packageId": "1"}],
            }
        )

    def _metadata(self, order: Purchase) -> Json:
        region = REGIONS.get(order.marketplace, "FR")
        return {"orderDate": self._date(order.ordered_at, order.order_id), "orderId": order.order_id, "region": region}

    def _shipped(self, shipment: Shipment) -> Json:
        return {"shipmentDate": self._date(shipment.shipped_at, shipment.shipment_id), "shipmentId": shipment.shipment_id}

    def _date(self, instant: datetime, key: str) -> object:
        """As the schema has it, or as the published sample has it."""
        shape = self._assumed.dates
        as_object = shape == "object" or (shape == "mixed" and hashlib.sha256(key.encode()).digest()[0] % 2 == 0)
        return {"date": iso(instant)} if as_object else iso(instant)


def _asked(call: Call) -> list[str]:
    pairs = {**call.path, **call.query}
    return sorted(f"{name}={value}" for name, value in pairs.items() if name != "nextPageToken")


def _values(query: Mapping[str, str], name: str) -> Sequence[str]:
    """A csv list of at most 30. Raises Refused (400)."""
    values = [value for value in query.get(name, "").split(",") if value]
    if len(values) > MOST_VALUES:
        raise bad_parameter(f"The parameter {name} has more than {MOST_VALUES} values.")
    return values


def _instant(query: Mapping[str, str], name: str) -> datetime:
    if name not in query:
        hint = f"Please provide the required parameter {name} in the request."
        raise bad_parameter(f"The required parameter {name} is missing.", hint)
    refusal: Refused = bad_parameter(f"The parameter {name} is not in the expected ISO8601 format.")
    try:
        instant = datetime.fromisoformat(query[name])
    except ValueError as malformed:
        raise refusal from malformed
    if instant.tzinfo is None:
        raise refusal
    return instant


def _kept(row: Json, name: str, values: Sequence[str]) -> Iterator[Json]:
    if not values or row[name] in values:
        yield row


def _without_none(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _money(cents: int) -> Json:
    """A JSON number, as the model of this API has it."""
    return {"currencyCode": "EUR", "amount": cents / 100}


def _charges(charges: Charges) -> list[Json]:
    names = {
        "SUBTOTAL": charges.goods,
        "SHIPPING_AND_HANDLING": charges.shipping,
        "PROMOTION": charges.promotion,
        "TAX": charges.tax,
        "NET_TOTAL": charges.net_total,
    }
    return [{"type": name, "amount": _money(cents)} for name, cents in names.items()]


def _product(line: Line) -> Json:
    brand = brand_of(line)
    return {
        "productCategory": "Fournitures",
        "asin": line.asin or "",
        "title": line.title or "",
        "unspsc": {"code": line.unspsc or "00000000"},
        "productCondition": "New",
        "brandCode": brand[-4:],
        "brandName": brand,
        "manufacturerName": brand,
    }


def _seller(shipment: Shipment, paper: Paper | None) -> Json | None:
    """Who sold: the only structured seller's address of the API; unknown for a file that has no paper."""
    if paper is None:
        return None
    street, code, town = postal(paper.seller)
    address = {"addressLine1": street, "city": town, "postalCode": code, "countryCode": paper.seller.country}
    return cast(Json, {"name": shipment.seller, "primaryAddress": address})
