"""From papers to documents: when each fact can be seen, and what else goes otherwise than on a quiet day.

Every choice is drawn for its own order, document or transaction from the seed, so that one rate does not move what another draws.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from hashlib import blake2b
from itertools import batched

from deploy.local.amazon.amounts import vat_of
from deploy.local.amazon.facts import Course, Document, Line, Never, Payment, PaymentType, Shipment
from deploy.local.amazon.papers import Kind, Layout, Paper, consolidated
from deploy.local.amazon.parties import AMAZON_BRANCH, Party
from deploy.local.amazon.trouble import Rates

UPLOAD = timedelta(minutes=15)
"""A seller's upload is processed within 15 minutes (Amazon's help for sellers)."""

PARCELS_MOST = 30
"""Shipments on one consolidated invoice."""

NO_RETURN = "Account Adjustment"
PASSWORD = "not told to anybody"


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as its seller draws it up, and its shipment as Amazon holds it."""

    paper: Paper
    shipment: Shipment


def complicated(drafts: Sequence[Draft], rates: Rates, seed: int, second: Party) -> list[Document]:
    """The documents; those of consolidated orders come together in one at the end of the month."""
    if rates.calm:
        return [drawn_up(draft.paper, (draft.shipment,)) for draft in drafts]
    troubled = Troubled(rates, seed, second, frozenset(draft.paper.credits.number for draft in drafts if draft.paper.credits))
    gathered, documents = defaultdict[tuple[str, str, int], list[Draft]](list), list[Document]()
    for draft in map(troubled.draft, drafts):
        if troubled.consolidates(draft):
            gathered[draft.paper.seller.siren, f"{draft.paper.issued_at:%Y-%m}", draft.shipment.entity].append(draft)
        else:
            documents.append(troubled.document(draft))
    return [*documents, *(in_one_invoice(part) for month in gathered.values() for part in batched(month, PARCELS_MOST))]


def drawn_up(paper: Paper, shipments: tuple[Shipment, ...], course: Course | None = None) -> Document:
    """A document of a paper; unless told otherwise it is numbered when it is issued, and uploaded a quarter of an hour later."""
    taxes = paper.taxes
    net, vat = sum(tax.base_cents for tax in taxes), sum(tax.vat_cents for tax in taxes)
    return Document(
        shipments=shipments,
        pdf=partial(rendered, paper),
        kind=paper.kind,
        number=paper.number,
        issued_at=paper.issued_at,
        seller=paper.seller.name,
        seller_vat_number=paper.seller.vat_number,
        currency="EUR",
        net_cents=net,
        vat_cents=vat,
        gross_cents=net + vat,
        taxes=taxes,
        credited_number=paper.credits and paper.credits.number,
        course=course or Course(paper.issued_at, paper.issued_at, paper.issued_at + UPLOAD),
        entity=shipments[0].entity,
        paper=paper,
    )


def rendered(paper: Paper) -> bytes:
    """The PDF of a paper."""
    from deploy.local.amazon.rendering import render  # here: its PDF library takes a second to load

    return render(paper)


def in_one_invoice(drafts: Sequence[Draft]) -> Document:
    """One invoice for what was bought in a month: `Pending` until the night after it, then numbered and there."""
    papers = [draft.paper for draft in drafts]
    issued_at = _month_end(max(paper.issued_at for paper in papers))
    paper = consolidated(papers, f"{papers[0].number[:4]}M{papers[0].number[4:]}", issued_at)
    course = Course(papers[0].issued_at, issued_at, issued_at + UPLOAD, consolidated=True)
    vats = iter(paper.item_vats)
    return drawn_up(paper, tuple(_with_vats(draft, vats) for draft in drafts), course)


def _with_vats(draft: Draft, vats: Iterator[int]) -> Shipment:
    """The shipment with the VAT its lines bear on the consolidated invoice, which rounds once for all of them."""
    pairs = zip(draft.paper.items, draft.shipment.lines, strict=True)
    lines = tuple(replace(line, vat_cents=(vat := next(vats)), total_cents=item.net_cents + vat) for item, line in pairs)
    return replace(draft.shipment, lines=lines)


