"""The answers we work from: Reconciliation API 2021-01-08, Document API 2021-09-30, Login with Amazon."""

from collections.abc import Iterable, Mapping

from pydantic import ConfigDict

from services.fetcher.domain.amazon.answer import Answer, Customer, Money
from services.fetcher.domain.amazon.invoice import InvoiceDetail


class AssociatedTransaction(Answer):
    """Another leg of a split payment."""

    associated_transaction_id: str | None = None


class TransactionLineItem(Answer):
    """One order line of a payment event."""

    refund_reason: str | None = None
    total_amount: Money | None = None
    principal_amount: Money | None = None
    shipping_charge: Money | None = None
    regulatory_fee: Money | None = None
    gift_wrapping_charge: Money | None = None
    discount: Money | None = None
    tax: Money | None = None
    unit_price: Money | None = None
    tax_rate: str | None = None
    order_id: str | None = None
    unspsc: str | None = None
    order_line_item_id: str | None = None
    purchase_order_number: str | None = None
    purchase_order_line_item_id: str | None = None
    asin: str | None = None
    product_title: str | None = None
    item_quantity: int | None = None
    shipment_id: str | None = None
    shipment_date: str | None = None
    merchant_legal_name: str | None = None
    budget_id: str | None = None
    business_order_info: dict[str, str | None] | None = None


class Transaction(Answer):
    """A payment event: `CHARGE`, `REFUND` or `OVERREFUND`."""

    marketplace_id: str | None = None
    transaction_date: str | None = None
    feed_date: str | None = None
    transaction_type: str | None = None
    transaction_id: str | None = None
    charge_identifier: str | None = None
    ship_tax_rate: str | None = None
    gift_wrap_tax_rate: str | None = None
    legal_entity_name: str | None = None
    purchasing_customer_group_name: str | None = None
    invoice_number: str | None = None
    amount: Money | None = None
    payment_instrument_type: str | None = None
    payment_instrument_last4_digits: str | None = None
    buyer: Customer | None = None
    payer: Customer | None = None
    associated_transaction_details: list[AssociatedTransaction] | None = None
    transaction_line_items: list[TransactionLineItem] | None = None


class TransactionsPage(Answer):
    """One page of `getTransactions`; without a token it is the last."""

    transactions: list[Transaction] | None = None
    next_page_token: str | None = None


class OrderLineItem(Answer):
    """The key of `/invoices`: one line of one shipment."""

    order_id: str | None = None
    order_line_item_id: str | None = None
    shipment_id: str | None = None


class InvoiceDetailsOfLine(Answer):
    """The invoices and credit notes of one line."""

    order_line_item: OrderLineItem | None = None
    invoice_details: list[InvoiceDetail] | None = None


class InvoiceDetailsAnswer(Answer):
    """The answer of `/invoices`, in no order that could be relied on."""

    invoice_details_by_order_line_items: list[InvoiceDetailsOfLine] | None = None


class CreateReportAnswer(Answer):
    """The id of a report that was asked for."""

    report_id: str


class Report(Answer):
    """`IN_QUEUE`, `IN_PROGRESS`, `DONE` (with a document), `CANCELLED` (also: nothing to return) or `FATAL`."""

    report_id: str
    report_type: str | None = None
    marketplace_ids: list[str] | None = None
    data_start_time: str | None = None
    data_end_time: str | None = None
    created_time: str | None = None
    processing_status: str
    processing_start_time: str | None = None
    processing_end_time: str | None = None
    report_document_id: str | None = None


class ReportsPage(Answer):
    """One page of `getReports`."""

    reports: list[Report] | None = None
    next_token: str | None = None


class ReportDocument(Answer):
    """Where a report's payload can be downloaded, for five minutes."""

    report_document_id: str
    url: str
    compression_algorithm: str | None = None

    def __repr_args__(self) -> Iterable[tuple[str | None, str]]:
        """The id alone: whoever has the URL has the document."""
        return [("report_document_id", self.report_document_id)]


class Tokens(Answer):
    """The answer of Login with Amazon's token endpoint, which writes its names in snake case itself."""

    model_config = ConfigDict(alias_generator=None)

    access_token: str
    token_type: str | None = None
    expires_in: int = 3600
    refresh_token: str | None = None

    def __repr_args__(self) -> Iterable[tuple[str | None, str]]:
        """Nothing: a token never shows."""
        return ()


def business_fields(given: Mapping[str, str | None] | None) -> dict[str, str]:
    """The buyer's own checkout fields that were filled in."""
    return {name: value for name, value in (given or {}).items() if value}
