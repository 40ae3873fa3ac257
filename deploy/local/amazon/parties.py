"""The legal persons of the simulated account: the buying company and those who sell to it, all synthetic, check digits valid."""

from dataclasses import dataclass, replace


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
OVERSEAS_BUYER = replace(BUYER, address=("5 rue des Filaos", "97400 Saint-Denis (La Réunion)"))

SELLERS = {"branch": AMAZON_BRANCH, "stationer": STATIONER, "electronics": ELECTRONICS}
"""The sellers of a quiet account."""

BOOKSELLER = _company("Librairie du Beffroi SAS", ("3 place du Théâtre", "59800 Lille"), "90731184", "RCS Lille Métropole")
GROCER = _company("Torréfaction de la Garonne SARL", ("41 quai de Bacalan", "33300 Bordeaux"), "90824672", "RCS Bordeaux")
CRAFTSMAN = replace(
    _company("Ateliers Bois-Clair (M. Perrin)", ("9 chemin des Scieurs", "39200 Saint-Claude"), "90917705", "RM Jura"), vat_number=None
)
"""A small business outside VAT (CGI 293 B): a SIREN, no VAT number."""

GERMAN = Party(
    "Holzmann & Kray Bürotechnik GmbH", ("Musterallee 18", "04109 Leipzig", "Deutschland"), "", "DE813470268", "HRB 21047 Leipzig", "DE"
)
BAVARIAN = Party(
    "Sanit-Werk Altmühl GmbH & Co. KG", ("Beispielweg 7", "91710 Gunzenhausen", "Deutschland"), "", "DE296055183", "HRA 5512 Ansbach", "DE"
)
SPANISH = Party(
    "Suministros Puerta Azul S.L.",
    ("Calle del Ejemplo 24", "46003 Valencia", "España"),
    "",
    "ESB67184028",
    "RM Valencia V-148822",
    "ES",
)
ITALIAN = Party(
    "Arredo Quattro Venti S.r.l.", ("Via delle Prove 11", "40121 Bologna", "Italia"), "", "IT04738120965", "REA BO-512204", "IT"
)
LUXEMBOURGISH = Party(
    "Lux-Componenta S.à r.l.", ("2, rue de la Démonstration", "L-1855 Luxembourg"), "", "LU30271425", "RCS Luxembourg B 241907", "LU"
)
IRISH = Party("Liffey Sample Components Ltd", ("6 Example Quay", "Dublin 2, D02 X285", "Ireland"), "", "IE3417205VH", "CRO 641772", "IE")
BRITISH = Party("Hartwell & Dunmore Trading Ltd", ("8 Placeholder Road", "Leeds LS1 4AX", "United Kingdom"), "", None, "No 11482097", "GB")
CHINESE = Party(
    "Shenzhen Lianqiao Electronic Technology Co., Ltd",
    ("Room 1207, Building B, Sample Industrial Park", "Longhua District, Shenzhen 518109", "China"),
    "",
    None,
    "",
    "CN",
)

MARKETPLACE = {
    **SELLERS,
    "bookseller": BOOKSELLER,
    "grocer": GROCER,
    "craftsman": CRAFTSMAN,
    "german": GERMAN,
    "bavarian": BAVARIAN,
    "spanish": SPANISH,
    "italian": ITALIAN,
    "luxembourgish": LUXEMBOURGISH,
    "irish": IRISH,
    "british": BRITISH,
    "chinese": CHINESE,
}
"""Every seller, by the name the catalogue knows it by."""
