"""From a collected document to the answer: classified, or held with one reason. Pure and total: same event, same rulebook, same answer."""

from decimal import Decimal

from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat, InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.values import MOST_LINES, MOST_ROWS, Totals
from services.classifier.domain.agreement import charges_of, compare
from services.classifier.domain.arithmetic import add_up, known_totals
from services.classifier.domain.buyer import check_buyer
from services.classifier.domain.holds import DocumentContradictsOrder, DocumentTooLong, Hold, NotAVatInvoice, OtherBuyer, TotalsMismatch
from services.classifier.domain.identity import Identity, identify, known_currency, known_issue_date, known_number, known_type
from services.classifier.domain.items import items_of
from services.classifier.domain.lifting import Case
from services.classifier.domain.lines.asset import Limit
from services.classifier.domain.lines.deferral import waits
from services.classifier.domain.lines.doubtful_rate import is_rate_doubtful
from services.classifier.domain.lines.laying_out import lay_out
from services.classifier.domain.lines.steps import Terms
from services.classifier.domain.lines.taxing import Taxing, taxed
from services.classifier.domain.nature.order_data import with_order
from services.classifier.domain.nature.rulebook import Rulebook
from services.classifier.domain.supplier import is_identified, supplier_of
from services.classifier.domain.vat.officer import check_right
from services.classifier.domain.vat.regime import FOREIGN, IMPORT, RECEIPT
from services.classifier.domain.vat.ruling import Standpoint, printed_of, rulings
from services.classifier.domain.vat.standing import standing_of
from services.classifier.domain.vat.territories import OUTSIDE

CATEGORY = "purchases"
REGIME_FLAGS = {FOREIGN: "corrected_invoice_to_ask", RECEIPT: "no_vat_invoice", IMPORT: "import_vat_to_come"}
HEAVIEST_LINES = 750_000  # bytes; an event has at most 900,000
LIGHT_LINES = 75  # so few are never too heavy: three texts of 500 characters of at most 6 bytes, and their numbers


def classify(collected: InvoiceCollected, rulebook: Rulebook) -> InvoiceClassified | ClassificationHeld:
    """What the document is, or why a person must look at it first; a hold that a person lifted passes."""
    case = Case(collected)
    while True:
        try:
            return _classified(case, rulebook)
        except Hold as hold:
            lifted = case.after(hold)
            if lifted is None:
                return _held(case.collected, rulebook, hold)
            case = lifted


def _classified(case: Case, rulebook: Rulebook) -> InvoiceClassified:
    """Identity → arithmetic → document against charges → buyer → VAT regime, nature, asset, freight per line → right to deduct."""
    collected, evidence, settings = case.collected, case.collected.evidence, case.settings
    identity = identify(collected, as_receipt=case.passes(NotAVatInvoice))
    charges, accepted = charges_of(collected.stated, identity.type), case.passes(TotalsMismatch)
    totals = add_up(evidence, len(charges), accepted=accepted)
    if not case.passes(DocumentContradictsOrder):
        compare(charges, identity, totals)
    buyer_checked = not case.passes(OtherBuyer) and check_buyer(evidence.buyer, settings)
    terms = _terms(case, identity, totals, rulebook)
    printed = printed_of(evidence, totals)
    items = with_order(items_of(evidence, charges, totals, accepted=accepted), charges, evidence.seller)
    laid = lay_out(items, rulebook, terms)
    lines, vat = taxed(laid.lines, Taxing(printed, settings, waits(collected, identity)))
    lines += case.difference(totals, lines, vat)
    _refuse_too_many(lines, vat)
    check_right(evidence, totals, vat)
    doubts = {
        "buyer_not_checked": not buyer_checked,
        "seller_unidentified": not is_identified(evidence.seller) and standing_of(evidence.seller).seat != OUTSIDE,
        "test_environment": settings.test_environment,
        "rate_doubtful": is_rate_doubtful(lines, vat, rulebook),
        "vat_on_payment": "vat_on_payment" in evidence.mentions,
        "credited_unknown": identity.type == "credit_note" and evidence.credited_number is None,
    }
    flags = {*laid.flags, *case.flags, *(REGIME_FLAGS[row.regime] for row in vat if row.regime in REGIME_FLAGS)}
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
        supplier=rulebook.company.merged(supplier_of(evidence.seller, settings)),
        lines=lines,
        vat=case.rearticled(vat),
        flags=tuple(sorted(flags | {flag for flag, raised in doubts.items() if raised})),
        orders=collected.stated.orders,
        document=collected.document,
        settings=collected.settings,
        delivery_date=evidence.delivery_date.value if evidence.delivery_date else None,
        exchange_rate=identity.exchange_rate,
        lifted=tuple(sorted({lift.reason for lift in case.of_booking})),
    )


def _terms(case: Case, identity: Identity, totals: Totals, rulebook: Rulebook) -> Terms:
    collected, settings, paper = case.collected, case.settings, RECEIPT if identity.is_receipt else "invoice"
    in_currency = Decimal(identity.exchange_rate or 1)
    return Terms(
        settings=settings,
        answers=collected.answers,
        limit=Limit(settings.asset_limit_cents * in_currency, settings.asset_limit_basis),
        gift_limit_cents=rulebook.gift_limit_cents(identity.issue_date),
        is_credit_note=identity.type == "credit_note",
        ruling=rulings(collected.evidence, totals, Standpoint(paper, settings, case.regimes)),
    )


def _refuse_too_many(lines: tuple[ClassifiedLine, ...], vat: tuple[ClassifiedVat, ...]) -> None:
    """Hold what no event can carry."""
    is_heavy = len(lines) > LIGHT_LINES and sum(map(_weight, lines)) > HEAVIEST_LINES
    if len(lines) > MOST_LINES or len(vat) > MOST_ROWS or is_heavy:
        raise DocumentTooLong


def _weight(line: ClassifiedLine) -> int:
    return len(line.model_dump_json().encode())


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
        supplier=rulebook.company.merged(supplier_of(collected.evidence.seller, collected.settings)),
        orders=collected.stated.orders,
        document=collected.document,
        settings=collected.settings,
        article=hold.article,
    )
