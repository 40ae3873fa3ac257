"""What every layout does in its own words: head, parties, lines, VAT table, totals, legal mentions."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from fpdf import FPDF

from deploy.local.amazon.amounts import plain
from deploy.local.amazon.papers import Item, Kind, Language, Paper
from deploy.local.amazon.parties import Party
from deploy.local.amazon.rendering.pages import LEFT, MIDDLE, RIGHT, first_page
from deploy.local.amazon.rendering.wording import DATES, EUROS, PERCENTS

LATE = (
    "Pas d'escompte pour paiement anticipé.",
    "En cas de retard de paiement : pénalités au taux légal et indemnité forfaitaire de 40 € pour frais de recouvrement.",
)  # C. com. L441-9, D441-5


@dataclass(frozen=True, slots=True)
class Words:
    """The labels of a layout; each kind has a title, the label of its number and that of its date."""

    invoice: tuple[str, str, str]
    credit_note: tuple[str, str, str]
    credited: str  # with {number} and {day}
    order: str
    ordered_on: str
    sold_by: str
    billed_to: str
    vat_number: str
    columns: tuple[str, str, str, str, str]
    extras: tuple[str, str, str]
    taxes: tuple[str, str, str]
    totals: tuple[str, str, str]


FRENCH = Words(
    invoice=("FACTURE", "Numéro de la facture", "Date de la facture"),
    credit_note=("AVOIR", "Numéro de l'avoir", "Date de l'avoir"),
    credited="Avoir sur facture N° {number} du {day}",
    order="Numéro de commande",
    ordered_on="Date de la commande",
    sold_by="Vendu par",
    billed_to="Facturé à",
    vat_number="N° TVA",
    columns=("Description", "Qté", "Prix unitaire HT", "Taux TVA", "Montant HT"),
    extras=("Frais de livraison", "Emballage cadeau", "Remise"),
    taxes=("Taux TVA", "Base HT", "TVA"),
    totals=("Total HT", "Total TVA", "Total TTC"),
)


class Sheet:
    """A layout; the ones of Amazon and the sellers differ in words, places, dates and the sign of credits."""

    vocabulary: ClassVar[Mapping[Language, Words]] = {Language.FRENCH: FRENCH}
    credit_sign: ClassVar[int] = -1
    columns: ClassVar[tuple[float, ...]] = (112.0, 140.0, 160.0, RIGHT)

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.words = self.vocabulary[paper.language]
        self.page = first_page(paper, self.running())

    def draw(self) -> FPDF:
        """The whole document."""
        self.head()
        self.parties()
        self.lines()
        self.vat_table()
        self.totals()
        self.page.foot(*self.foot())
        return self.page.pdf

    @property
    def labels(self) -> tuple[str, str, str]:
        """Title, label of the number, label of the date."""
        return self.words.invoice if self.paper.kind is Kind.INVOICE else self.words.credit_note

    def running(self) -> str:
        """What heads every page after the first."""
        title, numbered, _ = self.labels
        return f"{title.capitalize()} - {numbered} : {self.paper.number}"

    def day(self, day: date) -> str:
        """How this layout writes dates."""
        return DATES[self.paper.language](day)

    def euros(self, cents: int) -> str:
        """How this layout writes amounts."""
        return EUROS[self.paper.language](cents)

    def amount(self, cents: int) -> str:
        """An amount with the sign this layout gives to credits."""
        return self.euros(cents if self.paper.kind is Kind.INVOICE else self.credit_sign * cents)

    def percent(self, item: Item) -> str:
        """The VAT rate of a line."""
        return PERCENTS[self.paper.language](plain(self.paper.rate_of(item)))

    def title(self, item: Item) -> str:
        """The article in the language of the document."""
        product = item.product
        return {Language.FRENCH: product.title, Language.GERMAN: product.german, Language.ENGLISH: product.english}[self.paper.language]

    def facts(self) -> list[tuple[str, str]]:
        """What stands at the head besides the title."""
        _, numbered, dated = self.labels
        return [
            (numbered, self.paper.number),
            (dated, self.day(self.paper.issued_on)),
            (self.words.order, self.paper.order.order_id),
            (self.words.ordered_on, self.day(self.paper.order.ordered_at.date())),
        ]

    def credited(self) -> str | None:
        """The row that names the credited document."""
        paper = self.paper.credits
        return paper and self.words.credited.format(number=paper.number, day=self.day(paper.issued_on))

    def head(self) -> None:
        """Title, number, dates, order, and the credited document."""
        page = self.page
        page.text(LEFT, self.labels[0], 18, bold=True)
        page.down(2)
        for label, value in self.facts():
            page.text(LEFT, f"{label} : {value}" if self.paper.language is Language.FRENCH else f"{label}: {value}")
            page.down()
        if credited := self.credited():
            page.text(LEFT, credited, bold=True)
            page.down()
        page.down()

    def parties(self) -> None:
        """Seller, then buyer, one below the other."""
        self.seller(LEFT)
        self.page.down()
        self.buyer(LEFT)
        self.page.down()

    def seller(self, x: float) -> None:
        """Who sells."""
        self.rows(x, self.words.sold_by, self.identity(self.paper.seller))

    def buyer(self, x: float) -> None:
        """Who buys."""
        buyer = self.paper.buyer
        self.rows(x, self.words.billed_to, self.identity(buyer, vat_number=self.paper.names_buyers_vat_number))

    def identity(self, party: Party, vat_number: bool = True) -> Iterator[str]:
        """Name, address, registration and VAT number."""
        yield from (party.name, *party.address)
        if party.siren:
            yield f"SIREN {party.siren[:3]} {party.siren[3:6]} {party.siren[6:]} - {party.registry}"
        elif party.registry:
            yield party.registry
        if party.vat_number and vat_number:
            separator = " : " if self.paper.language is Language.FRENCH else ": "
            yield f"{self.words.vat_number}{separator}{party.vat_number}"

    def rows(self, x: float, label: str, rows: Iterator[str]) -> None:
        """A label and rows below it."""
        self.page.text(x, label, bold=True)
        for row in rows:
            self.page.down()
            self.page.text(x, row)
        self.page.down()

    def lines(self) -> None:
        """The line table."""
        self.column_titles()
        for item in self.paper.items:
            self.line(item)
        self.page.rule()
        self.page.down()

    def column_titles(self) -> None:
        """The head of the line table; a document outside VAT has no rate."""
        description, *others = self.words.columns
        self.page.text(LEFT, description, bold=True)
        self.cells([title if self.paper.layout.taxed or place != 2 else "" for place, title in enumerate(others)], bold=True)
        self.page.down(1.2)
        self.page.rule()

    def cells(self, texts: Sequence[str], bold: bool = False) -> None:
        """Write one row of the line table; an empty text leaves its column free."""
        for x, text in zip(self.columns, texts, strict=True):
            if text:
                self.page.right(x, text, bold=bold)

    def line(self, item: Item) -> None:
        """One article on as many rows as its title needs; shipping, gift wrap and discount on rows of their own."""
        self.page.need(4)
        rate = self.percent(item) if self.paper.layout.taxed else ""
        self.cells((str(item.quantity), self.amount(item.unit_cents), rate, self.amount(item.goods_cents)))
        for row in (*textwrap.wrap(self.title(item), 48), f"ASIN : {item.product.asin}"):
            self.page.text(LEFT, row)
            self.page.down()
        for label, cents in zip(self.words.extras, (item.shipping_cents, item.gift_wrap_cents, item.discount_cents), strict=True):
            if cents:
                self.page.text(LEFT, label)
                self.cells(("", "", rate, self.amount(cents)))
                self.page.down()

    def vat_table(self) -> None:
        """Base and VAT of each rate; none outside VAT."""
        if not self.paper.layout.taxed:
            return
        self.page.need(len(self.paper.taxes) + 7)
        self.tax_row(self.words.taxes, bold=True)
        for tax in self.paper.taxes:
            percent = PERCENTS[self.paper.language](plain(tax.rate))
            self.tax_row((percent, self.amount(tax.base_cents), self.amount(tax.vat_cents)))
        self.page.down()

    def tax_row(self, texts: tuple[str, str, str], bold: bool = False) -> None:
        """One row of the VAT table."""
        for x, text in zip((130.0, 163.0, RIGHT), texts, strict=True):
            self.page.right(x, text, bold=bold)
        self.page.down()

    def totals(self) -> None:
        """The three totals."""
        paper = self.paper
        for label, cents in zip(self.words.totals, (paper.net_cents, paper.vat_cents, paper.gross_cents), strict=True):
            self.total(label, self.amount(cents))

    def total(self, label: str, amount: str) -> None:
        """One total."""
        self.page.text(MIDDLE, label, bold=True)
        self.page.right(RIGHT, amount, bold=True)
        self.page.down()

    def foot(self) -> tuple[str, ...]:
        """What French law wants at the foot."""
        seller = self.paper.seller
        return ("TVA acquittée sur les débits.", *LATE, f"{seller.name} - {' '.join(seller.address)}")
