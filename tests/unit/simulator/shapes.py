"""The published shapes of Amazon's answers as closed models: what is not in them must not be sent.

Reconciliation API 2021-01-08 (without the Japan-only fields), Document API 2021-09-30, Login with Amazon.
"""

# ruff: noqa: N815 - the names are Amazon's
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Decimals = Annotated[str, StringConstraints(pattern=r"^-?\d+\.\d{1,4}$|^-?\d+$", strict=True)]


class Shape(BaseModel):
    """A closed object."""

    model_config = ConfigDict(extra="forbid")


class Money(Shape):
    """`amount` is a string."""

    currencyCode: str
    amount: Decimals


class Customer(Shape):
    """A person."""

    id: str
    name: str | None = None
    email: str | None = None


class AssociatedTransaction(Shape):
    """Another leg of a split payment."""

    associatedTransactionId: str


class TransactionLineItem(Shape):
    """One line of a transaction; everything may be missing or null."""

    refundReason: str | None = None
    totalAmount: Money | None = None
    principalAmount: Money | None = None
    shippingCharge: Money | None = None
    regulatoryFee: Money | None = None
    giftWrappingCharge: Money | None = None
    discount: Money | None = None
    tax: Money | None = None
    unitPrice: Money | None = None
    taxRate: Decimals | None = None
    orderId: str | None = None
    unspsc: str | None = None
    orderLineItemId: str | None = None
    purchaseOrderNumber: str | None = None
    purchaseOrderLineItemId: str | None = None
    asin: str | None = None
    productTitle: str | None = None
    itemQuantity: int | None = None
    shipmentId: str | None = None
    shipmentDate: datetime | None = None
    merchantLegalName: str | None = None
    budgetId: str | None = None
    businessOrderInfo: dict[str, str] | None = None


class Transaction(Shape):
    """A payment event; everything may be missing or null."""

    marketplaceId: str | None = None
    transactionDate: datetime | None = None
    feedDate: datetime | None = None
    transactionType: Literal["CHARGE", "REFUND", "OVERREFUND"] | None = None
    transactionId: str | None = None
    chargeIdentifier: str | None = None
    shipTaxRate: Decimals | None = None
    giftWrapTaxRate: Decimals | None = None
    legalEntityName: str | None = None
    purchasingCustomerGroupName: str | None = None
    invoiceNumber: str | None = None
    amount: Money | None = None
    paymentInstrumentType: str | None = None
    paymentInstrumentLast4Digits: str | None = None
    buyer: Customer | None = None
    payer: Customer | None = None
    associatedTransactionDetails: list[AssociatedTransaction] | None = None
    transactionLineItems: list[TransactionLineItem] | None = None


class TransactionsResponse(Shape):
    """Answer of `getTransactions`."""

    transactions: list[Transaction]
    nextPageToken: str | None = None


class OrderLineItem(Shape):
    """The question of `/invoices`, repeated in its answer."""

    orderId: str
    orderLineItemId: str
    shipmentId: str


class ConsolidatedInvoiceDetails(Shape):
    """Number of the consolidated invoice, or `Pending`."""

    invoiceNumber: str


class InvoiceDetail(Shape):
    """The European part only."""

    invoiceNumber: str | None
    invoiceDate: datetime | None
    invoiceType: Literal["STANDARD", "CREDIT_MEMO"] | None
    consolidatedInvoiceDetails: ConsolidatedInvoiceDetails | None = None


class InvoiceDetailsOfLine(Shape):
    """All documents of one order line."""

    orderLineItem: OrderLineItem
    invoiceDetails: list[InvoiceDetail]


class InvoicesResponse(Shape):
    """Answer of `getInvoiceDetailsByOrderLineItems`."""

    invoiceDetailsByOrderLineItems: list[InvoiceDetailsOfLine]


class Report(Shape):
    """A report; it does not repeat its options."""

    reportId: str
    reportType: Literal["GET_AB_INVOICE_PDF"]
    createdTime: datetime
    processingStatus: Literal["IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL"]
    marketplaceIds: list[str] | None = None
    dataStartTime: datetime | None = None
    dataEndTime: datetime | None = None
    processingStartTime: datetime | None = None
    processingEndTime: datetime | None = None
    reportDocumentId: str | None = None


class Reports(Shape):
    """Answer of `getReports`."""

    reports: list[Report]
    nextToken: str | None = None


class ReportDocument(Shape):
    """Answer of `getReportDocument`."""

    reportDocumentId: str
    url: str
    compressionAlgorithm: Literal["GZIP"] | None = None


class ApiError(Shape):
    """One error of the APIs."""

    code: str
    message: str
    details: str | None = None


class ErrorList(Shape):
    """Body of every refusal of the APIs."""

    errors: list[ApiError]


class Granted(Shape):
    """Answer of the token endpoint."""

    access_token: Annotated[str, StringConstraints(pattern=r"^Atza\|", max_length=2048)]
    refresh_token: Annotated[str, StringConstraints(pattern=r"^Atzr\|", max_length=2048)]
    token_type: Literal["bearer"]
    expires_in: Literal[3600]


class GrantError(Shape):
    """Refusal of the token endpoint: flat."""

    error: str
    error_description: str
