"""When a deductible VAT may be deducted: at once, or only on delivery or payment (CGI 269-2, 271 I; accounting rule A10.7)."""

from collections.abc import Callable

from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.domain.holds import DeliveryDateMissing
from services.classifier.domain.identity import Identity
from services.classifier.domain.lines.steps import Placed
from services.classifier.domain.vat.regime import DOMESTIC

ON_PAYMENT = "vat_on_payment"


def waits(collected: InvoiceCollected, identity: Identity) -> Callable[[Placed], str | None]:
    """What the VAT of a line waits for. Raises DeliveryDateMissing for a company that always waits for delivery."""
    of_services = ON_PAYMENT in collected.evidence.mentions
    of_goods = identity.type == "invoice" and _goods_wait(collected, identity)

    def waiting(line: Placed) -> str | None:
        if line.ruling.regime != DOMESTIC:
            return None
        if line.role == "service":
            return "payment" if of_services else None
        return "delivery" if of_goods else None

    return waiting


def _goods_wait(collected: InvoiceCollected, identity: Identity) -> bool:
    delivered = collected.evidence.delivery_date
    if collected.settings.vat_timing == "strict":
        if delivered is None:
            raise DeliveryDateMissing
        return delivered.value > identity.issue_date
    is_paid = bool(collected.stated.charges)
    later = delivered is not None and (delivered.value.year, delivered.value.month) > (identity.issue_date.year, identity.issue_date.month)
    return later and not is_paid
