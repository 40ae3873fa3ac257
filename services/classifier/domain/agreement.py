"""The document against what Amazon charged or refunded for it. Where the API gives no amount, nothing is said."""

from schemas.invoice_collected.v1 import Charge, Stated
from schemas.values import Totals
from services.classifier.domain.arithmetic import tolerance
from services.classifier.domain.holds import DocumentContradictsOrder
from services.classifier.domain.identity import Identity

KINDS = {"invoice": ("charge",), "receipt": ("charge",), "credit_note": ("refund", "overrefund")}


def charges_of(stated: Stated, document_type: str) -> tuple[Charge, ...]:
    """The charges that belong to a document of this type: debits to an invoice, refunds to a credit note."""
    return tuple(charge for charge in stated.charges if charge.kind in KINDS.get(document_type, ()))


def compare(charges: tuple[Charge, ...], identity: Identity, totals: Totals) -> None:
    """Hold the document when the charges, all known and in its currency, add up to another gross than it prints."""
    amounts = [charge.total_cents for charge in charges if charge.currency in (None, identity.currency)]
    known = [amount for amount in amounts if amount is not None]
    if not known or len(known) < len(charges):
        return
    if abs(sum(known) - totals.gross_cents) > tolerance(len(known)):
        raise DocumentContradictsOrder
