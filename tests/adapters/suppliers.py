"""Two sellers, what they sell, and the decision that they are one."""

from typing import Any

from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.supplier_merged.v1 import SupplierMerged
from schemas.values import Supplier
from tests.unit.ledger.documents import COMPANY, SETTINGS, invoice, pdf

PORT = Supplier(name="Amazon Business", auxiliary="PORT", legal_name="Papeterie du Port", vat_id=None, siren="906550314")
CANAL = Supplier(name="Amazon Business", auxiliary="CANAL", legal_name="Papeterie du Canal", vat_id="FR88902100478", siren=None)
BY_SELLER = SETTINGS.model_copy(update={"supplier_mode": "legal_seller"})


def bought(n: int, supplier: Supplier, **changes: Any) -> InvoiceClassified:
    """The n-th invoice, of that seller."""
    said: dict[str, Any] = {"invoice_id": f"I-{n}", "number": f"FR-{n}", "document": pdf(f"I-{n}"), "settings": BY_SELLER}
    return invoice(supplier=supplier, **{**said, **changes})


def merger(goes: str, stays: str, decision: str = "D-1", **changes: Any) -> SupplierMerged:
    """A person says that the first supplier is the second."""
    said: dict[str, Any] = {
        "company_id": COMPANY,
        "legal_name": None,
        "vat_id": None,
        "siren": None,
        "by": "Mme Roux",
        "decided_at": "2026-03-12T08:15:02Z",
    }
    return SupplierMerged(decision_id=decision, auxiliary=goes, into=stays, **{**said, **changes})
