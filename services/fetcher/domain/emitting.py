"""What is said of a final document, whether it may be said, and as which revision."""

from dataclasses import replace
from datetime import date

from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.values import CompanySettings
from services.fetcher.domain.identity import facts_hash, issuer_of, mint_invoice_id
from services.fetcher.domain.matching import Numbered
from services.fetcher.domain.records import Invoice, Run, Statements, Waiting
from services.fetcher.domain.stating import stated_of


def draft(
    run: Run, found: Numbered, statements: Statements, settings: CompanySettings, known: Invoice | None
) -> tuple[InvoiceCollected, str]:
    """The event about a document, as the revision after the `known` one, and the hash of its facts. A new invoice gets its id here."""
    stated = stated_of(found.number, found.kind, statements)
    evidence, document = found.paper.evidence, found.paper.document
    minted = mint_invoice_id(run.company_id, issuer_of(evidence, stated.charges), found.number, found.kind)
    collected = InvoiceCollected(
        company_id=run.company_id,
        connection_id=run.connection_id,
        invoice_id=known.invoice_id if known else minted,
        revision=known.revision + 1 if known else 1,
        channel="amazon_business",
        settings=settings,
        document=document,
        stated=stated,
        evidence=evidence,
    )
    day = issued_on(collected)
    return collected, facts_hash(found.number, found.kind, day.isoformat() if day else None, document.sha256, stated.charges)


def issued_on(collected: InvoiceCollected) -> date | None:
    """The day on the document, else the day the API states."""
    fact = collected.evidence.issue_date or collected.stated.issue_date
    return fact.value if fact else None


def held_back(settings: CompanySettings, collected: InvoiceCollected) -> Waiting | None:
    """Why a final document is not said: the import is off, or it was issued before the import starts."""
    if not settings.automatic_import:
        return Waiting.IMPORT_DISABLED
    day = issued_on(collected)
    return Waiting.BEFORE_IMPORT_START if day is not None and day < settings.import_start else None


def next_revision(invoice: Invoice, facts: str) -> Invoice:
    """The invoice once these facts are said."""
    return replace(invoice, revision=invoice.revision + 1, facts_hash=facts, said=invoice.said + 1)
