"""Documents sellers upload, as their own software draws them: in French with prices including VAT, and in English."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from deploy.local.amazon.amounts import plain
from deploy.local.amazon.papers import Item, Language
from deploy.local.amazon.rendering.pages import LEFT, MIDDLE
from deploy.local.amazon.rendering.sheet import FRENCH, Sheet, Words
from deploy.local.amazon.rendering.wording import PERCENTS

OWN_FRENCH = replace(
    FRENCH,
    invoice=("FACTURE DE VENTE", "N° de pièce", "Date de pièce"),
    credit_note=("AVOIR CLIENT", "N° de pièce", "Date de pièce"),
    credited="Avoir relatif à la facture {number} du {day}",
    order="Réf. commande",
    ordered_on="Commandé le",
    sold_by="Société",
    billed_to="Client",
    vat_number="TVA intracom.",
    columns=("Article", "Qté", "PU HT", "TVA", "Total TTC"),
    extras=("Port", "Papier cadeau", "Remise"),
    taxes=("TVA", "Base", "Montant"),
    totals=("Total H.T.", "T.V.A.", "Net à payer TTC"),
)
OWN_ENGLISH = Words(
    invoice=("INVOICE", "Invoice #", "Issued"),
    credit_note=("CREDIT NOTE", "Credit note #", "Issued"),
    credited="Relates to invoice {number} dated {day}",
    order="Order #",
    ordered_on="Ordered",
    sold_by="From",
    billed_to="To",
    vat_number="VAT reg. no.",
    columns=("Item", "Qty", "Unit price", "VAT", "Amount incl. VAT"),
    extras=("Postage", "Gift wrap", "Discount"),
    taxes=("VAT rate", "Net", "VAT"),
    totals=("Subtotal", "VAT", "Grand total"),
)


class OwnSheet(Sheet):
    """Parties first, facts on one row; line amounts include VAT; totals above the VAT table; credited amounts printed positive."""

    vocabulary: ClassVar = {Language.FRENCH: OWN_FRENCH, Language.ENGLISH: OWN_ENGLISH}
    credit_sign = 1

    def head(self) -> None:
        """The seller's name in large, then title and number."""
        self.page.text(LEFT, self.paper.seller.name, 15, bold=True)
        self.page.down(2)
        self.page.text(LEFT, self.labels[0], 12, bold=True)
        self.page.down(1.5)

    def parties(self) -> None:
        """Side by side, then a row of labels over a row of values."""
        top = self.page.y
        self.seller(LEFT)
        below, self.page.y = self.page.y, top
        self.buyer(MIDDLE)
        self.page.y = max(below, self.page.y)
        self.page.down()
        self._across([label for label, _ in self.facts()], bold=True)
        self._across([value for _, value in self.facts()])
        if credited := self.credited():
            self.page.text(LEFT, credited)
            self.page.down()
        self.page.down()

    def _across(self, texts: Sequence[str], bold: bool = False) -> None:
        for x, text in zip((LEFT, 68.0, 112.0, 160.0), texts, strict=True):
            self.page.text(x, text, 8, bold=bold)
        self.page.down()

    def lines(self) -> None:
        """The line table; the VAT of a line is its part of the rate's VAT."""
        self.column_titles()
        for item, vat_cents in zip(self.paper.items, self.paper.item_vats, strict=True):
            self._line(item, vat_cents)
        self.page.rule()
        self.page.down()

    def _line(self, item: Item, vat_cents: int) -> None:
        """Extras stand in brackets behind the title: they are part of the amount."""
        self.page.need(3)
        self.page.text(LEFT, self.title(item)[:54], 8)
        self.cells((str(item.quantity), self.amount(item.unit_cents), self.percent(item), self.amount(item.net_cents + vat_cents)))
        self.page.down()
        extras = zip(self.words.extras, (item.shipping_cents, item.gift_wrap_cents, item.discount_cents), strict=True)
        if told := ", ".join(f"{label} {self.amount(cents)}" for label, cents in extras if cents):
            self.page.text(LEFT + 3, f"({told})", 7)
            self.page.down()

    def vat_table(self) -> None:
        """The totals come first."""
        self.page.need(len(self.paper.taxes) + 8)
        super().totals()
        self.page.down()

    def totals(self) -> None:
        """The VAT table, smaller than the totals."""
        for label, x in zip(self.words.taxes, (30.0, 60.0, 90.0), strict=True):
            self.page.right(x, label, 8)
        for tax in self.paper.taxes:
            self.page.down()
            self.page.right(30.0, PERCENTS[self.paper.language](plain(tax.rate)), 8)
            self.page.right(60.0, self.amount(tax.base_cents), 8)
            self.page.right(90.0, self.amount(tax.vat_cents), 8)

    def foot(self) -> tuple[str, ...]:
        """What French law wants, in French; a foreign seller's software knows nothing of it."""
        paid = f"Paid via Amazon. {self.paper.seller.name}, {', '.join(self.paper.seller.address)}"
        return super().foot() if self.paper.language is Language.FRENCH else (paid,)
