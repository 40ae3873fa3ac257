"""Draw a document as a French PDF with a text layer: one layout for Amazon's branch, one for sellers Amazon invoices for.

The bytes of a document are always the same: the creation date is the document's own and no random identifier is used.
Loading the PDF library takes about a second, so only `_rendered` of the account imports this module.
"""

import textwrap
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from fpdf import FPDF

from deploy.local.amazon.amounts import plain
from deploy.local.amazon.papers import Item, Kind, Paper
from deploy.local.amazon.parties import AMAZON_BRANCH, Party

MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
NO_BREAK_SPACE = "\u00a0"
LEFT, RIGHT, MIDDLE, ROW = 14.0, 196.0, 108.0, 4.6  # millimetres
COLUMNS = ((112.0, "Qté"), (140.0, "Prix unitaire HT"), (160.0, "Taux TVA"), (RIGHT, "Montant HT"))


def render(paper: Paper) -> bytes:
    """The PDF of a document, identical at every call."""
    return (BranchLayout() if paper.seller is AMAZON_BRANCH else SellerLayout()).draw(paper)


def euros(cents: int) -> str:
    """`1 234,56 €`, with the no-break spaces of French typography."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:_},{abs(cents) % 100:02d}_€".replace("_", NO_BREAK_SPACE)


def percent(rate: str) -> str:
    """`5,5 %`."""
    return f"{rate.replace('.', ',')}{NO_BREAK_SPACE}%"


def long_date(day: date) -> str:
    """`12 mars 2026`; the first of a month is `1er`."""
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


@dataclass
class Page:
    """An A4 page written from top to bottom."""

    pdf: FPDF
    y: float = 18.0

    def text(self, x: float, text: str, size: float = 9, bold: bool = False) -> None:
        """Write at `x` on the current row."""
        self.pdf.set_font("Helvetica", "B" if bold else "", size)
        self.pdf.text(x, self.y, text)

    def right(self, x: float, text: str, bold: bool = False) -> None:
        """Write so that the text ends at `x`."""
        self.pdf.set_font("Helvetica", "B" if bold else "", 9)
        self.pdf.text(x - self.pdf.get_string_width(text), self.y, text)

    def down(self, rows: float = 1) -> None:
        """Go to a row further down."""
        self.y += rows * ROW

    def rule(self) -> None:
        """A thin line across the page."""
        self.pdf.line(LEFT, self.y - 3.2, RIGHT, self.y - 3.2)


def _page(paper: Paper) -> Page:
    pdf = FPDF()
    pdf.core_fonts_encoding = "windows-1252"
    pdf.set_creation_date(paper.issued_at)
    pdf.set_title(f"{paper.number}")
    pdf.set_lang("fr-FR")
    pdf.set_auto_page_break(False)
    pdf.add_page()
    return Page(pdf)


class BranchLayout:
    """Amazon's own documents: long dates, credited amounts printed negative."""

    labels: ClassVar = {
        Kind.INVOICE: ("FACTURE", "Numéro de la facture", "Date de la facture"),
        Kind.CREDIT_NOTE: ("AVOIR", "Numéro de l'avoir", "Date de l'avoir"),
    }
    sold_by = "Vendu par"
    credit_sign = -1

    def draw(self, paper: Paper) -> bytes:
        """Head, parties, lines, VAT table, totals, legal mentions."""
        page = _page(paper)
        self.head(page, paper)
        self.parties(page, paper)
        self.lines(page, paper)
        self.vat_table(page, paper)
        self.totals(page, paper)
        self.mentions(page, paper)
        return bytes(page.pdf.output())

    def day(self, day: date) -> str:
        """How this layout writes dates."""
        return long_date(day)

    def amount(self, paper: Paper, cents: int) -> str:
        """An amount with the sign this layout gives to credits."""
        return euros(cents if paper.kind is Kind.INVOICE else self.credit_sign * cents)

    def head(self, page: Page, paper: Paper) -> None:
        """Title, number, dates, order, and the credited invoice."""
        title, numbered, dated = self.labels[paper.kind]
        facts = [
            (numbered, paper.number),
            (dated, self.day(paper.issued_on)),
            ("Numéro de commande", paper.order.order_id),
            ("Date de la commande", self.day(paper.order.ordered_at.date())),
        ]
        page.text(LEFT, title, 18, bold=True)
        page.down(2)
        for label, value in facts:
            page.text(LEFT, f"{label} : {value}")
            page.down()
        if paper.credits:
            page.text(LEFT, f"Avoir sur facture N° {paper.credits.number} du {self.day(paper.credits.issued_on)}", bold=True)
            page.down()
        page.down()

    def parties(self, page: Page, paper: Paper) -> None:
        """Seller, then buyer, one below the other."""
        self.party(page, LEFT, self.sold_by, paper.seller)
        page.down()
        self.party(page, LEFT, "Facturé à", paper.buyer)
        page.down()

    def party(self, page: Page, x: float, label: str, party: Party) -> None:
        """Name, address, registration and VAT number."""
        page.text(x, label, bold=True)
        siren = f"{party.siren[:3]} {party.siren[3:6]} {party.siren[6:]}"
        for row in (party.name, *party.address, f"SIREN {siren} - {party.registry}", f"N° TVA : {party.vat_number}"):
            page.down()
            page.text(x, row)
        page.down()

    def lines(self, page: Page, paper: Paper) -> None:
        """The line table; shipping and discount stand on rows of their own."""
        page.text(LEFT, "Description", bold=True)
        for x, title in COLUMNS:
            page.right(x, title, bold=True)
        page.down(1.2)
        page.rule()
        for item in paper.items:
            self.line(page, paper, item)
        page.rule()
        page.down()

    def line(self, page: Page, paper: Paper, item: Item) -> None:
        """One article on as many rows as its title needs."""
        rate = percent(plain(item.product.rate))
        unit, goods = self.amount(paper, item.unit_cents), self.amount(paper, item.goods_cents)
        for x, text in zip((x for x, _ in COLUMNS), (str(item.quantity), unit, rate, goods), strict=True):
            page.right(x, text)
        for row in (*textwrap.wrap(item.product.title, 52), f"ASIN : {item.product.asin}"):
            page.text(LEFT, row)
            page.down()
        for label, cents in (("Frais de livraison", item.shipping_cents), ("Remise", item.discount_cents)):
            if cents:
                page.text(LEFT, label)
                page.right(COLUMNS[2][0], rate)
                page.right(RIGHT, self.amount(paper, cents))
                page.down()

    def vat_table(self, page: Page, paper: Paper) -> None:
        """Base and VAT of each rate."""
        for x, title in ((130.0, "Taux TVA"), (163.0, "Base HT"), (RIGHT, "TVA")):
            page.right(x, title, bold=True)
        page.down()
        for tax in paper.taxes:
            page.right(130.0, percent(plain(tax.rate)))
            page.right(163.0, self.amount(paper, tax.base_cents))
            page.right(RIGHT, self.amount(paper, tax.vat_cents))
            page.down()
        page.down()

    def totals(self, page: Page, paper: Paper) -> None:
        """Total HT, TVA and TTC."""
        for label, cents in (("Total HT", paper.net_cents), ("Total TVA", paper.vat_cents), ("Total TTC", paper.gross_cents)):
            page.text(MIDDLE, label, bold=True)
            page.right(RIGHT, self.amount(paper, cents), bold=True)
            page.down()

    def mentions(self, page: Page, paper: Paper) -> None:
        """What French law wants at the foot (C. com. L441-9)."""
        page.y = 268
        for row in (
            "TVA acquittée sur les débits. Pas d'escompte pour paiement anticipé.",
            "En cas de retard de paiement : pénalités au taux légal et indemnité forfaitaire de 40 € pour frais de recouvrement.",
            f"{paper.seller.name} - {' '.join(paper.seller.address)}",
        ):
            page.text(LEFT, row, 7)
            page.down(0.8)


class SellerLayout(BranchLayout):
    """Documents Amazon draws up in a seller's name: short dates, parties side by side, credited amounts printed positive."""

    labels: ClassVar = {
        Kind.INVOICE: ("Facture", "Facture N°", "Date de facturation"),
        Kind.CREDIT_NOTE: ("Avoir", "Avoir N°", "Date d'émission"),
    }
    sold_by = "Vendeur"
    credit_sign = 1

    def day(self, day: date) -> str:
        """`12/03/2026`."""
        return f"{day:%d/%m/%Y}"

    def head(self, page: Page, paper: Paper) -> None:
        """As the branch's, below the name of the service that draws it up."""
        page.text(LEFT, f"Document établi par Amazon au nom et pour le compte de {paper.seller.name}", 8)
        page.down(2)
        super().head(page, paper)

    def parties(self, page: Page, paper: Paper) -> None:
        """Seller on the left, buyer on the right."""
        top = page.y
        self.party(page, LEFT, self.sold_by, paper.seller)
        page.y = top
        self.party(page, MIDDLE, "Adresse de facturation", paper.buyer)
        page.down()
