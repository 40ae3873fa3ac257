"""Reporting API 2021-01-08, which Amazon will withdraw: whole orders, 24 hours at a time, money as text."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from deploy.local.amazon.accounts import Accounts
from deploy.local.amazon.amounts import decimal_text
from deploy.local.amazon.calls import Answer, Call, Json
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.facts import Document, Line, Shipment
from deploy.local.amazon.refusals import Refused, bad_parameter
from deploy.local.amazon.report_rows import brand_of, charges_of, lines_of, postal, purchase_order_of, whole
from deploy.local.amazon.signing import Forged, Signer
from deploy.local.amazon.world import Purchase, World

DAY = timedelta(days=1)
PAGE_SIZE = 100
BAD_QUERY = "Bad number of query parameters. Please specify either a date range or a purchase order number."
EXTRAS = ("includeLineItems", "includeShipments", "includeCharges")


class OldReporting:
    """The two operations."""

    def __init__(self, accounts: Accounts, clock: VirtualClock, signer: Signer) -> None:
        self._accounts = accounts
        self._clock = clock
        self._signer = signer

    def by_date(self, call: Call) -> Answer:
        """`getOrdersByOrderDate`: a page of the orders of at most 24 hours. Raises Refused (400)."""
        query, offset = self._query(call.query)
        start, end = _bounds(query)
        world = self._accounts.of(call.account)
        placed = (one for one in world.purchases(self._clock.now()) if start <= one.ordered_at <= end)
        found = [one for one in placed if one.marketplace == call.marketplace]
        page = found[offset : offset + PAGE_SIZE]
        body: Json = {"orders": [self._order(world, one, query) for one in page], "size": len(page)}
        if offset + PAGE_SIZE < len(found):
            body["nextPageToken"] = self._signer.seal("old page", {**query, "offset": offset + PAGE_SIZE})
        return Answer(body)

    def by_id(self, call: Call) -> Answer:
        """`getOrdersByOrderId`; no order when there is no such one."""
        world = self._accounts.of(call.account)
        found = [one for one in world.purchases(self._clock.now()) if one.order_id == call.path["orderId"]]
        return Answer({"orders": [self._order(world, one, call.query) for one in found], "size": len(found)})

    def _query(self, query: Mapping[str, str]) -> tuple[Mapping[str, str], int]:
        """The question, or the one that a page token alone goes on with."""
        if "nextPageToken" not in query:
            return query, 0
        if len(query) > 1:
            raise bad_parameter("nextPageToken must be the only parameter of the request.")
        try:
            content = self._signer.open("old page", query["nextPageToken"])
        except Forged as forged:
            raise bad_parameter("The nextPageToken is invalid.") from forged
        return {name: str(value) for name, value in content.items() if name != "offset"}, int(str(content["offset"]))

    def _order(self, world: World, order: Purchase, query: Mapping[str, str]) -> Json:
        lines = [line for line, _, _ in lines_of(order)]
        buyer, fields = world.administrator, next((line.order_fields for line in lines if line.order_fields), ())
        extras = {"includeLineItems": _lines, "includeShipments": _shipments, "includeCharges": self._charges}
        return {
            "orderDate": iso(order.ordered_at),
            "orderId": order.order_id,
            "purchaseOrderNumber": purchase_order_of(order) or "",
            "orderQuantity": sum(line.quantity or 0 for line in lines),
            "orderStatus": "Closed" if whole(world, order) else "Pending Fulfillment",
            "lastOrderApproverName": "",
            "buyingCustomer": {"id": "", "name": buyer.name, "email": buyer.email},
            "buyerGroupName": "",
            "businessOrderInfo": dict(fields),
            **_sums("order", lines),
            **{key: value for name, part in extras.items() if query.get(name) == "true" for key, value in part(order).items()},
        }

    def _charges(self, order: Purchase) -> Json:
        now = self._clock.now()
        seen = [(shipment, payment) for shipment, _ in order.shipments for payment in shipment.payments if payment.visible(now)]
        return {
            "charges": [
                {
                    "transactionDate": iso(payment.happened_at),
                    "transactionId": payment.transaction_id,
                    "amount": _money(payment.amount(sum(line.total_cents or 0 for line in shipment.lines), now) or 0),
                    "paymentInstrumentType": payment.instrument or "",
                    "paymentInstrumentLast4Digits": payment.last_digits or "",
                }
                for shipment, payment in seen
            ]
        }


def _lines(order: Purchase) -> Json:
    return {"lineItems": [_line(line, shipment, document) for line, shipment, document in lines_of(order)]}


def _line(line: Line, shipment: Shipment, document: Document | None) -> Json:
    brand, unit = brand_of(line), (line.principal_cents or 0) // (line.quantity or 1)
    return {
        "productCategory": "Fournitures",
        "asin": line.asin or "",
        "title": line.title or "",
        "unspsc": line.unspsc or "",
        "productCondition": "New",
        "listedPricePerUnit": _money(unit),
        "purchasedPricePerUnit": _money(unit),
        "itemQuantity": line.quantity or 0,
        **_sums("item", [line]),
        "purchaseOrderLineItem": "",
        "taxExemptionApplied": False,
        "taxExemptionType": "",
        "taxExemptOptOut": False,
        "discountProgram": "",
        "discountType": "",
        "discountAmount": _money(-(line.discount_cents or 0)),
        "discountRatio": "0",
        "seller": _seller(shipment, document),
        "sellerCredentials": [],
        "sellerCredentialDetails": [],
        "brandCode": brand[-4:],
        "brandName": brand,
        "manufacturerName": brand,
        "transactionIds": [payment.transaction_id for payment in shipment.payments],
        "carrierTrackingNumbers": [f"CF{line.order_line_id}"],
    }


def _seller(shipment: Shipment, document: Document | None) -> Json:
    paper = document and document.paper
    if paper is None:
        return {"sellerName": shipment.seller or ""}
    street, code, town = postal(paper.seller)
    address = {"addressLine1": street, "addressLine2": "", "city": town, "state": ""}
    return {
        "sellerName": shipment.seller or "",
        "sellerPrimaryAddress": {**address, "postalCode": code, "countryCode": paper.seller.country},
        "sellerCity": town,
        "sellerPostalCode": code,
    }


def _shipments(order: Purchase) -> Json:
    return {
        "shipments": [
            {
                "shipmentDate": iso(shipment.shipped_at),
                "shipmentStatus": "Shipped",
                "carrierTracking": f"CF{shipment.lines[0].order_line_id}",
                "deliveryInformation": {"expectedDeliveryDate": iso(shipment.shipped_at + 2 * DAY), "deliveryStatus": "NOT AVAILABLE"},
                "shipmentQuantity": sum(line.quantity or 0 for line in shipment.lines),
                **_sums("shipment", shipment.lines),
                "carrierName": "Colis de France",
            }
            for shipment, _ in order.shipments
        ]
    }


def _sums(of: str, lines: Iterable[Line]) -> Json:
    charges = charges_of(lines)
    sums = {
        "SubTotal": charges.goods,
        "ShippingAndHandling": charges.shipping,
        "Promotion": charges.promotion,
        "Tax": charges.tax,
        "NetTotal": charges.net_total,
    }
    return {f"{of}{name}": _money(cents) for name, cents in sums.items()}


def _money(cents: int) -> Json:
    return {"currencyCode": "EUR", "amount": decimal_text(cents)}


def _bounds(query: Mapping[str, str]) -> tuple[datetime, datetime]:
    if not {"startDate", "endDate"} <= query.keys() or set(query) - {"startDate", "endDate", *EXTRAS}:
        raise bad_parameter(BAD_QUERY)
    refusal: Refused = bad_parameter(BAD_QUERY)
    try:
        start, end = (datetime.fromisoformat(query[name]) for name in ("startDate", "endDate"))
    except ValueError as malformed:
        raise refusal from malformed
    if start.tzinfo is None or end.tzinfo is None or start > end:
        raise refusal
    if end - start > DAY:
        raise bad_parameter("The date range must not be longer than 24 hours.")
    return start, end
