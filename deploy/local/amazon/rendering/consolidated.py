"""One invoice over several shipments of several orders: a block for each, then the totals of all."""

from dataclasses import replace
from datetime import date
from typing import ClassVar

from deploy.local.amazon.papers import Item, Language, Parcel
from deploy.local.amazon.rendering.pages import LEFT, RIGHT
from deploy.local.amazon.rendering.sheet import FRENCH, Sheet
from deploy.local.amazon.rendering.wording import long_date

RECAPITULATIVE = replace(
    FRENCH,
    invoice=("FACTURE RÉCAPITULATIVE", "Numéro de la facture", "Date de la facture"),
    credit_note=("AVOIR RÉCAPITULATIF", "Numéro de l'avoir", "Date de l'avoir"),
    taxes=("Taux de TVA", "Montant HT", "Montant TVA"),
    totals=("Total HT de la facture", "Total TVA de la facture", "Montant total TTC"),
)


class ConsolidatedSheet(Sheet):
    """Long dates, credited amounts printed negative; orders and shipments stand above their lines."""

    vocabulary: ClassVar = {Language.FRENCH: RECAPITULATIVE}

    def day(self, day: date) -> str:
        """`12 mars 2026`."""
        return long_date(day)

    def facts(self) -> list[tuple[str, str]]:
        """No single order: how many there are, and the days they were sent on."""
        number, dated, *_ = super().facts()
        parcels = [parcel for parcel, _ in self.paper.parcels_with_items()]
        days = sorted(parcel.shipped_at.date() for parcel in parcels)
        orders = {parcel.order.order_id for parcel in parcels}
        period = ("Période des livraisons", f"du {self.day(days[0])} au {self.day(days[-1])}")
        return [number, dated, period, ("Commandes", f"{len(orders)}, en {len(parcels)} expéditions")]

    def lines(self) -> None:
        """One block for each shipment."""
        for parcel, items in self.paper.parcels_with_items():
            self.parcel(parcel, items)
        self.page.down()

    def parcel(self, parcel: Parcel, items: tuple[Item, ...]) -> None:
        """Order and shipment, the lines, the sum."""
        self.page.need(8)
        ordered, shipped = self.day(parcel.order.ordered_at.date()), self.day(parcel.shipped_at.date())
        self.page.text(LEFT, f"Commande {parcel.order.order_id} du {ordered} - Expédition {parcel.shipment_id} du {shipped}", bold=True)
        self.page.down(1.3)
        self.column_titles()
        for item in items:
            self.line(item)
        self.page.rule()
        self.page.text(LEFT, f"Sous-total HT de l'expédition {parcel.shipment_id}")
        self.page.right(RIGHT, self.amount(sum(item.net_cents for item in items)))
        self.page.down(2)
