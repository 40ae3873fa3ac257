"""What the Reporting API 2021-01-08 answers: orders with their lines, shipments and charges. Amazon will withdraw it; money is text."""

from services.fetcher.domain.amazon.answer import Answer, Customer, Money


class Address(Answer):
    """A postal address."""

    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country_code: str | None = None


class Seller(Answer):
    """Who sold a line."""

    seller_name: str | None = None
    seller_primary_address: Address | None = None
    seller_city: str | None = None
    seller_state: str | None = None
    seller_postal_code: str | None = None


class CertifyingAgency(Answer):
    """Who certified a seller, and until when."""

    certifying_agency_name: str | None = None
    certificate_expiration_date: str | None = None


class Credential(Answer):
    """A seller's certificate."""

    certificate_type: str | None = None
    certifying_agencies_details: list[CertifyingAgency] | None = None


class LineItem(Answer):
    """A line of an order."""

    product_category: str | None = None
    asin: str | None = None
    title: str | None = None
    unspsc: str | None = None
    product_condition: str | None = None
    listed_price_per_unit: Money | None = None
    purchased_price_per_unit: Money | None = None
    item_quantity: int | None = None
    item_sub_total: Money | None = None
    item_shipping_and_handling: Money | None = None
    item_promotion: Money | None = None
    item_tax: Money | None = None
    item_net_total: Money | None = None
    purchase_order_line_item: str | None = None
    tax_exemption_applied: bool | None = None
    tax_exemption_type: str | None = None
    tax_exempt_opt_out: bool | None = None
    discount_program: str | None = None
    discount_type: str | None = None
    discount_amount: Money | None = None
    discount_ratio: str | None = None
    seller: Seller | None = None
    seller_credentials: list[str] | None = None
    seller_credential_details: list[Credential] | None = None
    brand_code: str | None = None
    brand_name: str | None = None
    manufacturer_name: str | None = None
    transaction_ids: list[str] | None = None
    carrier_tracking_numbers: list[str] | None = None


class DeliveryInformation(Answer):
    """When a shipment is expected, and whether it came."""

    expected_delivery_date: str | None = None
    delivery_status: str | None = None


class Shipment(Answer):
    """A shipment of an order."""

    shipment_date: str | None = None
    shipment_status: str | None = None
    carrier_tracking: str | None = None
    delivery_information: DeliveryInformation | None = None
    shipment_quantity: int | None = None
    shipment_sub_total: Money | None = None
    shipment_shipping_and_handling: Money | None = None
    shipment_promotion: Money | None = None
    shipment_tax: Money | None = None
    shipment_net_total: Money | None = None
    carrier_name: str | None = None
    shipping_address: Address | None = None


class OrderCharge(Answer):
    """A payment event of an order, under the transaction id that the Reconciliation API uses."""

    transaction_date: str | None = None
    transaction_id: str | None = None
    amount: Money | None = None
    payment_instrument_type: str | None = None
    payment_instrument_last4_digits: str | None = None


class Order(Answer):
    """An order. The case of its status varies: `Closed`, `CANCELLED`."""

    order_date: str | None = None
    order_id: str | None = None
    purchase_order_number: str | None = None
    order_quantity: int | None = None
    order_status: str | None = None
    last_order_approver_name: str | None = None
    buying_customer: Customer | None = None
    buyer_group_name: str | None = None
    business_order_info: dict[str, str | None] | None = None
    order_sub_total: Money | None = None
    order_shipping_and_handling: Money | None = None
    order_promotion: Money | None = None
    order_tax: Money | None = None
    order_net_total: Money | None = None
    line_items: list[LineItem] | None = None
    shipments: list[Shipment] | None = None
    charges: list[OrderCharge] | None = None


class OrdersPage(Answer):
    """The answer of `getOrdersByOrderDate` and `getOrdersByOrderId`."""

    orders: list[Order] | None = None
    next_page_token: str | None = None
    size: int | None = None
