"""A document said again with what a person decided about its hold, and how long that decision holds."""

from schemas.hold_lifted.v1 import HoldLifted
from schemas.invoice_collected.v1 import InvoiceCollected, Lift
from schemas.values import MOST_LIFTS, CompanySettings
from services.fetcher.domain.identity import facts_hash

LIFTED = "lifted"  # the kind of run in which it is said again
BOOKING = "booking"


def said_again(said: InvoiceCollected, decision: HoldLifted, settings: CompanySettings) -> InvoiceCollected:
    """The document as its next revision, under the settings of now, with the decision behind earlier ones; of very many the latest stay."""
    lifted = (*said.lifted, Lift.of(decision))[-MOST_LIFTS:]
    return said.model_copy(update={"revision": said.revision + 1, "settings": settings, "lifted": lifted})


def still_lifted(before: InvoiceCollected | None, now: InvoiceCollected) -> InvoiceCollected:
    """`now` with the decisions about `before` when both say the same; about a hold of the booking, when it is the same PDF as well."""
    if before is None or _says(before) != _says(now):
        return now
    is_same_pdf = before.document.sha256 == now.document.sha256
    return now.model_copy(update={"lifted": tuple(lift for lift in before.lifted if is_same_pdf or lift.stage != BOOKING)})


def _says(collected: InvoiceCollected) -> tuple[object, ...]:
    """What the document and Amazon say, but for the words of charges."""
    stated = collected.stated
    return collected.evidence, stated.number, stated.type, stated.issue_date, facts_hash("", "", None, "", stated.charges)
