"""Amazon's own documents, and those its VAT service draws up in a seller's name."""

from dataclasses import replace
from datetime import date
from typing import ClassVar

from deploy.local.amazon.papers import Language
from deploy.local.amazon.rendering.pages import LEFT, MIDDLE
from deploy.local.amazon.rendering.sheet import FRENCH, Sheet
from deploy.local.amazon.rendering.wording import long_date


class BranchSheet(Sheet):
    """Of Amazon's branch: long dates, credited amounts printed negative."""

    def day(self, day: date) -> str:
        """`12 mars 2026`."""
        return long_date(day)


IN_A_SELLERS_NAME = replace(
    FRENCH,
    invoice=("Facture", "Facture N°", "Date de facturation"),
    credit_note=("Avoir", "Avoir N°", "Date d'émission"),
    sold_by="Vendeur",
    billed_to="Adresse de facturation",
)


class DrawnByAmazonSheet(Sheet):
    """In a seller's name: short dates, parties side by side, credited amounts printed positive."""

    vocabulary: ClassVar = {Language.FRENCH: IN_A_SELLERS_NAME}
    credit_sign = 1

    def head(self) -> None:
        """Below the name of the service that draws it up."""
        self.page.text(LEFT, f"Document établi par Amazon au nom et pour le compte de {self.paper.seller.name}", 8)
        self.page.down(2)
        super().head()

    def parties(self) -> None:
        """Seller on the left, buyer on the right."""
        top = self.page.y
        self.seller(LEFT)
        below, self.page.y = self.page.y, top
        self.buyer(MIDDLE)
        self.page.y = max(below, self.page.y)
        self.page.down()