def _month_end(day: datetime) -> datetime:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return datetime.combine(following.date(), time(3, 0), day.tzinfo)


@dataclass(slots=True)
class Troubled:
    """The drawing of each trouble by its rate."""

    rates: Rates
    seed: int
    second: Party
    credited: frozenset[str]

    def draft(self, draft: Draft) -> Draft:
        """What shapes paper and shipment alike: the legal entity, a line of nothing, charges that are part of others."""
        order_id = draft.shipment.order_id
        if self._hit("second_entity", order_id):
            draft = Draft(_made_out_to(draft.paper, self.second), replace(draft.shipment, entity=1))
        if draft.paper.kind is Kind.INVOICE and self._hit("free_line", draft.shipment.shipment_id):
            draft = _with_free_line(draft)
        draft = self._gift_wrapped(draft)
        lines = tuple(self._line(line) for line in draft.shipment.lines)
        payments = tuple(self._payments(draft.shipment.payments[0]))
        return Draft(self._drawn_otherwise(draft.paper), replace(draft.shipment, lines=lines, payments=payments))

    def consolidates(self, draft: Draft) -> bool:
        """Invoices of Amazon's own branch only, and none that a credit note names: its number must exist."""
        paper = draft.paper
        possible = paper.seller is AMAZON_BRANCH and paper.kind is Kind.INVOICE and paper.number not in self.credited
        return possible and self._hit("consolidated", paper.number)

    def document(self, draft: Draft) -> Document:
        """The document with its own course."""
        document = drawn_up(draft.paper, (draft.shipment,), self._course(draft))
        key = f"{draft.paper.kind} {draft.paper.number}"
        if self._hit("corrected", key):
            since = draft.paper.issued_at + self._days("corrected", key, 5, 15)
            document = replace(document, replaced=((since, corrected(document.pdf)),))
        return document

    def _course(self, draft: Draft) -> Course:
        issued_at, key = draft.paper.issued_at, f"{draft.paper.kind} {draft.paper.number}"
        if self._hit("digital", draft.shipment.order_id):
            return Course(None, None, None, never=Never.DIGITAL)
        detailed_at = issued_at + (self._days("null_details", key, 1, 12) if self._hit("null_details", key) else timedelta())
        uploaded_at = issued_at + UPLOAD + (self._days("late", key, 2, 9) if self._hit("late", key) else timedelta())
        if self._hit("mailed", key):
            return Course(detailed_at, detailed_at, None, never=Never.MAILED)
        if self._hit("numberless", key):
            return Course(None, None, uploaded_at, never=Never.NUMBERLESS)
        return Course(detailed_at, detailed_at, uploaded_at)

    def _payments(self, payment: Payment) -> Iterator[Payment]:
        key = payment.transaction_id
        if self._hit("slow_feed", key):
            payment = replace(payment, fed_at=payment.fed_at + self._days("slow_feed", key, 1, 4))
        if self._hit("back_dated", key):
            payment = replace(payment, seen_at=payment.fed_at + self._days("back_dated", key, 1, 6))
        if self._hit("nameless", key):
            payment = replace(payment, nameless=True)
        if payment.type is PaymentType.CHARGE:
            yield from self._charges(payment)
        else:
            yield from self._refunds(payment)

    def _charges(self, payment: Payment) -> Iterator[Payment]:
        key = payment.transaction_id
        if self._hit("authorised", key):
            settled_at = (payment.seen_at or payment.fed_at) + self._days("authorised", key, 1, 5)
            payment = replace(payment, authorised_percent=101 + int(self._drawn("authorised percent", key) * 25), settled_at=settled_at)
        if not self._hit("split", key):
            yield payment
            return
        yield replace(payment, share=(0, 60), others=(other_id(key),))
        yield replace(payment, transaction_id=other_id(key), instrument="Gift Card", last_digits=None, share=(60, 100), others=(key,))

    def _refunds(self, payment: Payment) -> Iterator[Payment]:
        key = payment.transaction_id
        if self._hit("without_return", key):
            payment = replace(payment, refund_reason=NO_RETURN)
        yield payment
        if self._hit("over_refunded", key):
            yield over_refund(payment, 10)

    def _drawn_otherwise(self, paper: Paper) -> Paper:
        """The same document by another hand: uploaded by its seller, as an image, behind a password, with Factur-X inside."""
        key = f"{paper.kind} {paper.number}"
        if paper.layout is Layout.DRAWN_BY_AMAZON and self._hit("sellers_own", paper.order.order_id):
            paper = replace(paper, layout=Layout.SELLERS_OWN)
        if self._hit("locked", key):
            return replace(paper, password=PASSWORD)
        if self._hit("scanned", key):
            return replace(paper, scanned=True)
        carries = paper.layout is not Layout.RECEIPT and self._hit("factur_x", key)
        return replace(paper, embedded_xml=True) if carries else paper

    def _gift_wrapped(self, draft: Draft) -> Draft:
        """A third of the delivery charge of some lines is gift wrap, on paper and shipment."""
        items, lines = list(draft.paper.items), list(draft.shipment.lines)
        for place, item in enumerate(items):
            if item.shipping_cents and self._hit("gift_wrapped", item.order_line_id):
                part = item.shipping_cents // 3
                items[place] = replace(item, shipping_cents=item.shipping_cents - part, gift_wrap_cents=part)
                lines[place] = replace(lines[place], shipping_cents=item.shipping_cents - part, gift_wrap_cents=part)
        return Draft(replace(draft.paper, items=tuple(items)), replace(draft.shipment, lines=tuple(lines)))

    def _line(self, line: Line) -> Line:
        goods = line.principal_cents or 0
        if goods <= 0 or not self._hit("regulatory_fee", line.order_line_id):
            return line
        return replace(line, principal_cents=goods - goods // 20, regulatory_cents=goods // 20)

    def _hit(self, rate: str, key: str) -> bool:
        share: float = getattr(self.rates, rate)
        return share > 0 and self._drawn(rate, key) < share

    def _days(self, rate: str, key: str, least: int, most: int) -> timedelta:
        return timedelta(hours=least * 24 + int(self._drawn(f"{rate} days", key) * (most - least + 1) * 24))

    def _drawn(self, rate: str, key: str) -> float:
        """A number from 0 to 1, always the same; a hash, because 60,000 documents draw 20 each."""
        return int.from_bytes(blake2b(f"{self.seed} {rate} {key}".encode(), digest_size=6).digest()) / 2**48


def over_refund(payment: Payment, percent: int) -> Payment:
    """A transaction that gives back so many percent more, an hour later."""
    return replace(
        payment,
        transaction_id=other_id(payment.transaction_id),
        type=PaymentType.OVERREFUND,
        happened_at=payment.happened_at + timedelta(hours=1),
        fed_at=payment.fed_at + timedelta(hours=1),
        seen_at=None,
        share=(100, 100 + percent),
        states_number=False,
        refund_reason=NO_RETURN,
    )


def other_id(transaction_id: str) -> str:
    """The identifier of the transaction that goes with another."""
    return f"{transaction_id[1:]}{transaction_id[0]}"


def corrected(pdf: Callable[[], bytes]) -> Callable[[], bytes]:
    """The same document in other bytes, as when a seller uploads it again."""
    return lambda: pdf() + b"% uploaded again\n"


def _made_out_to(paper: Paper, buyer: Party) -> Paper:
    """The paper and the one it credits, made out to another legal entity."""
    return replace(paper, buyer=buyer, credits=paper.credits and replace(paper.credits, buyer=buyer))


def _with_free_line(draft: Draft) -> Draft:
    """One more article for nothing, on paper and shipment."""
    first, line = draft.paper.items[0], draft.shipment.lines[0]
    free_id = f"{int(first.order_line_id[::-1]):014d}"
    item = replace(first, order_line_id=free_id, quantity=1, unit_cents=0, shipping_cents=0, discount_cents=0)
    free = replace(
        line,
        order_line_id=free_id,
        quantity=1,
        unit_price="0.0",
        principal_cents=0,
        shipping_cents=0,
        discount_cents=0,
        vat_cents=vat_of(0, first.product.rate),
        total_cents=0,
    )
    return Draft(replace(draft.paper, items=(*draft.paper.items, item)), replace(draft.shipment, lines=(*draft.shipment.lines, free)))
