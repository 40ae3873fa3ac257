"""Trouble by rates: each kind alone at its full rate, seen by a client; the named mixtures; and how rates are given."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local.amazon import complications
from deploy.local.amazon.facts import Document
from deploy.local.amazon.papers import Paper
from deploy.local.amazon.parties import BUYER
from deploy.local.amazon.seeded import Recipe, Season, seeded_world
from deploy.local.amazon.settings import Ways
from deploy.local.amazon.trouble import CALM, DAILY, HARSH, Rates, UnknownRate, rates_from
from deploy.local.amazon.truth import Truth, final_at, truth_of, waits_for
from deploy.local.amazon.world import World
from tests.unit.simulator.customer import START, Customer, cents


def troubled(**shares: float) -> World:
    """An account of 40 documents with these rates and no other."""
    return seeded_world(Recipe(1, 40, START, BUYER, rates=Rates(**shares)))


def delays(world: World) -> list[timedelta]:
    """How long after its date each document is final."""
    instants = [(document.issued_at, final_at(document)) for document in world.documents]
    return [final - issued for issued, final in instants if issued and final]


def test_a_calm_account_is_final_the_same_day():
    """A quarter of an hour for the upload, at most four hours until the transaction is fed."""
    assert max(delays(troubled())) < timedelta(hours=5)


@pytest.mark.parametrize(
    ("rate", "least", "most"),
    [("late", 2, 10), ("null_details", 1, 13), ("slow_feed", 1, 6), ("back_dated", 1, 8)],
)
def test_everything_can_be_late(rate: str, least: int, most: int):
    """Days between a document's date and the instant it is final."""
    found = delays(troubled(**{rate: 1.0}))
    assert 40 == len(found)
    assert timedelta(days=least) <= min(found)
    assert max(found) <= timedelta(days=most)


@pytest.mark.parametrize(
    ("rate", "never"), [("digital", "digital_order"), ("mailed", "mailed_by_the_seller"), ("numberless", "number_never_known")]
)
def test_some_documents_are_never_final(rate: str, never: str):
    """And the truth says why."""
    assert {(None, never)} == {(truth["final_at"], truth["never"]) for truth in truth_of(troubled(**{rate: 1.0}), hashes=False)}


def test_back_dated_transactions_appear_after_their_feed_date():
    """A scan of yesterday's window finds nothing yesterday, and rows of it some days later."""
    customer = Customer(ways=Ways(rates=Rates(back_dated=1.0)))
    before = {one.transactionId for one in customer.recent()}
    customer.later(days=7)
    after = customer.recent()
    assert before < {one.transactionId for one in after}
    assert 40 == len(after)
    assert max(one.feedDate for one in after if one.feedDate) < START


def test_authorised_amounts_are_settled():
    """More than the document says for some days, then exactly that."""
    world = troubled(authorised=1.0)
    charges = [document for document in world.documents if document.credited_number is None]
    for document in charges:
        payment = document.payment
        early, settled = payment.settled_at - timedelta(seconds=1), document.gross_cents or 0
        assert settled < (payment.amount(settled, early) or 0) <= settled * 125 // 100
        assert settled == payment.amount(settled, payment.settled_at)


def test_split_payments_name_each_other_and_add_up():
    """Two legs of each charge, line by line and in total."""
    customer = Customer(ways=Ways(rates=Rates(split=1.0)))
    charges = {str(one.transactionId): one for one in customer.recent() if one.transactionType == "CHARGE"}
    gross = {truth["number"]: truth["gross_cents"] for truth in customer.truth()}
    for document in customer.simulator.world.documents:
        if document.credited_number is None:
            legs = [charges[payment.transaction_id] for payment in document.shipments[0].payments]
            assert gross[document.number] == sum(cents(leg.amount) for leg in legs)
            others = [[one.associatedTransactionId for one in leg.associatedTransactionDetails or []] for leg in legs]
            assert [[str(legs[1].transactionId)], [str(legs[0].transactionId)]] == others


def test_over_refunds_and_refunds_without_return():
    """An OVERREFUND of a tenth after each refund; nothing came back."""
    customer = Customer(ways=Ways(rates=Rates(over_refunded=1.0, without_return=1.0)))
    kinds = Counter(one.transactionType for one in customer.recent())
    assert {"CHARGE": 35, "REFUND": 5, "OVERREFUND": 5} == kinds
    reasons = {line.refundReason for one in customer.recent() if one.transactionType != "CHARGE" for line in one.transactionLineItems or []}
    assert {"Account Adjustment"} == reasons


def test_legal_entities():
    """A second one on its own orders, and none at all where the name is missing; documents are made out to it."""
    customer = Customer(ways=Ways(rates=Rates(second_entity=0.5, nameless=0.3)))
    names = Counter(one.legalEntityName for one in customer.recent())
    assert {"Atelier Lumière SAS", "Atelier Lumière Services SARL", None} == set(names)
    buyers = {(truth["legal_entity"], truth["buyer_vat_number"]) for truth in customer.truth()}
    assert 2 == len(buyers)


