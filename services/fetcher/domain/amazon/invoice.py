"""An invoice as the Reconciliation API 2021-01-08 knows it: number, date and type everywhere, all else in Japan only."""

from services.fetcher.domain.amazon.answer import Answer, Money, Refusal


class ConsolidatedInvoice(Answer):
    """The number of a consolidated invoice, or `Pending` until it is issued."""

    invoice_number: str | None = None


class RegisteredCompany(Answer):
    """An issuer or a seller, with its tax registration."""

    name: str | None = None
    registration_number: str | None = None


class BillingAddress(Answer):
    """Whom the invoice is addressed to."""

    address_type: str | None = None
    full_name: str | None = None
    phone_number: str | None = None
    company_name: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    city: str | None = None
    state_or_region: str | None = None
    postal_code: str | None = None
    country_code: str | None = None


class Tax(Answer):
    """Totals at one rate, the rate as a fraction: `0.1`."""

    rate: str | None = None
    inclusive_total: Money | None = None
    exclusive_total: Money | None = None
    amount: Money | None = None


class ItemShare(Answer):
    """An order line's share of an item."""

    order_line_item_id: str | None = None
    line_number: int | None = None
    units: int | None = None
    unit_price: Money | None = None
    tax_amount: Money | None = None


class FeeShare(Answer):
    """A share of a fee: of an item's fee by order line and unit, of an invoice's fee in total."""

    associated_order_line_item_id: str | None = None
    units: int | None = None
    unit_tax_exclusive_fee: Money | None = None
    unit_tax_amount: Money | None = None
    tax_exclusive_fee: Money | None = None
    tax_amount: Money | None = None


class Fee(Answer):
    """`SHIPPING`, `GIFTWRAPPING` or `OTHER`."""

    fee_type: str | None = None
    tax: Tax | None = None
    discount: Money | None = None
    apportionment: list[FeeShare] | None = None


class InvoicedItem(Answer):
    """An article on the invoice."""

    tax_rate: str | None = None
    unit: int | None = None
    asin: str | None = None
    title: str | None = None
    unit_tax_inclusive_price: Money | None = None
    unit_tax_exclusive_price: Money | None = None
    unit_tax_amount: Money | None = None
    total_amount: Money | None = None
    discount: Money | None = None
    apportionment: list[ItemShare] | None = None
    fees: list[Fee] | None = None


class InvoiceDetail(Answer):
    """A `STANDARD` invoice or a `CREDIT_MEMO`. In the EU only the first four fields come; null means unknown now, never "no invoice"."""

    invoice_number: str | None = None
    invoice_date: str | None = None
    invoice_type: str | None = None
    consolidated_invoice_details: ConsolidatedInvoice | None = None
    associated_invoice_number: str | None = None
    associated_invoice_date: str | None = None
    invoice_issuer: RegisteredCompany | None = None
    bill_to_address: BillingAddress | None = None
    seller_information: RegisteredCompany | None = None
    order_date: str | None = None
    currency_code: str | None = None
    invoice_total: str | None = None
    tax: list[Tax] | None = None
    transaction_data_items: list[InvoicedItem] | None = None
    fees: list[Fee] | None = None


class PaymentDetails(Answer):
    """`Closed`, `Past Due`, `Issued` or `Payment Processing`, and when an invoice on account is due."""

    status: str | None = None
    due_date: str | None = None


class InvoicePayment(Answer):
    """How an invoice stands: `SUCCESS` with its payment, or `ERROR` with why not."""

    invoice_id: str | None = None
    result_type: str | None = None
    payment_details: PaymentDetails | None = None
    error: Refusal | None = None


class PaymentDetailsAnswer(Answer):
    """The answer of `getBatchInvoicePaymentDetails`."""

    invoice_payment_details_results: list[InvoicePayment] | None = None
