"""The legal persons of the simulated account: the buying company and the three sellers, all synthetic."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Party:
    """A company as an invoice names it; `siren` is empty for a foreign one, the VAT number None for one without."""

    name: str
    address: tuple[str, ...]
    siren: str
    vat_number: str | None
    registry: str = ""
    country: str = "FR"


def complete_siren(eight_digits: str) -> str:
    """Add the check digit (Luhn) that makes eight digits a SIREN."""
    doubled = sum(sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(reversed(eight_digits)))
    return f"{eight_digits}{-doubled % 10}"


def french_vat_number(siren: str) -> str:
    """The VAT number derived from a SIREN: key = (12 + 3 × (SIREN mod 97)) mod 97."""
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def _company(name: str, address: tuple[str, str], eight_digits: str, registry: str) -> Party:
    siren = complete_siren(eight_digits)
    return Party(name, address, siren, french_vat_number(siren), registry)


AMAZON_BRANCH = _company("Amazon EU S.à r.l., Succursale Française", ("1 allée des Exemples", "92110 Clichy"), "90210047", "RCS Nanterre")
STATIONER = _company(
    "Papeterie des Trois Ormes SARL", ("14 rue des Relieurs", "63000 Clermont-Ferrand"), "90317266", "RCS Clermont-Ferrand"
)
ELECTRONICS = _company("Comptoir Numérique des Abers SAS", ("8 quai du Halage", "29200 Brest"), "90488513", "RCS Brest")
BUYER = _company("Atelier Lumière SAS", ("27 rue des Verriers", "69003 Lyon"), "90655031", "RCS Lyon")

SELLERS = {"branch": AMAZON_BRANCH, "stationer": STATIONER, "electronics": ELECTRONICS}
