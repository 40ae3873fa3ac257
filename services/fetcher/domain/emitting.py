"""What is said of a final document, whether it may be said, and as which revision."""

from dataclasses import dataclass, replace
from datetime import date

from schemas.invoice_collected.v1 import InvoiceCollected, Stated
from schemas.values import CompanySettings
from services.fetcher.domain.identity import facts_hash, issuer_of, mint_invoice_id
from services.fetcher.domain.matching import Numbered
from services.fetcher.domain.records import Invoice, Kind, Run
from services.fetcher.domain.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Named:
    """A document under the keys by which Amazon names its invoice, and the id of the invoice should it be a new one."""

    number: str
    kind: Kind
    sha256: str
    orders: tuple[str, ...]
    minted: str


def minted_id(run: Run, found: Numbered, stated: Stated) -> str:
    """The id of this document's invoice, should it be a new one."""
    return mint_invoice_id(run.company_id, issuer_of(found.paper.evidence, stated.charges), found.number, found.kind)


def collected_of(run: Run, found: Numbered, stated: Stated, invoice: Invoice, settings: CompanySettings) -> InvoiceCollected:
    """The event about a document, as the revision after the invoice's last."""
    return InvoiceCollected(
        company_id=run.company_id,
        connection_id=run.connection_id,
        invoice_id=invoice.invoice_id,
        revision=invoice.revision + 1,
        channel="amazon_business",
        settings=settings,
        document=found.paper.document,
        stated=stated,
        evidence=found.paper.evidence,
    )


def fitting(collected: InvoiceCollected, most_bytes: int) -> InvoiceCollected:
    """The event within `most_bytes`: of a document of thousands of lines Amazon's charges are left out, then its own lines too."""
    silent = collected.model_copy(update={"stated": collected.stated.model_copy(update={"charges": ()})})
    bare = silent.model_copy(update={"evidence": silent.evidence.model_copy(update={"lines": ()})})
    return next((one for one in (collected, silent) if len(one.model_dump_json().encode()) <= most_bytes), bare)


def facts_of(found: Numbered, collected: InvoiceCollected) -> str:
    """The hash of the event's facts."""
    day = issued_on(collected)
    return facts_hash(found.number, found.kind, day.isoformat() if day else None, collected.document.sha256, collected.stated.charges)


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
