"""Where a country stands for VAT, and the rates of those whose VAT a seller may charge instead of ours."""

from services.classifier.domain.vat.rates import FRENCH_RATES

HERE, EU, OUTSIDE, UNKNOWN = "here", "eu", "outside", "unknown"
FRENCH_PLACES = ("FR", "MC", "GP", "MQ", "RE")  # where French VAT applies, as ISO 3166-1 names it

MEMBER_RATES: dict[str, str] = {  # Directive 2006/112 art. 96 to 105, rates of 2025 and 2026
    "AT": "20 19 13 10", "BE": "21 12 6", "BG": "20 9", "CY": "19 9 5 3", "CZ": "21 12", "DE": "19 7", "DK": "25", "EE": "24 22 13 9",
    "EL": "24 13 6", "ES": "21 10 5 4", "FI": "25.5 14 13.5 10", "HR": "25 13 5", "HU": "27 18 5", "IE": "23 13.5 9 4.8", "IT": "22 10 5 4",
    "LT": "21 12 9 5", "LU": "17 14 8 3", "LV": "21 12 5", "MT": "18 12 7 5", "NL": "21 9", "PL": "23 8 5", "PT": "23 22 16 13 12 9 6 5 4",
    "RO": "21 19 11 9 5", "SE": "25 12 6", "SI": "22 9.5 5", "SK": "23 20 19 10 5",
}  # fmt: skip
OTHER_RATES: dict[str, str] = {"GB": "20 5", "CH": "8.1 3.8 2.6", "NO": "25 15 12"}
CHARGED = {place: frozenset(rates.split()) for place, rates in (MEMBER_RATES | OTHER_RATES | {"FR": " ".join(FRENCH_RATES)}).items()}
VAT_COUNTRIES = {"GR": "EL", "XI": "GB", "UK": "GB", **dict.fromkeys(FRENCH_PLACES, "FR")}
"""Greece and Northern Ireland have VAT prefixes of their own; Monaco and three departments have ours."""


def place_of(country: str | None) -> str:
    """Here, in another member state, outside the Union, or unknown."""
    if country is None:
        return UNKNOWN
    if country in FRENCH_PLACES:
        return HERE
    return EU if _vat_country(country) in MEMBER_RATES else OUTSIDE


def number_place(vat_id: str | None) -> str:
    """Which VAT number it is: ours, of another member state, of elsewhere, or none."""
    prefix = number_country(vat_id)
    if prefix is None:
        return "none"
    return HERE if prefix == "FR" else EU if prefix in MEMBER_RATES else OUTSIDE


def number_country(vat_id: str | None) -> str | None:
    """The country a VAT number begins with; None when it begins with none."""
    prefix = vat_id.strip().upper()[:2] if vat_id else ""
    return _vat_country(prefix) if prefix.isalpha() and len(prefix) == 2 else None


def charges(rate: str, country: str | None) -> bool:
    """Whether that country has such a rate (its shortest spelling); no country has none."""
    return country is not None and rate in CHARGED.get(_vat_country(country), ())


def _vat_country(country: str) -> str:
    return VAT_COUNTRIES.get(country, country)