def test_consolidated_invoices():
    """Amazon's own branch by month, at most 30 shipments; the VAT of the lines is that of the one document."""
    world = seeded_world(Recipe(1, 300, START, BUYER, rates=Rates(consolidated=1.0)))
    found = [document for document in world.documents if document.course.consolidated]
    assert {"Amazon EU S.à r.l., Succursale Française"} == {document.seller for document in found}
    assert 1 < max(len(document.shipments) for document in found) <= 30
    for document in found:
        assert document.gross_cents == sum(line.total_cents or 0 for line in document.lines)
        assert "Pending" == document.number_at(document.course.detailed_at or START)
        assert "pending" == waits_for(document, document.shipments[-1].payments[0].fed_at)
    credited = {document.credited_number for document in world.documents if document.credited_number}
    assert credited <= {document.number for document in world.documents}


@pytest.mark.parametrize("rate", ["gift_wrapped", "regulatory_fee", "free_line"])
def test_parts_of_a_line_leave_the_total_alone(rate: str):
    """Stated apart, or nothing at all: total = goods + fee + delivery + gift wrap + discount + VAT on every line."""
    fields = {"gift_wrapped": "giftWrappingCharge", "regulatory_fee": "regulatoryFee", "free_line": "principalAmount"}
    customer, stated = Customer(ways=Ways(rates=Rates(**{rate: 1.0}))), 0
    gross = Counter({truth["gross_cents"]: 1 for truth in customer.truth()})
    for transaction in customer.recent():
        for line in transaction.transactionLineItems or []:
            parts = (line.principalAmount, line.regulatoryFee, line.shippingCharge, line.giftWrappingCharge, line.tax)
            assert cents(line.totalAmount) == sum(map(cents, parts)) - cents(line.discount)
            amount = getattr(line, fields[rate])
            stated += (cents(amount) == 0) if rate == "free_line" else amount is not None
        assert cents(transaction.amount) in gross
    assert stated > 3


HANDS: dict[str, Callable[[Truth], bool]] = {
    "locked": lambda truth: truth["locked"],
    "scanned": lambda truth: truth["has_text"] is False,
    "corrected": lambda truth: len(truth["replaced"]) == 1,
    "sellers_own": lambda truth: truth["layout"] in ("sellers_own", "amazon_branch"),
    "marketplace": lambda truth: truth["layout"] != "amazon_branch",
}


@pytest.mark.parametrize("rate", HANDS)
def test_documents_of_another_hand(rate: str):
    """Every document of an account at the full rate."""
    assert all(HANDS[rate](truth) for truth in truth_of(troubled(**{rate: 1.0}), hashes=False))


def test_one_rate_does_not_move_what_another_draws():
    """The late ones stay late when other trouble joins them."""

    def late(world: World) -> set[str | None]:
        return {document.number for document in world.documents if uploaded_late(document)}

    assert late(troubled(late=0.3)) == late(troubled(late=0.3, null_details=0.5, split=0.5))
    assert 5 < len(late(troubled(late=0.3))) < 20


def uploaded_late(document: Document) -> bool:
    """More than a day after its date."""
    issued, uploaded = document.issued_at, document.course.uploaded_at
    return issued is not None and uploaded is not None and uploaded - issued > timedelta(days=1)


@pytest.mark.parametrize("rates", [CALM, DAILY, HARSH], ids=["calm", "daily", "harsh"])
def test_a_season_is_the_same_from_one_seed_and_unfolds(rates: Rates):
    """30 days of 10 orders: nothing of it at the start, all of it at the end; numbers are unique; the sums agree."""
    recipe = Recipe(5, 0, START, BUYER, Season(30, 10), rates)
    first, second = (truth_of(seeded_world(recipe), hashes=False) for _ in range(2))
    world = seeded_world(recipe)
    assert first == second
    assert len(first) == len({truth["number"] for truth in first}) > 300
    assert 0 == sum(row.payment.visible(START) for row in world.rows(START - timedelta(days=9), START + timedelta(days=99)))
    assert [] == [one for one in world.documents if one.course.never is None and waits_for(one, START + timedelta(days=70))]
    for document in world.documents:
        assert document.gross_cents == sum(line.total_cents or 0 for line in document.lines)


def test_a_season_is_planned_without_drawing_a_page(monkeypatch: pytest.MonkeyPatch):
    """Nine days of 500 orders, a tenth of a quarter: the first page that is drawn fails."""

    def drawn(_paper: Paper) -> bytes:
        raise AssertionError("a page was drawn")

    monkeypatch.setattr(complications, "rendered", drawn)
    world = seeded_world(Recipe(1, 0, START, BUYER, Season(9, 500), DAILY))
    assert 5_000 < len(world.documents) < 9_000
    with pytest.raises(AssertionError, match="drawn"):
        world.documents[0].pdf()


def test_rates_by_mixture_file_and_option(tmp_path: Path):
    """The option wins over the file, the file over the mixture; JSON is YAML."""
    file = tmp_path / "rates.json"
    file.write_text('{"late": 0.5, "fatal": 0.25}')
    rates = rates_from("daily", file, ["fatal=1"])
    assert (0.5, 1.0, DAILY.mailed) == (rates.late, rates.fatal, rates.mailed)


@pytest.mark.parametrize("change", ["lates=0.5", "late=1.5", "late=-1", "late=often", "late"])
def test_unknown_rates_are_refused(change: str):
    """Misspelled, or no share."""
    with pytest.raises(UnknownRate):
        rates_from(changes=[change])
