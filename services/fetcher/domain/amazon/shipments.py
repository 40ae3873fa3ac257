"""What the Reporting API 2025-06-09 answers of shipments."""

from services.fetcher.domain.amazon.answer import Answer, Customer
from services.fetcher.domain.amazon.reporting import Address, Charge, Moment, OrderMetadata, ProductDetails, ReportPage


class ShipmentMetadata(Answer):
    """Which shipment."""

    shipment_id: str | None = None
    shipment_date: Moment | str | None = None


class DeliveryInfo(Answer):
    """`DELIVERED`, `NOT_DELIVERED` or `NOT_AVAILABLE`."""

    expected_delivery_date: Moment | str | None = None
    status: str | None = None


class ShipmentReport(Answer):
    """A shipment of an order."""

    order_metadata: OrderMetadata | None = None
    shipment_metadata: ShipmentMetadata | None = None
    purchase_order_number: str | None = None
    shipment_status: str | None = None
    shipping_address: Address | None = None
    charges: list[Charge] | None = None
    delivery_info: DeliveryInfo | None = None


class ShipmentReports(ReportPage):
    """The answer of `getShipmentReports`."""

    shipments_report: list[ShipmentReport] | None = None


class Package(Answer):
    """A parcel."""

    tracking_id: str | None = None
    package_id: str | None = None


class ReceivingInfo(Answer):
    """What the buyer says to have received."""

    customer: Customer | None = None
    date: Moment | str | None = None
    status: str | None = None
    quantity: int | None = None


class ShipmentLineItemReport(Answer):
    """A line of a shipment."""

    order_metadata: OrderMetadata | None = None
    shipment_metadata: ShipmentMetadata | None = None
    order_line_item_id: str | None = None
    purchase_order_number: str | None = None
    purchase_order_line_item_number: str | None = None
    product_details: ProductDetails | None = None
    charges: list[Charge] | None = None
    quantity: int | None = None
    carrier_name: str | None = None
    packages: list[Package] | None = None
    receiving_info: ReceivingInfo | None = None


class ShipmentLineItemReports(ReportPage):
    """The answer of `getShipmentLineItemReports`."""

    shipment_line_items_report: list[ShipmentLineItemReport] | None = None
