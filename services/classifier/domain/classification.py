"""From a collected document to the answer: classified, or held with one reason. Pure and total: same event, same rulebook, same answer."""

from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_classified.v1 import ClassifiedLine, InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.values import MOST_LINES
from services.classifier.domain.agreement import charges_of, compare
from services.classifier.domain.arithmetic import add_up, known_totals
from services.classifier.domain.buyer import check_buyer
from services.classifier.domain.holds import DocumentTooLong, Hold
from services.classifier.domain.identity import identify, known_currency, known_issue_date, known_number, known_type
from services.classifier.domain.items import items_of
from services.classifier.domain.lines import classify_lines, flags_of
from services.classifier.domain.nature import is_contradicted
from services.classifier.domain.regime import domestic_vat, refuse_announced
from services.classifier.domain.rulebook import Rulebook
from services.classifier.domain.supplier import is_identified, supplier_of

CATEGORY = "purchases"
HEAVIEST_LINES = 750_000  # bytes; an event has at most 900,000


def classify(collected: InvoiceCollected, rulebook: Rulebook) -> InvoiceClassified | ClassificationHeld:
    """What the document is, or why a person must look at it first."""
    try:
        return _classified(collected, rulebook)
    except Hold as hold:
        return _held(collected, rulebook, hold)


def _classified(collected: InvoiceCollected, rulebook: Rulebook) -> InvoiceClassified:
    """Identity → what it announces → arithmetic → document against charges → VAT → buyer → nature per line."""
    evidence, settings = collected.evidence, collected.settings
    identity = identify(collected)
    refuse_announced(evidence)
    charges = charges_of(collected.stated, identity.type)
    totals = add_up(evidence, len(charges))
    compare(charges, identity, totals)
    vat = domestic_vat(evidence, totals)
    buyer_checked = check_buyer(evidence.buyer, settings)
    items = items_of(evidence, charges, totals, vat)
    lines = classify_lines(items, rulebook)
    _refuse_too_many(lines)
    doubts = {
        "buyer_not_checked": not buyer_checked,
        "seller_unidentified": not is_identified(evidence.seller),
        "test_environment": settings.test_environment,
        "nature_doubtful": any(is_contradicted(item, rulebook) for item in items),
        "vat_on_payment": "vat_on_payment" in evidence.mentions,
    }
    return InvoiceClassified(
        company_id=collected.company_id,
        connection_id=collected.connection_id,
        invoice_id=collected.invoice_id,
        revision=collected.revision,
        rulebook_version=rulebook.version,
        category=CATEGORY,
        type=identity.type,
        number=identity.number,
        issue_date=identity.issue_date,
        credited_number=evidence.credited_number.value if evidence.credited_number else None,
        currency=identity.currency,
        totals=totals,
        supplier=supplier_of(evidence.seller, settings),
        lines=lines,
        vat=vat,
        flags=tuple(sorted(flags_of(lines) | {flag for flag, raised in doubts.items() if raised})),
        orders=collected.stated.orders,
        document=collected.document,
        settings=settings,
    )


def _refuse_too_many(lines: tuple[ClassifiedLine, ...]) -> None:
    """Hold what no event can carry."""
    if len(lines) > MOST_LINES or sum(len(line.model_dump_json().encode()) for line in lines) > HEAVIEST_LINES:
        raise DocumentTooLong


def _held(collected: InvoiceCollected, rulebook: Rulebook, hold: Hold) -> ClassificationHeld:
    """The reason, with everything that is known of the document all the same."""
    return ClassificationHeld(
        company_id=collected.company_id,
        connection_id=collected.connection_id,
        invoice_id=collected.invoice_id,
        revision=collected.revision,
        rulebook_version=rulebook.version,
        reason=hold.code(),
        sentence=hold.sentence(),
        next_action=hold.next_action,
        type=known_type(collected),
        number=known_number(collected),
        issue_date=known_issue_date(collected),
        currency=known_currency(collected),
        totals=known_totals(collected.evidence),
        supplier=supplier_of(collected.evidence.seller, collected.settings),
        orders=collected.stated.orders,
        document=collected.document,
        settings=collected.settings,
    )
