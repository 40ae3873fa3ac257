"""The invoices that the credit notes of a page name: as the book has them at first, then as the page goes on."""

from collections.abc import Iterable, Mapping, Sequence

from schemas.invoice_classified.v1 import InvoiceClassified
from services.ledger.domain.originals import ORIGINAL_TYPES, Credit, Original, credit_of, names_original, original_of
from services.ledger.domain.standing import Document, Outcome, Verdict

type NumberKey = tuple[str, str]  # company id, number of an invoice


def numbers_named(documents: Iterable[Document]) -> set[NumberKey]:
    """The numbers that the credit notes among these documents name."""
    return {key for document in documents if (key := _number_named(document)) is not None}


class NamedInvoices:
    """By each number that a credit note of a page names, the booked invoices that bear it."""

    def __init__(self, numbers: Iterable[NumberKey], booked: Mapping[NumberKey, Sequence[Original]]) -> None:
        """`booked` = those the book has; numbers that none bears may be left out."""
        self._named = {number: {one.invoice_id: one for one in booked.get(number, ())} for number in numbers}

    def credit(self, document: Document) -> Credit | None:
        """What a credit note takes from the invoice it names; None for any other document."""
        number = _number_named(document)
        if number is None or not isinstance(document, InvoiceClassified):
            return None
        return credit_of(document, list(self._named[number].values()))

    def note(self, document: Document, verdict: Verdict) -> None:
        """A credit note behind finds the invoice as it stands from now on, under its number of now."""
        of_company = [found for (company, _), found in self._named.items() if company == document.company_id]
        before = [found.pop(document.invoice_id) for found in of_company if document.invoice_id in found]
        entry = verdict.entry.lines if verdict.entry else before[0].entry if before else ()
        found = self._named.get((document.company_id, document.number or ""))
        if found is None or not entry or verdict.outcome is not Outcome.RECORDED or not isinstance(document, InvoiceClassified):
            return
        if document.type in ORIGINAL_TYPES:
            found[document.invoice_id] = original_of(document, entry)


def _number_named(document: Document) -> NumberKey | None:
    if isinstance(document, InvoiceClassified) and names_original(document):
        return document.company_id, document.credited_number or ""
    return None
