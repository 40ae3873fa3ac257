"""The supplier shown, always « Amazon Business », and the legal seller beside it (accounting rule A10.2)."""

import hashlib
import re

from schemas.invoice_collected.v1 import Party
from schemas.values import CompanySettings, Fact, Supplier
from services.classifier.domain.buyer import legal_number
from services.classifier.domain.nature.wording import fold

SHOWN = "Amazon Business"
AUXILIARY = "AMAZON"
AN_AUXILIARY = re.compile(r"[A-Z0-9_-]{1,17}")
A_VAT_ID = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,14}")
A_SIREN = re.compile(r"[0-9]{9}")


def supplier_of(seller: Party, settings: CompanySettings) -> Supplier:
    """One supplier for all, or one auxiliary per legal seller when the company chose `legal_seller` and the seller is identified."""
    name = seller.name.value.strip() if seller.name else ""
    return Supplier(
        name=SHOWN,
        auxiliary=_auxiliary(seller) if settings.supplier_mode == "legal_seller" else AUXILIARY,
        legal_name=name or None,
        vat_id=_written(seller.vat_id, A_VAT_ID),
        siren=_written(seller.siren, A_SIREN),
    )


def is_identified(seller: Party) -> bool:
    """Whether the document prints a legal number of its seller."""
    return bool(_legal_numbers(seller))


def _written(printed: Fact[str] | None, form: re.Pattern[str]) -> str | None:
    """The number without what printing puts between its digits; None when it is not of that form."""
    number = re.sub(r"[ .-]", "", printed.value).upper() if printed else ""
    return number if form.fullmatch(number) else None


def _auxiliary(seller: Party) -> str:
    """The first legal number; without one a key of the name, so that two sellers never share an account; AMAZON without either."""
    numbers = [number for number in _legal_numbers(seller) if AN_AUXILIARY.fullmatch(number)]
    name = fold(seller.name.value.strip()) if seller.name else ""
    if numbers or not name:
        return numbers[0] if numbers else AUXILIARY
    letters = re.sub(r"[^A-Z0-9]", "", name.upper())[:8]
    return f"{letters}_{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"


def _legal_numbers(seller: Party) -> list[str]:
    """VAT number first, then SIREN."""
    return [number for fact in (seller.vat_id, seller.siren) if fact and (number := legal_number(fact.value))]
