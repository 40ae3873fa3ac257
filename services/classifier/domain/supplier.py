"""The supplier shown, always « Amazon Business », and the legal seller beside it (accounting rule A10.2)."""

import hashlib
import re
from functools import lru_cache

from schemas.invoice_collected.v1 import Party
from schemas.values import CompanySettings, Fact, Supplier
from services.classifier.domain.buyer import legal_number
from services.classifier.domain.nature.wording import fold

SELLERS = 10_000  # remembered at most: few make most documents
SHOWN = "Amazon Business"
AUXILIARY = "AMAZON"
AN_AUXILIARY = re.compile(r"[A-Z0-9_-]{1,17}")
A_VAT_ID = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,14}")
A_SIREN = re.compile(r"[0-9]{9}")


def supplier_of(seller: Party, settings: CompanySettings) -> Supplier:
    """One supplier for all, or one auxiliary per legal seller when the company chose `legal_seller` and the seller is identified."""
    name = seller.name.value.strip() if seller.name else ""
    return _supplier(name, _text(seller.vat_id), _text(seller.siren), settings.supplier_mode == "legal_seller")


def is_identified(seller: Party) -> bool:
    """Whether the document prints a legal number of its seller."""
    return bool(_legal_numbers(_text(seller.vat_id), _text(seller.siren)))


@lru_cache(SELLERS)
def _supplier(name: str, vat_id: str, siren: str, is_legal_seller: bool) -> Supplier:
    return Supplier(
        name=SHOWN,
        auxiliary=_auxiliary(name, vat_id, siren) if is_legal_seller else AUXILIARY,
        legal_name=name or None,
        vat_id=_written(vat_id, A_VAT_ID),
        siren=_written(siren, A_SIREN),
    )


def _text(printed: Fact[str] | None) -> str:
    return printed.value if printed else ""


def _written(printed: str, form: re.Pattern[str]) -> str | None:
    """The number without what printing puts between its digits; None when it is not of that form."""
    number = re.sub(r"[ .-]", "", printed).upper()
    return number if form.fullmatch(number) else None


def _auxiliary(name: str, vat_id: str, siren: str) -> str:
    """The first legal number; without one a key of the name, so that two sellers never share an account; AMAZON without either."""
    numbers = [number for number in _legal_numbers(vat_id, siren) if AN_AUXILIARY.fullmatch(number)]
    folded = fold(name)
    if numbers or not folded:
        return numbers[0] if numbers else AUXILIARY
    letters = re.sub(r"[^A-Z0-9]", "", folded.upper())[:8]
    return f"{letters}_{hashlib.sha256(folded.encode()).hexdigest()[:8].upper()}"


def _legal_numbers(vat_id: str, siren: str) -> list[str]:
    """VAT number first, then SIREN."""
    return [number for text in (vat_id, siren) if (number := legal_number(text))]
