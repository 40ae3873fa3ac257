"""A seller as VAT law sees it: where it is established, whose VAT number it has. Few sellers make most documents: each is weighed once."""

from functools import lru_cache
from typing import NamedTuple

from schemas.invoice_collected.v1 import Party
from schemas.values import Fact
from services.classifier.domain.vat.territories import EU, HERE, OUTSIDE, UNKNOWN, number_country, number_place, place_of

SELLERS = 10_000  # remembered at most


class Standing(NamedTuple):
    """Where a seller stands."""

    seat: str  # here, eu, outside, unknown: its seat or branch
    number: str  # here, eu, outside, none: its VAT number
    country: str | None  # whose VAT it might charge: that of its number, else of its seat
    is_here: bool  # by its number or its seat


def standing_of(seller: Party) -> Standing:
    """What the document prints of its seller, weighed; a foreign number stands for a seat that is not printed (A10.3)."""
    return _standing(_printed(seller.name), _printed(seller.country), _printed(seller.vat_id))


@lru_cache(SELLERS)
def _standing(name: str | None, country: str | None, vat_id: str | None) -> Standing:
    number, numbered = number_place(vat_id), number_country(vat_id)
    seat = _seat(name, country, number)
    return Standing(seat, number, numbered or country, numbered == "FR" or seat == HERE)


def _seat(name: str | None, country: str | None, number: str) -> str:
    """A branch is a seat; a French number proves none (A10.3)."""
    if name is not None and "succursale" in name.casefold():
        return HERE
    if country is None:
        return number if number in (EU, OUTSIDE) else UNKNOWN
    return place_of(country)


def _printed(fact: Fact[str] | None) -> str | None:
    return fact.value if fact else None
