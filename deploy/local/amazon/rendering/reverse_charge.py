"""Goods in France of a seller not established there: the buyer accounts for the VAT (CGI 283-1).

Unseen by whoever improves the reader: a test of what it makes of a page nobody showed it.
"""

from dataclasses import replace
from datetime import date
from typing import ClassVar

from deploy.local.amazon.papers import Item, Language
from deploy.local.amazon.rendering.pages import LEFT, MIDDLE, RIGHT
from deploy.local.amazon.rendering.sheet import FRENCH, Sheet
from deploy.local.amazon.rendering.wording import NO_BREAK_SPACE

WORDS = replace(
    FRENCH,
    invoice=("Facture client", "Réf. facture", "Établie le"),
    credit_note=("Note de crédit", "Réf. note de crédit", "Établie le"),
    credited="En rectification de la facture {number} du {day}",
    order="Votre commande Amazon",
    ordered_on="Commandé le",
    sold_by="Fournisseur",
    billed_to="Destinataire",
    vat_number="Identification TVA",
    columns=("Libellé", "Nombre", "P.U. hors taxe", "", "Total hors taxe"),
    extras=("Participation au port", "Emballage cadeau", "Réduction accordée"),
)


class ReverseChargeSheet(Sheet):
    """Facts in a box on the right, dates with dashes, amounts without currency sign, credited amounts printed positive."""

    vocabulary: ClassVar = {Language.FRENCH: WORDS}
    credit_sign = 1

    def day(self, day: date) -> str:
        """`12-03-2026`."""
        return f"{day:%d-%m-%Y}"

    def euros(self, cents: int) -> str:
        """`1 234,56 EUR`."""
        return super().euros(cents).replace(f"{NO_BREAK_SPACE}€", " EUR")

    def head(self) -> None:
        """The seller's letterhead, the facts below each other on the right, each value under its label."""
        page, seller = self.page, self.paper.seller
        page.text(LEFT, seller.name, 14, bold=True)
        page.down()
        for row in (*seller.address, f"{self.words.vat_number} {seller.vat_number}", seller.registry):
            page.text(LEFT, row, 8)
            page.down(0.9)
        page.down(1.5)
        page.text(MIDDLE, self.labels[0], 15, bold=True)
        page.down(1.6)
        for label, value in self.facts():
            page.text(MIDDLE, label, 7)
            page.down(0.8)
            page.text(MIDDLE, value, bold=True)
            page.down(1.1)
        if credited := self.credited():
            page.text(MIDDLE, credited, 8)
            page.down()

    def parties(self) -> None:
        """The buyer; the seller stands in the letterhead."""
        self.buyer(LEFT)
        self.page.down()

    def line(self, item: Item) -> None:
        """The article, then its extras in brackets on rows of their own."""
        self.page.need(4)
        self.page.text(LEFT, self.title(item)[:58], 8)
        self.cells((str(item.quantity), self.amount(item.unit_cents), "", self.amount(item.goods_cents)))
        self.page.down()
        for label, cents in zip(self.words.extras, (item.shipping_cents, item.gift_wrap_cents, item.discount_cents), strict=True):
            if cents:
                self.page.text(LEFT + 6, f"({label})", 8)
                self.page.right(RIGHT, self.amount(cents))
                self.page.down()

    def totals(self) -> None:
        """The sum without tax is the sum to pay."""
        self.page.need(6)
        self.total("Total hors taxe", self.amount(self.paper.net_cents))
        self.total("TVA", "Autoliquidation")
        self.total("Somme à payer", self.amount(self.paper.gross_cents))
        self.page.down()
        self.page.text(LEFT, "Autoliquidation - TVA due par le preneur, article 283-1 du code général des impôts.")

    def foot(self) -> tuple[str, ...]:
        """Where the goods were."""
        return ("Marchandises expédiées depuis un entrepôt situé en France. Vendeur non établi en France.",)
