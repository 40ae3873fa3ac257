"""Whether the document is made out to the company. Only identity numbers are compared: a name is spelled in many ways."""

from functools import lru_cache

from schemas.invoice_collected.v1 import Party
from schemas.values import CompanySettings
from services.classifier.domain.holds import OtherBuyer


def check_buyer(buyer: Party, settings: CompanySettings) -> bool:
    """Whether the buyer could be compared with the company and is the company; OtherBuyer when it is another one.

    False when the company's settings ask for no comparison (`buyer_check`) or the document prints no number of the buyer.
    """
    printed = {legal_number(fact.value) for fact in (buyer.vat_id, buyer.siren) if fact} - {""}
    if not settings.buyer_check or not printed:
        return False
    if printed - {settings.siren, legal_number(settings.vat_id or settings.siren)}:
        raise OtherBuyer
    return True


@lru_cache(maxsize=10_000)
def legal_number(text: str) -> str:
    """One spelling per company: a French VAT number (FR, two characters, SIREN) or SIRET becomes its SIREN, another stays itself."""
    compact = "".join(letter for letter in text if letter.isascii() and letter.isalnum()).upper()
    if compact.startswith("FR") and len(compact) == 13 and compact[4:].isdigit():
        return compact[4:]
    return compact[:9] if compact.isdigit() and len(compact) == 14 else compact
