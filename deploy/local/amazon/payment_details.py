"""Reconciliation API 2021-01-08: `getBatchInvoicePaymentDetails`, for invoices on account (*Pay by Invoice*)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import cast

from deploy.local.amazon.accounts import Accounts
from deploy.local.amazon.calls import Answer, Call, Json
from deploy.local.amazon.clock import VirtualClock, iso
from deploy.local.amazon.facts import Document
from deploy.local.amazon.papers import Kind
from deploy.local.amazon.refusals import bad_parameter

ON_ACCOUNT = "Pay by Invoice"
DUE = timedelta(days=30)
"""From the shipment, in France (Amazon's help on Pay by Invoice)."""

PROCESSING = timedelta(days=2)
MOST_INVOICES, LONGEST_NUMBER = 25, 255


class PaymentDetails:
    """How each invoice on account stands; every failure is one of its invoice alone, inside a 200."""

    def __init__(self, accounts: Accounts, clock: VirtualClock) -> None:
        self._accounts = accounts
        self._clock = clock

    def batch(self, call: Call) -> Answer:
        """`SUCCESS` or `ERROR` by number. Raises Refused (400) for none, more than 25, or one that is no number."""
        numbers, world = _numbers(call), self._accounts.of(call.account)
        found = [(number, self._invoice(world.documents_numbered(number))) for number in numbers]
        return Answer({"invoicePaymentDetailsResults": [self._result(number, invoice) for number, invoice in found]})

    def _invoice(self, documents: Sequence[Document]) -> Document | None:
        now = self._clock.now()
        on_account = (one for one in documents if one.payment.instrument == ON_ACCOUNT and one.kind is Kind.INVOICE)
        return next((one for one in on_account if one.detailed(now) and one.number_at(now) == one.number), None)

    def _result(self, number: str, invoice: Document | None) -> Json:
        if invoice is None:
            error = {"code": "INVOICE_NOT_FOUND", "message": "No invoice on account has this number.", "details": number}
            return {"invoiceId": number, "resultType": "ERROR", "error": error}
        due = invoice.shipments[-1].shipped_at + DUE
        details = {"status": _status(invoice, due, self._clock.now()), "dueDate": iso(due)}
        return {"invoiceId": number, "resultType": "SUCCESS", "paymentDetails": details}


def _status(invoice: Document, due: datetime, now: datetime) -> str:
    """`Issued`, then `Payment Processing` for two days and `Closed`; some are paid late and `Past Due` in between. By the number."""
    paid_at = due + timedelta(days=Random(invoice.number).randint(-20, 12))
    if now >= paid_at:
        return "Closed"
    if now >= paid_at - PROCESSING:
        return "Payment Processing"
    return "Past Due" if now > due else "Issued"


def _numbers(call: Call) -> list[str]:
    refusal = bad_parameter("The request contains invalid parameters.", "The invoiceIds array must contain at least one invoice ID.")
    given = call.json(refusal).get("invoiceIds")
    numbers = cast(list[object], given) if isinstance(given, list) else []
    if not 1 <= len(numbers) <= MOST_INVOICES or not all(isinstance(one, str) and 1 <= len(one) <= LONGEST_NUMBER for one in numbers):
        raise refusal
    return cast(list[str], numbers)
