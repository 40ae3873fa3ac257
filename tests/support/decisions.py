"""What people decide about holds, to test with."""

from datetime import date
from typing import Any

from schemas.hold_lifted.v1 import Given
from schemas.invoice_collected.v1 import InvoiceCollected, Lift
from services.classifier.domain.liftable import CLASSIFICATION

BY, AT = "Mme Lefèvre", "2026-03-12T08:15:02.000000Z"
GIVEN: dict[str, Any] = {
    "type": "invoice",
    "number": "FR-9",
    "issue_date": date(2026, 3, 10),
    "currency": "EUR",
    "exchange_rate": "1.25",
    "net_cents": 100_00,
    "vat_cents": 20_00,
    "gross_cents": 120_00,
    "vat_rate": "20",
    "delivery_date": date(2026, 3, 10),
}
"""What a person reads on the PDF of 100,00 € of paper at 20 %."""


def decision(reason: str, account: str | None = None, because: str | None = "vu", stage: str = CLASSIFICATION, **given: Any) -> Lift:
    """A decision about a hold of the first revision."""
    return Lift(
        decision_id=f"dec-{reason}",
        revision=1,
        stage=stage,
        reason=reason,
        given=Given(**given) if given else None,
        account=account,
        because=because,
        by=BY,
        decided_at=AT,
    )


def decided(document: InvoiceCollected, *lifts: Lift) -> InvoiceCollected:
    """The document as it is said again."""
    return document.model_copy(update={"revision": 1 + len(lifts), "lifted": lifts})
