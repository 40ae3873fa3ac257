"""What can be made to happen in an account from the control plane: order, ship, invoice, upload, refund, amend, consolidate, rename.

Each deed happens now, on the virtual clock, and is seen from now on. It answers with the identifier of what it made or changed.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from pydantic import validate_call

from deploy.local.amazon.catalogue import Product, sold_by
from deploy.local.amazon.clock import VirtualClock
from deploy.local.amazon.complications import UPLOAD, corrected, drawn_up, over_refund
from deploy.local.amazon.facts import FRANCE, Course, Document, Entity, Line, Never, Payment, PaymentType, Shipment
from deploy.local.amazon.hands import hand_of
from deploy.local.amazon.papers import Item, Kind, Order, Paper, consolidated
from deploy.local.amazon.parties import MARKETPLACE
from deploy.local.amazon.seeded import lines_of, number_of, second_entity
from deploy.local.amazon.world import OpenOrder, World

DEEDS = frozenset(
    {
        *("place", "ship", "invoice", "upload", "mail", "hide", "consolidate", "refund", "over_refund"),
        *("amend", "authorise", "correct", "add_entity", "rename_entity"),
    }
)


class ImpossibleDeed(Exception):
    """This cannot be done to this account now."""

    next_action = "Look at /truth and at what was done before, then correct the request."


@dataclass(slots=True)
class Scripting:
    """The deeds in one account; days are virtual, amounts cents, percentages whole."""

    world: World
    clock: VirtualClock

    @validate_call
    def place(
        self, seller: str = "branch", products: Sequence[int] = (0,), quantity: int = 1, entity: int = 0, marketplace: str = FRANCE
    ) -> str:
        """Place an order of so many of each article, named by its place in the seller's catalogue; the order's number."""
        if seller not in MARKETPLACE or not 0 <= entity < len(self.world.entities):
            raise ImpossibleDeed(f"sellers are {sorted(MARKETPLACE)}, legal entities 0 to {len(self.world.entities) - 1}")
        dice, offered = self._dice(), sold_by(seller)
        order_id = f"171-{dice.randint(0, 9_999_999):07d}-{dice.randint(0, 9_999_999):07d}"
        items = [_item(dice, offered[place % len(offered)], quantity) for place in products]
        self.world.open(OpenOrder(Order(order_id, self.clock.now()), seller, items, entity, marketplace))
        return order_id

    @validate_call
    def ship(self, order_id: str, most: int = 99, instrument: str = "Visa") -> str:
        """Ship the next lines of an order, at most so many, and charge for them; the shipment's number. There is no invoice yet."""
        order = self.world.open_orders.get(order_id)
        if order is None:
            raise ImpossibleDeed(f"nothing of {order_id} is left to ship")
        paper = self._paper(order, tuple(order.items[:most]))
        shipment = Shipment(
            order_id=order_id,
            ordered_at=order.order.ordered_at,
            shipment_id=paper.shipment_id,
            shipped_at=paper.shipped_at,
            lines=lines_of(paper),
            payments=(self._payment(PaymentType.CHARGE, instrument),),
            seller=paper.seller.name,
            currency="EUR",
            entity=order.entity,
            marketplace=order.marketplace,
        )
        self.world.ship(shipment, paper, most)
        return shipment.shipment_id

    @validate_call
    def invoice(self, shipment_id: str, uploaded: bool = True, digital: bool = False) -> str:
        """Invoice a shipment; its number. Not uploaded: numbered, its PDF not there. Digital: neither number nor PDF, ever."""
        shipment, paper = self._unbilled(shipment_id)
        now = self.clock.now()
        paper = self._numbered(replace(paper, issued_at=now))
        course = Course(now, now, now + UPLOAD if uploaded else None)
        if digital:
            course = Course(None, None, None, never=Never.DIGITAL)
        self.world.add(drawn_up(paper, (shipment,), course))
        return paper.number

    @validate_call
    def upload(self, number: str) -> str:
        """The seller uploads the PDF of a numbered document now."""
        return self._course(number, uploaded_at=self.clock.now(), never=None)

    @validate_call
    def mail(self, number: str) -> str:
        """The seller mails the PDF instead: it is never there."""
        return self._course(number, uploaded_at=None, never=Never.MAILED)

    @validate_call
    def hide(self, number: str, days: float) -> str:
        """`/invoices` knows nothing of a document for so many days."""
        return self._course(number, detailed_at=self.clock.now() + timedelta(days=days))

    @validate_call
    def consolidate(self, shipment_ids: Sequence[str], days: float = 0) -> str:
        """One invoice for several shipments, `Pending` for so many days; its number."""
        found = [self._unbilled(shipment_id) for shipment_id in shipment_ids]
        now, issued_at = self.clock.now(), self.clock.now() + timedelta(days=days)
        paper = consolidated([paper for _, paper in found], "", issued_at)
        paper = self._numbered(paper)
        course = Course(now, issued_at, issued_at + UPLOAD, consolidated=True)
        self.world.add(drawn_up(paper, tuple(shipment for shipment, _ in found), course))
        return paper.number

    @validate_call
    def refund(self, number: str, lines: int = 99, quantity: int = 999, reason: str = "Customer Return", noted: bool = True) -> str:
        """Give back the first lines of an invoice, at most so many of each article; the credit note's number.

        Without a note the money comes back under the transaction that is answered, and no document ever says so.
        """
        invoice = self._document(number)
        if invoice.paper is None or invoice.kind is not Kind.INVOICE:
            raise ImpossibleDeed(f"{number} is not an invoice made here")
        items = tuple(_part(item, quantity) for item in invoice.paper.items[:lines])
        paper = replace(
            invoice.paper, kind=Kind.CREDIT_NOTE, number="", issued_at=self.clock.now(), items=items, credits=invoice.paper, parcels=()
        )
        payment = replace(self._payment(PaymentType.REFUND, invoice.payment.instrument), refund_reason=reason)
        shipment = replace(invoice.shipments[0], lines=lines_of(paper), payments=(payment,), amended=())
        if not noted:
            self.world.pay_back(shipment)
            return payment.transaction_id
        paper = self._numbered(paper)
        self.world.add(drawn_up(paper, (shipment,)))
        return paper.number

    @validate_call
    def over_refund(self, number: str, percent: int = 10) -> str:
        """Give back so many percent more than a credit note says; the transaction."""
        shipment = self._document(number).shipments[0]
        payment = over_refund(replace(shipment.payments[0], fed_at=self.clock.now()), percent)
        payment = replace(payment, transaction_id=f"{payment.transaction_id}{len(shipment.payments)}", fed_at=self.clock.now())
        self.world.change_shipment(shipment, replace(shipment, payments=(*shipment.payments, payment)))
        return payment.transaction_id

    @validate_call
    def amend(self, shipment_id: str, percent: int) -> str:
        """Amazon states other amounts for a shipment from now on: so many percent of the first ones, under the same transactions."""
        shipment = self._shipment(shipment_id)
        lines = tuple(_scaled(line, percent) for line in shipment.lines)
        self.world.change_shipment(shipment, replace(shipment, amended=(*shipment.amended, (self.clock.now(), lines))))
        return shipment_id

    @validate_call
    def authorise(self, shipment_id: str, percent: int, days: float) -> str:
        """The charge of a shipment states an authorised amount for so many days, then the settled one."""
        shipment, until = self._shipment(shipment_id), self.clock.now() + timedelta(days=days)
        payments = tuple(replace(payment, authorised_percent=percent, settled_at=until) for payment in shipment.payments)
        self.world.change_shipment(shipment, replace(shipment, payments=payments))
        return shipment_id

    @validate_call
    def correct(self, number: str) -> str:
        """The seller uploads a document again: the same number, other bytes."""
        document = self._document(number)
        self.world.change(document, replace(document, replaced=(*document.replaced, (self.clock.now(), corrected(document.pdf)))))
        return number

    @validate_call
    def add_entity(self, name: str | None = None) -> str:
        """A legal entity joins the account; its rank."""
        party = second_entity(self.world.entities[-1].party)
        self.world.entities.append(Entity.of(party if name is None else replace(party, name=name)))
        return str(len(self.world.entities) - 1)

    @validate_call
    def rename_entity(self, entity: int, name: str | None) -> str:
        """A legal entity has another name in every transaction from now on, or none."""
        if not 0 <= entity < len(self.world.entities):
            raise ImpossibleDeed(f"there is no legal entity {entity}")
        self.world.entities[entity].names.append((self.clock.now(), name))
        return str(entity)

    def _course(self, number: str, **changes: object) -> str:
        document = self._document(number)
        self.world.change(document, replace(document, course=replace(document.course, **changes)))  # pyright: ignore[reportArgumentType]
        return number

    def _document(self, number: str) -> Document:
        found = self.world.documents_numbered(number)
        if not found:
            raise ImpossibleDeed(f"there is no document {number}")
        return found[0]

    def _shipment(self, shipment_id: str) -> Shipment:
        found = next((one for one, _ in self.world.shipments() if one.shipment_id == shipment_id), None)
        if found is None:
            raise ImpossibleDeed(f"there is no shipment {shipment_id}")
        return found

    def _unbilled(self, shipment_id: str) -> tuple[Shipment, Paper]:
        found = next((one for one in self.world.unbilled if one.shipment_id == shipment_id), None)
        if found is None:
            raise ImpossibleDeed(f"{shipment_id} is not waiting for an invoice")
        return found, self.world.papers[shipment_id]

    def _paper(self, order: OpenOrder, items: tuple[Item, ...]) -> Paper:
        now, seller, dice = self.clock.now(), MARKETPLACE[order.seller], self._dice()
        layout, language = hand_of(order.seller, dice)
        return Paper(
            kind=Kind.INVOICE,
            number="",
            issued_at=now,
            seller=seller,
            buyer=self.world.entities[order.entity].party,
            order=order.order,
            shipment_id=f"D{_mixed(dice, string.ascii_letters + string.digits, 8)}",
            shipped_at=now,
            items=items,
            layout=layout,
            language=language,
        )

    def _numbered(self, paper: Paper) -> Paper:
        """The paper with a number no other document has."""
        return replace(paper, number=number_of(paper, 500_000 + len(self.world.documents)))

    def _payment(self, kind: PaymentType, instrument: str | None) -> Payment:
        now = self.clock.now()
        identity = _mixed(self._dice(), string.ascii_letters + string.digits, 20)
        return Payment(identity, now, now, instrument, "4821" if instrument == "Visa" else None, type=kind)

    def _dice(self) -> Random:
        """Dice for the next deed of this account."""
        self.world.deeds += 1
        return Random(f"{self.world.seed} deed {self.world.deeds}")


def _item(dice: Random, product: Product, quantity: int) -> Item:
    return Item(_mixed(dice, string.digits, 14), product, quantity, product.net_cents)


def _part(item: Item, quantity: int) -> Item:
    """The part of a line that comes back; its discount in proportion, its charges with the whole line only."""
    back = min(quantity, item.quantity)
    if back == item.quantity:
        return item
    discount = -(-item.discount_cents * back // item.quantity)
    return replace(item, quantity=back, discount_cents=discount, shipping_cents=0, gift_wrap_cents=0)


def _scaled(line: Line, percent: int) -> Line:
    names = ("principal_cents", "shipping_cents", "gift_wrap_cents", "regulatory_cents", "discount_cents", "vat_cents")
    cents = {name: None if getattr(line, name) is None else getattr(line, name) * percent // 100 for name in names}
    return replace(line, **cents, total_cents=sum(value or 0 for value in cents.values()))


def _mixed(dice: Random, alphabet: str, length: int) -> str:
    return "".join(dice.choices(alphabet, k=length))
