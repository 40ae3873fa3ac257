"""The supplier shown, always « Amazon Business », and the legal seller beside it (accounting rule A10.2)."""

import re

from schemas.invoice_collected.v1 import Party
from schemas.values import CompanySettings, Fact, Supplier
from services.classifier.domain.buyer import legal_number

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
    numbers = [number for number in _legal_numbers(seller) if AN_AUXILIARY.fullmatch(number)]
    return numbers[0] if numbers else AUXILIARY


def _legal_numbers(seller: Party) -> list[str]:
    """VAT number first, then SIREN."""
    return [number for fact in (seller.vat_id, seller.siren) if fact and (number := legal_number(fact.value))]
