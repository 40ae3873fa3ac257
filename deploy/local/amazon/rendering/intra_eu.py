"""An exempt supply from another member state, in French, German or English (directive 2006/112/CE art. 138, CGI 262 ter I)."""

from dataclasses import replace
from datetime import date
from typing import ClassVar

from deploy.local.amazon.papers import Language
from deploy.local.amazon.rendering.pages import LEFT, MIDDLE
from deploy.local.amazon.rendering.sheet import FRENCH, Sheet, Words
from deploy.local.amazon.rendering.wording import EUROS, coded_euros, dotted_date

IN_FRENCH = replace(
    FRENCH,
    invoice=("Facture", "Facture n°", "Date"),
    credit_note=("Note de crédit", "Note de crédit n°", "Date"),
    credited="Concerne la facture n° {number} du {day}",
    vat_number="N° TVA intracommunautaire",
    columns=("Désignation", "Quantité", "Prix unitaire", "", "Total"),
)
IN_GERMAN = Words(
    invoice=("Rechnung", "Rechnung Nr.", "Datum"),
    credit_note=("Gutschrift", "Gutschrift Nr.", "Datum"),
    credited="Gutschrift zur Rechnung Nr. {number} vom {day}",
    order="Bestellung",
    ordered_on="Bestelldatum",
    sold_by="Lieferant",
    billed_to="Kunde",
    vat_number="USt-IdNr.",
    columns=("Artikel", "Menge", "Einzelpreis", "", "Betrag"),
    extras=("Versandkosten", "Geschenkverpackung", "Rabatt"),
    taxes=("", "", ""),
    totals=("Nettobetrag", "USt. 0 %", "Gesamtbetrag"),
)
IN_ENGLISH = Words(
    invoice=("Invoice", "Invoice no.", "Invoice date"),
    credit_note=("Credit note", "Credit note no.", "Credit note date"),
    credited="Credit note to invoice no. {number} of {day}",
    order="Order no.",
    ordered_on="Order date",
    sold_by="Supplier",
    billed_to="Customer",
    vat_number="VAT ID",
    columns=("Description", "Quantity", "Unit price", "", "Line total"),
    extras=("Carriage", "Gift wrapping", "Discount"),
    taxes=("", "", ""),
    totals=("Net total", "VAT 0%", "Total due"),
)
EXEMPT = {
    Language.FRENCH: "Exonération de TVA, article 262 ter I du CGI - article 138 de la directive 2006/112/CE",
    Language.GERMAN: "Steuerfreie innergemeinschaftliche Lieferung gemäß Art. 138 der Richtlinie 2006/112/EG",
    Language.ENGLISH: "VAT exempt intra-Community supply of goods, Article 138 of Directive 2006/112/EC",
}


class IntraEuSheet(Sheet):
    """The seller's letterhead on the right, the buyer on the left; credited amounts printed negative; ISO dates in English."""

    vocabulary: ClassVar = {Language.FRENCH: IN_FRENCH, Language.GERMAN: IN_GERMAN, Language.ENGLISH: IN_ENGLISH}

    def day(self, day: date) -> str:
        """`2026-03-12` in English, else `12.03.2026`."""
        return day.isoformat() if self.paper.language is Language.ENGLISH else dotted_date(day)

    def euros(self, cents: int) -> str:
        """`EUR 12.34` in English."""
        return coded_euros(cents) if self.paper.language is Language.ENGLISH else EUROS[self.paper.language](cents)

    def parties(self) -> None:
        """Buyer on the left, seller on the right."""
        top = self.page.y
        self.buyer(LEFT)
        below, self.page.y = self.page.y, top
        self.seller(MIDDLE)
        self.page.y = max(below, self.page.y)
        self.page.down()

    def totals(self) -> None:
        """Net, no VAT and why, the sum."""
        net, vat, gross = self.words.totals
        self.page.need(6)
        self.total(net, self.amount(self.paper.net_cents))
        self.total(vat, self.amount(0))
        self.page.rule()
        self.total(gross, self.amount(self.paper.gross_cents))
        self.page.down()
        self.page.text(LEFT, EXEMPT[self.paper.language], bold=True)

    def foot(self) -> tuple[str, ...]:
        """The seller once more."""
        seller = self.paper.seller
        return (f"{seller.name} | {' | '.join(seller.address)}", f"{seller.registry} | {seller.vat_number}")
