"""A document a seller uploads as its own software draws it, in German.

Unseen by whoever improves the reader: a test of what it makes of a page nobody showed it.
"""

from typing import ClassVar

from deploy.local.amazon.amounts import plain
from deploy.local.amazon.papers import Item, Language
from deploy.local.amazon.rendering.pages import LEFT, RIGHT
from deploy.local.amazon.rendering.sheet import Sheet, Words
from deploy.local.amazon.rendering.wording import PERCENTS

GERMAN = Words(
    invoice=("Rechnung", "Rechnungsnummer", "Rechnungsdatum"),
    credit_note=("Rechnungskorrektur", "Belegnummer", "Belegdatum"),
    credited="Korrektur zu Rechnung {number} vom {day}",
    order="Amazon-Bestellnummer",
    ordered_on="Bestellt am",
    sold_by="",
    billed_to="",
    vat_number="USt-ID",
    columns=("Bezeichnung", "Menge", "Einzelpreis netto", "MwSt.", "Gesamt netto"),
    extras=("Versand", "Geschenkverpackung", "Nachlass"),
    taxes=("", "", ""),
    totals=("Zwischensumme netto", "", "Rechnungsbetrag brutto"),
)


class OwnGermanSheet(Sheet):
    """A business letter (DIN 5008): sender in small print above the address, facts on the right, positions numbered."""

    vocabulary: ClassVar = {Language.GERMAN: GERMAN}

    def head(self) -> None:
        """Sender, address, facts on the right, subject."""
        page, seller = self.page, self.paper.seller
        page.right(RIGHT, seller.name, 13, bold=True)
        page.down(4)
        page.text(LEFT, " · ".join((seller.name, *seller.address)), 6)
        page.down(1.5)
        top = page.y
        for row in self.identity(self.paper.buyer):
            page.text(LEFT, row)
            page.down()
        below, page.y = page.y, top
        for label, value in self.facts():
            page.right(158, label, 8)
            page.right(RIGHT, value, 8)
            page.down()
        page.y = max(below, page.y)
        page.down(2)
        page.text(LEFT, f"{self.labels[0]} {self.paper.number}", 12, bold=True)
        page.down(1.5)

    def parties(self) -> None:
        """A greeting; both stand in the head and the foot."""
        credited = self.credited()
        self.page.text(LEFT, credited or "Vielen Dank für Ihren Einkauf. Wir berechnen Ihnen wie folgt:")
        self.page.down(2)

    def lines(self) -> None:
        """Numbered positions."""
        self.column_titles()
        for place, item in enumerate(self.paper.items, 1):
            self._position(place, item)
        self.page.rule()
        self.page.down(0.5)

    def _position(self, place: int, item: Item) -> None:
        self.page.need(4)
        self.page.text(LEFT, f"{place}. {self.title(item)[:54]}", 8)
        self.cells((f"{item.quantity} Stk.", self.amount(item.unit_cents), self.percent(item), self.amount(item.goods_cents)))
        self.page.down()
        for label, cents in zip(self.words.extras, (item.shipping_cents, item.gift_wrap_cents, item.discount_cents), strict=True):
            if cents:
                self.page.text(LEFT + 5, label, 8)
                self.page.right(RIGHT, self.amount(cents))
                self.page.down()

    def vat_table(self) -> None:
        """Net, then one row for each rate."""
        self.page.need(len(self.paper.taxes) + 4)
        self.total(self.words.totals[0], self.amount(self.paper.net_cents))
        for tax in self.paper.taxes:
            rate, base = PERCENTS[Language.GERMAN](plain(tax.rate)), self.amount(tax.base_cents)
            self.total(f"zzgl. {rate} MwSt. auf {base}", self.amount(tax.vat_cents))

    def totals(self) -> None:
        """The sum."""
        self.total(self.words.totals[2], self.amount(self.paper.gross_cents))

    def foot(self) -> tuple[str, ...]:
        """The seller's registration, as German letterheads have it."""
        seller = self.paper.seller
        return (
            "Der Betrag wurde über Amazon beglichen. Lieferdatum entspricht dem Versanddatum.",
            f"{seller.name} · {' · '.join(seller.address)}",
            f"Handelsregister: {seller.registry} · {self.words.vat_number}: {seller.vat_number}",
        )
