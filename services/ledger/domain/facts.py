"""What the book keeps of a document beside its entry: the claim check, and what pages and announcements show."""

import json

from schemas.contract import Contract
from schemas.invoice_classified.v1 import ClassifiedLine, VatTable
from schemas.values import Code, Codes, Currency, Day, Decimals, DocumentRef, Id, Orders, Supplier, Text, Totals
from services.ledger.domain.standing import Document


class Facts(Contract):
    """The document as classified, with the decision for each line (PCG 1032-1: origin, content, imputation). Null = it does not say.

    `exchange_rate` = units of the currency for one euro on the issue date (PCG 420-1); absent in euros.
    """

    connection_id: Id
    rulebook_version: Code
    category: Code = "purchases"
    type: Code | None
    number: Text | None
    issue_date: Day | None
    credited_number: Text | None = None
    currency: Currency | None
    exchange_rate: Decimals | None = None
    totals: Totals | None
    supplier: Supplier
    lines: tuple[ClassifiedLine, ...] = ()
    vat: VatTable = ()
    flags: Codes = ()
    orders: Orders
    document: DocumentRef
    test_environment: bool


def facts_json(document: Document) -> str:
    """The facts of a classified or held document, as JSON that `Facts` reads."""
    said = document.model_dump(mode="json", include=set(Facts.model_fields))
    if said.get("exchange_rate") is None:
        said.pop("exchange_rate", None)
    return json.dumps({**said, "test_environment": document.settings.test_environment}, ensure_ascii=False)
