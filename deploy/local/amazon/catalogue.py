"""What the simulated sellers sell, read from `catalogue.yaml`."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NotRequired, TypedDict, cast

import yaml


class _Row(TypedDict):
    title: str
    unspsc: str
    net_cents: int
    rate: str
    sold_by: list[str]
    most: int
    weight: NotRequired[int]
    de: NotRequired[str]
    en: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Product:
    """An article: price net of VAT in cents, VAT rate in percent, UNSPSC code of eight digits; French where it has no other title."""

    title: str
    unspsc: str
    net_cents: int
    rate: Decimal
    sold_by: tuple[str, ...]
    most: int
    weight: int
    german: str
    english: str

    @property
    def asin(self) -> str:
        """A made-up product number, always the same for the same title."""
        return f"B0{hashlib.sha256(self.title.encode()).hexdigest()[:8].upper()}"


def _product(row: _Row) -> Product:
    rate, sellers = Decimal(row["rate"]), tuple(row["sold_by"])
    title = row["title"]
    return Product(
        title=title,
        unspsc=row["unspsc"],
        net_cents=row["net_cents"],
        rate=rate,
        sold_by=sellers,
        most=row["most"],
        weight=row.get("weight", 10),
        german=row.get("de", title),
        english=row.get("en", title),
    )


@cache
def catalogue() -> tuple[Product, ...]:
    """Every product, in the order of the file."""
    rows = cast(list[_Row], yaml.safe_load((Path(__file__).parent / "catalogue.yaml").read_text(encoding="utf-8")))
    return tuple(_product(row) for row in rows)


@cache
def sold_by(seller: str) -> tuple[Product, ...]:
    """The products of one seller, named as in the catalogue."""
    return tuple(product for product in catalogue() if seller in product.sold_by)
