"""What the Reporting API 2025-06-09 answers of orders. Here money is a JSON number, which no float ever holds."""

import json
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BeforeValidator

from services.fetcher.domain.amazon.answer import Answer, Customer


def _refuse_float(figure: object) -> object:
    if isinstance(figure, float):
        raise TypeError("a figure that went through a float")
    return figure


type Figure = Annotated[int | Decimal | str, BeforeValidator(_refuse_float)]
"""An amount exactly as it was written."""


class ReportPage(Answer):
    """One page of a report; the next is asked for with the same parameters and its token."""

    next_page_token: str | None = None
    size: int | None = None

    @classmethod
    def read(cls, content: str | bytes) -> Self:
        """The page in a body, every number with a decimal point as it was written."""
        return cls.model_validate(json.loads(content, parse_float=Decimal))


class Amount(Answer):
    """An amount of money."""

    currency_code: str | None = None
    amount: Figure | None = None


class Charge(Answer):
    """`SUBTOTAL`, `SHIPPING_AND_HANDLING`, `PROMOTION`, `TAX` or `NET_TOTAL`."""

    type: str | None = None
    amount: Amount | None = None


class Moment(Answer):
    """A date as the schema has it; the published answers have plain text instead."""

    date: str | None = None


class OrderMetadata(Answer):
    """Which order; the region is a country's two letters, `UK` for the United Kingdom."""

    order_date: Moment | str | None = None
    order_id: str | None = None
    region: str | None = None


class Address(Answer):
    """A postal address; a shipping address names the recipient."""

    full_name: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state_or_region: str | None = None
    postal_code: str | None = None
    country_code: str | None = None


class BuyerGroup(Answer):
    """The buying group."""

    name: str | None = None


class ApproverDetails(Answer):
    """Who approved the order last."""

    last_order_approver_customer: Customer | None = None


class OrderReport(Answer):
    """An order."""

    order_metadata: OrderMetadata | None = None
    purchase_order_number: str | None = None
    order_status: str | None = None
    charges: list[Charge] | None = None
    buying_customer: Customer | None = None
    buyer_group: BuyerGroup | None = None
    business_order_info: dict[str, str | None] | None = None
    approver_details: ApproverDetails | None = None


class OrderReports(ReportPage):
    """The answer of `getOrderReports` and `getOrderReportsByPurchaseOrderNumber`."""

    orders_report: list[OrderReport] | None = None


class Unspsc(Answer):
    """A product's place in the UNSPSC classification, eight digits."""

    code: str | None = None


class ProductDetails(Answer):
    """What was ordered."""

    product_category: str | None = None
    asin: str | None = None
    title: str | None = None
    unspsc: Unspsc | None = None
    product_condition: str | None = None
    brand_code: str | None = None
    brand_name: str | None = None
    manufacturer_name: str | None = None
    serial_numbers: list[str] | None = None


class TaxExemption(Answer):
    """Whether the buyer's exemption was applied."""

    applied: bool | None = None
    type: str | None = None
    opt_out: bool | None = None


class PricingProgram(Answer):
    """The programme a discount came from."""

    name: str | None = None
    discount_amount: Amount | None = None


class Sustainability(Answer):
    """The product's certificates."""

    certification_category: str | None = None
    certification_types: list[str] | None = None


class CertifyingAgency(Answer):
    """Who certified a seller, and until when."""

    agency_name: str | None = None
    certificate_expiration_date: Moment | str | None = None


class Credential(Answer):
    """A seller's certificate."""

    certificate_type: str | None = None
    certifying_agencies_details: list[CertifyingAgency] | None = None


class SellerCredentials(Answer):
    """A seller's certificates."""

    types: list[str] | None = None
    details: list[Credential] | None = None


class Seller(Answer):
    """Who sold the line: in the EU the only seller's address that is not on a PDF."""

    name: str | None = None
    primary_address: Address | None = None
    credentials: SellerCredentials | None = None


class OrderLineItemReport(Answer):
    """A line of an order."""

    order_metadata: OrderMetadata | None = None
    order_line_item_id: str | None = None
    purchase_order_number: str | None = None
    purchase_order_line_item_number: str | None = None
    product_details: ProductDetails | None = None
    unit_price: Amount | None = None
    quantity: int | None = None
    charges: list[Charge] | None = None
    tax_exemption: TaxExemption | None = None
    pricing_program: PricingProgram | None = None
    sustainability: Sustainability | None = None
    seller: Seller | None = None


class OrderLineItemReports(ReportPage):
    """The answer of `getOrderLineItemReports`."""

    order_line_items_report: list[OrderLineItemReport] | None = None
