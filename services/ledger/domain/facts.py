"""What the book keeps of a document beside its entry: the claim check, and what pages and announcements show."""

from schemas.contract import Contract
from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat
from schemas.values import Code, Currency, Day, DocumentRef, Id, Supplier, Text, Totals
from services.ledger.domain.standing import Document


class Facts(Contract):
    """The document as classified, with the decision for each line (PCG 1032-1: origin, content, imputation). Null = it does not say."""

    connection_id: Id
    rulebook_version: Code
    category: Code = "purchases"
    type: Code | None
    number: Text | None
    issue_date: Day | None
    credited_number: str | None = None
    currency: Currency | None
    totals: Totals | None
    supplier: Supplier
    lines: tuple[ClassifiedLine, ...] = ()
    vat: tuple[ClassifiedVat, ...] = ()
    flags: tuple[Code, ...] = ()
    orders: tuple[Id, ...]
    document: DocumentRef


def facts_json(document: Document) -> str:
    """The facts of a classified or held document, as JSON that `Facts` reads."""
    return document.model_dump_json(include=set(Facts.model_fields))
