"""Why a document is what it is, as a person reads it: each step, the rule that decided, and what others would have said."""

from collections.abc import Iterator
from decimal import Decimal

from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_classified.v1 import ClassifiedLine, InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.domain.classification import classify
from services.classifier.domain.items import Item
from services.classifier.domain.nature.decision import candidates
from services.classifier.domain.nature.order_data import with_order
from services.classifier.domain.nature.rulebook import Rulebook

TYPES = {"invoice": "facture", "credit_note": "avoir"}


def explain(collected: InvoiceCollected, rulebook: Rulebook) -> Iterator[str]:
    """The decision tree of a document under a rulebook, line by line, in French."""
    answer = classify(collected, rulebook)
    yield f"{collected.invoice_id}, révision {collected.revision}, société {collected.company_id}, règles {rulebook.version}"
    yield f"├ identité : {TYPES.get(answer.type or '', 'type inconnu')} n° {answer.number or 'inconnu'} du {answer.issue_date or 'inconnu'}"
    if answer.totals is not None:
        totals = answer.totals
        yield f"├ totaux : {euros(totals.net_cents)} HT + {euros(totals.vat_cents)} TVA = {euros(totals.gross_cents)} TTC"
    supplier = answer.supplier
    seller = " ".join(filter(None, (supplier.legal_name or "inconnu", supplier.vat_id)))
    yield f"├ fournisseur : {supplier.name} ({supplier.auxiliary}), vendeur {seller}"
    for lift in collected.lifted:
        yield f"├ décision de {lift.by} le {lift.decided_at[:10]} : {lift.reason}{f', {lift.because}' if lift.because else ''}"
    yield from _held(answer) if isinstance(answer, ClassificationHeld) else _classified(answer, collected, rulebook)


def _held(answer: ClassificationHeld) -> Iterator[str]:
    article = f", {answer.article}" if answer.article else ""
    yield f"└ retenu ({answer.reason}{article}) : {answer.sentence} → {answer.next_action}"


def _classified(answer: InvoiceClassified, collected: InvoiceCollected, rulebook: Rulebook) -> Iterator[str]:
    for row in answer.vat:
        amounts = f"base {euros(row.base_cents)}, taxe {euros(row.vat_cents)}, déduite {euros(row.deductible_cents or 0)}"
        yield f"├ TVA {row.rate} % : régime {row.regime} ({row.article}), {amounts}"
    for number, line in enumerate(answer.lines, start=1):
        yield f"├ ligne {number} « {line.label} », {euros(line.net_cents)} HT → {line.nature}, compte {line.account}"
        yield f"│  ✓ {line.rule} : {line.because}"
        for other in candidates(item_of(line, collected), rulebook):
            if other.rule != line.rule:
                yield f"│  · {other.tier}, {other.rule} : {other.because} → {other.nature}"
    yield f"└ signalements : {', '.join(answer.flags) or 'aucun'}"


def item_of(line: ClassifiedLine, collected: InvoiceCollected) -> Item:
    """The line as the rules saw it: with the quantity, the code and the order that its title has."""
    charges, evidence = collected.stated.charges, collected.evidence
    quantity = next((one.quantity for one in evidence.lines if one.label.strip() == line.label and one.quantity), "1")
    item = Item(line.label, line.net_cents, line.vat_rate or "0", Decimal(quantity) or Decimal(1), position=1)
    return with_order((item,), charges, evidence.seller)[0]


def euros(cents: int) -> str:
    """`123456` → `1 234,56 €`, with no-break spaces."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,},{part:02d} €".replace(",", "\N{NARROW NO-BREAK SPACE}", max(0, (len(str(whole)) - 1) // 3))
