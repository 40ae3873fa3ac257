"""Documents outside VAT: a small business's invoice (CGI 293 B), and the receipt of a seller outside the EU."""

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import ClassVar

from deploy.local.amazon.papers import Language
from deploy.local.amazon.rendering.pages import LEFT, RIGHT
from deploy.local.amazon.rendering.sheet import FRENCH, LATE, Sheet, Words
from deploy.local.amazon.rendering.wording import Amounts, coded_euros, euros, long_date

SMALL_BUSINESS = replace(
    FRENCH,
    invoice=("Facture", "Facture n°", "Émise le"),
    credit_note=("Facture d'avoir", "Avoir n°", "Émis le"),
    credited="Annule tout ou partie de la facture n° {number} du {day}",
    order="Commande Amazon",
    ordered_on="Passée le",
    sold_by="L'entreprise",
    billed_to="Le client",
    columns=("Désignation", "Quantité", "Prix unitaire", "", "Prix total"),
    extras=("Port et emballage", "Paquet cadeau", "Remise"),
)


class SmallBusinessSheet(Sheet):
    """Long dates, one total, credited amounts printed positive; no VAT number at all."""

    vocabulary: ClassVar = {Language.FRENCH: SMALL_BUSINESS}
    credit_sign = 1

    def day(self, day: date) -> str:
        """`12 mars 2026`."""
        return long_date(day)

    def totals(self) -> None:
        """Net equals gross, and why."""
        self.page.need(4)
        self.total("Net à payer", self.amount(self.paper.gross_cents))
        self.page.down()
        self.page.text(LEFT, "TVA non applicable, art. 293 B du CGI")

    def foot(self) -> tuple[str, ...]:
        """Payment, and who issues."""
        return ("Règlement effectué par l'intermédiaire d'Amazon.", *LATE, f"{self.paper.seller.name}, entrepreneur individuel")


ENGLISH = Words(
    invoice=("Order receipt", "Receipt number", "Receipt date"),
    credit_note=("Refund receipt", "Refund number", "Refund date"),
    credited="Refund for receipt {number} of {day}",
    order="Order number",
    ordered_on="Order placed",
    sold_by="Sold by",
    billed_to="Bill to",
    vat_number="VAT number",
    columns=("Item", "Qty", "Unit price", "", "Amount"),
    extras=("Shipping", "Gift wrap", "Promotion"),
    taxes=("", "", ""),
    totals=("", "", ""),
)
RECU = replace(
    FRENCH,
    invoice=("Reçu", "Numéro du reçu", "Date du reçu"),
    credit_note=("Reçu de remboursement", "Numéro", "Date du remboursement"),
    credited="Remboursement du reçu N° {number} du {day}",
    columns=("Article", "Qté", "Prix unitaire", "", "Montant"),
)
NOT_AN_INVOICE = {
    Language.FRENCH: ("Montant total", "Ce reçu n'est pas une facture. Aucune TVA ne peut être déduite sur la base de ce document."),
    Language.ENGLISH: ("Total amount", "This receipt is not an invoice. No VAT can be deducted on the basis of this document."),
}


class ReceiptSheet(Sheet):
    """A receipt of two columns of parties, in French or English; credited amounts printed negative."""

    vocabulary: ClassVar = {Language.FRENCH: RECU, Language.ENGLISH: ENGLISH}

    def euros(self, cents: int) -> str:
        """`EUR 12.34` in English."""
        write: Amounts = coded_euros if self.paper.language is Language.ENGLISH else euros
        return write(cents)

    def parties(self) -> None:
        """Seller and buyer, each as one sentence."""
        for label, rows in ((self.words.sold_by, self.identity(self.paper.seller)), (self.words.billed_to, self._buyer())):
            self.page.text(LEFT, label, bold=True)
            self.page.down()
            for row in textwrap.wrap(", ".join(rows), 110):
                self.page.text(LEFT, row)
                self.page.down()
            self.page.down(0.5)

    def _buyer(self) -> Iterator[str]:
        yield from (self.paper.buyer.name, *self.paper.buyer.address)

    def totals(self) -> None:
        """One total and what the paper is not."""
        self.page.need(4)
        label, mention = NOT_AN_INVOICE[self.paper.language]
        self.page.rule()
        self.page.text(LEFT, label, 11, bold=True)
        self.page.right(RIGHT, self.amount(self.paper.gross_cents), 11, bold=True)
        self.page.down(2)
        self.page.text(LEFT, mention)

    def foot(self) -> tuple[str, ...]:
        """Nothing more."""
        return ()
