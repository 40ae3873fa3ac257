"""Properties of the decision and of its entry: total, deterministic, balanced, mirrored by a return, indifferent to the order of lines."""

import json
from typing import Any

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_collected.v1 import Answers, Evidence, EvidenceLine, InvoiceCollected, VatGroup
from schemas.values import FIRST_DAY, LAST_DAY, CompanySettings
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.arithmetic import tolerance
from services.classifier.domain.classification import classify
from services.classifier.domain.shares import split_by_weight
from services.ledger.domain.holds import Hold
from services.ledger.domain.posting import Entry, post
from tests.support.collected import (
    COMPANY_VAT_ID,
    charge,
    collected,
    domestic_invoice,
    evidence,
    fact,
    german_seller,
    line,
    party,
    seller,
    stated,
    vat,
)
from tests.support.collected import settings as company

RULEBOOK = read_rulebook()
LABELS = ("Papier A4", "Café en grains", "Livre relié", "Objet inconnu", "Frais de port", "Ordinateur portable")
RATES = ("20", "10", "5.5", "2.1")
CONSUMABLES, BELIEVED_CENTS = ("Papier A4", "Café en grains"), 480_00  # dearer ones are asked about: is it paper?
DEAREST_CENTS = 3_000_00  # an asset, whatever is deducted
MENTIONS = [
    *("reverse_charge", "intra_eu_supply", "export", "small_business_exempt", "margin_scheme"),
    *("not_a_vat_invoice", "vat_on_payment", "new_mention"),
]

cents = st.integers(-(10**15), 10**15)
letters = st.characters(codec="utf-8", exclude_characters="\0")
texts = st.text(letters, min_size=1, max_size=40)
numbers = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z .+*-]{0,39}", fullmatch=True)
maybe_texts = st.none() | texts.map(fact)
maybe_cents = st.none() | st.one_of(cents, st.integers(0, 500_00)).map(fact)
rates = st.none() | st.sampled_from(["20", "20.00", "5.5", "0", "0.00", "19", "7", "99.999"])
categories = st.none() | st.sampled_from(["s", "z", "e", "ae", "k", "g", "o", "x9"])
parties = st.builds(party, st.none() | texts, st.none() | numbers, st.none() | numbers, st.none() | st.sampled_from(["FR", "DE", "ZZ"]))
groups = st.builds(vat, rates, cents, cents, categories)
charges = st.builds(
    charge,
    st.none() | texts,
    kind=st.sampled_from(["charge", "refund", "other"]),
    unspsc=st.none() | st.sampled_from(["43211503", "14111507", "561122"]) | texts,
    quantity=st.none() | st.integers(-3, 10**6),
    currency=st.sampled_from([None, "EUR", "USD"]),
    principal_cents=st.none() | cents,
    shipping_cents=st.none() | cents,
    discount_cents=st.none() | cents,
    total_cents=st.none() | cents,
    tax_rate=st.none() | st.sampled_from(["0.2", "20", "0.055", "-1", "999999999999999"]),
)
lines = st.builds(line, texts, cents, rates, st.none() | st.sampled_from(["1", "2.5", "0", "-3", "0.000000000000001"]))
anything = st.builds(
    Evidence,
    reading=st.sampled_from(["factur_x", "text", "none"]),
    unreadable=st.none(),
    number=maybe_texts,
    type=st.none() | st.sampled_from(["invoice", "credit_note", "receipt", "a_later_type"]).map(fact),
    issue_date=st.none() | st.dates(FIRST_DAY, LAST_DAY).map(fact),
    currency=st.none() | st.sampled_from(["EUR", "USD", "JPY"]).map(fact),
    credited_number=maybe_texts,
    seller=parties,
    buyer=parties,
    net_cents=maybe_cents,
    vat_cents=maybe_cents,
    gross_cents=maybe_cents,
    vat=st.lists(groups, max_size=3).map(tuple),
    lines=st.lists(lines, max_size=4).map(tuple),
    departure=st.none() | st.sampled_from(["FR", "DE", "CN", "ZZ"]).map(fact),
    delivery_date=st.none() | st.dates(FIRST_DAY, LAST_DAY).map(fact),
    exchange_rate=st.none() | st.sampled_from(["1.1250", "0", "-1", "0.000000000000001", "999999999999999"]).map(fact),
    mentions=st.lists(st.sampled_from(MENTIONS), max_size=2).map(tuple),
)
companies = st.builds(
    company,
    vat_id=st.sampled_from([COMPANY_VAT_ID, None]),
    vat_regime=st.sampled_from(["normal", "franchise", "a_later_regime"]),
    deduction_coefficient=st.sampled_from(["1", "0", "0.6", "0.3333"]),
    supplier_mode=st.sampled_from(["amazon_business", "legal_seller"]),
    asset_limit_cents=st.sampled_from([0, 500_00]),
    asset_limit_basis=st.sampled_from(["net", "gross", "later"]),
    freight_policy=st.sampled_from(["goods", "608", "later"]),
    vat_timing=st.sampled_from(["invoice", "strict", "later"]),
    buyer_check=st.booleans(),
)
answered = st.none() | st.builds(
    Answers,
    initial_equipment=st.booleans(),
    sets=st.lists(st.lists(st.integers(1, 9), min_size=2, max_size=4).map(tuple), max_size=2).map(tuple),
)
sellers = {"FR": seller(), "DE": german_seller(), "IT": party("Arredo S.r.l.", "IT04738120965", None, "IT")}
ways = st.sampled_from([("FR", None, True), ("DE", "k", False), ("IT", "ae", False)])
"""Seller, category and whether it charges French VAT."""


@st.composite
def documents_that_add_up(draw: st.DrawFn) -> list[tuple[str, int, str]]:
    """Label, net and rate of the lines of a sound French invoice."""
    row = st.tuples(st.sampled_from(LABELS), st.integers(1, DEAREST_CENTS), st.sampled_from(RATES))
    return draw(st.lists(row, min_size=1, max_size=8))


def sound(rows: list[tuple[str, int, str]], **changes: Any) -> InvoiceCollected:
    """The document of these rows, its VAT table computed per rate."""
    bases: dict[str, int] = {}
    for _, net, rate in rows:
        bases[rate] = bases.get(rate, 0) + net
    table: list[VatGroup] = [vat(rate, base, round(base * float(rate) / 100)) for rate, base in bases.items()]
    printed: list[EvidenceLine] = [line(label, net, rate) for label, net, rate in rows]
    return collected(evidence(printed, table), **changes)


def any_way(rows: list[tuple[str, int, str]], way: tuple[str, str | None, bool], kind: str, **changes: Any) -> InvoiceCollected:
    """The document of these rows under a regime: French VAT, or none and the buyer owes it."""
    who, category, is_charged = way
    named = [("Papier A4" if label == "Objet inconnu" else label, net, rate if is_charged else "0") for label, net, rate in rows]
    known = [(label, min(net, BELIEVED_CENTS) if label in CONSUMABLES else net, rate) for label, net, rate in named]
    known.append(("Papier A4", 10_00, known[0][2]))
    document = sound(known, **changes)
    rows_of_vat = tuple(row.model_copy(update={"category": category or "s"}) for row in document.evidence.vat)
    said = {"seller": sellers[who], "vat": rows_of_vat, "type": fact(kind)}
    return document.model_copy(update={"evidence": document.evidence.model_copy(update=said), "stated": stated(number=None, kind=None)})


@settings(max_examples=300, deadline=None)
@given(anything, st.lists(charges, max_size=3), companies, answered)
def test_every_document_has_an_answer(said: Evidence, api: list[Any], ours: CompanySettings, told: Answers | None) -> None:
    """Goal: total. Method: whatever a reader, a company and a person might say, the answer is a valid event and nothing is raised."""
    document = collected(said, stated(api, None, None), settings=ours, answers=told)
    answer = classify(document, RULEBOOK)
    assert type(answer).model_validate_json(answer.model_dump_json()) == answer


@st.composite
def nearly_sound_documents(draw: st.DrawFn) -> InvoiceCollected:
    """A document of up to 225 lines that could be booked, but that up to three of the things it says are anything."""
    rows = draw(documents_that_add_up()) * draw(st.sampled_from([1, 1, 1, 25]))
    document = any_way(
        rows, draw(ways), draw(st.sampled_from(["invoice", "credit_note", "receipt"])), settings=draw(companies), answers=draw(answered)
    )
    odd = draw(anything)
    fields = draw(st.sets(st.sampled_from(sorted(Evidence.model_fields)), max_size=3))
    api = stated(draw(st.lists(charges, max_size=3)), None, None)
    changed = document.evidence.model_copy(update={field: getattr(odd, field) for field in sorted(fields)})
    return document.model_copy(update={"evidence": changed, "stated": api})


@settings(max_examples=200, deadline=None)
@given(nearly_sound_documents())
def test_every_nearly_sound_document_has_one_answer(document: InvoiceCollected) -> None:
    """Goal: total and pure, past the first steps too. Method: the event as it came and read again from its bytes give the same bytes."""
    answer = classify(document, RULEBOOK).model_dump_json()
    assert answer == classify(InvoiceCollected.model_validate_json(document.model_dump_json()), RULEBOOK).model_dump_json()


def test_nearly_sound_documents_come_far() -> None:
    """
    Goal: the property above is not about documents that the first step holds: of 300 drawn, at least a third are classified.
    Of few, one odd field that is drawn again and again decides.
    """
    seen = list[str]()

    @seed(1)
    @settings(max_examples=300, deadline=None, database=None)
    @given(nearly_sound_documents())
    def draw(document: InvoiceCollected) -> None:
        seen.append(type(classify(document, RULEBOOK)).__name__)

    draw()
    assert len(seen) <= 3 * seen.count("InvoiceClassified")


@settings(max_examples=100, deadline=None)
@given(documents_that_add_up())
def test_a_sound_document_is_classified_and_adds_up(rows: list[tuple[str, int, str]]) -> None:
    """Goal: nets and VAT of the answer leave no more than the rounding gap to the printed gross (A10.16)."""
    answer = classify(sound(rows), RULEBOOK)
    assert isinstance(answer, InvoiceClassified)
    nets, taxes = sum(one.net_cents for one in answer.lines), sum(row.vat_cents for row in answer.vat)
    assert abs(answer.totals.gross_cents - nets - taxes) <= tolerance(len(answer.lines))


@settings(max_examples=100, deadline=None)
@given(documents_that_add_up(), st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_no_sum(rows: list[tuple[str, int, str]], chance: Any) -> None:
    """Goal: net per account and rate, VAT, totals and flags do not depend on the order in which lines are printed."""
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert sums(classify(sound(rows), RULEBOOK)) == sums(classify(sound(shuffled), RULEBOOK))


@settings(max_examples=200, deadline=None)
@given(documents_that_add_up(), ways, companies, st.sampled_from(["invoice", "credit_note"]))
def test_the_entry_of_any_document_balances_and_owes_the_gross(
    rows: list[tuple[str, int, str]], way: tuple[str, str | None, bool], ours: CompanySettings, kind: str
) -> None:
    """Goal: debits = credits, and 401 with 404 owes what the PDF says, under self-assessment too (A10.11)."""
    entry = booked(any_way(rows, way, kind, settings=ours))
    if entry is None:
        return
    side = 1 if kind == "invoice" else -1
    answer = classify(any_way(rows, way, kind, settings=ours), RULEBOOK)
    assert isinstance(answer, InvoiceClassified)
    assert 0 == sum(one.cents for one in entry.lines)
    assert side * answer.totals.gross_cents == -sum(one.cents for one in entry.lines if one.account[:3] in ("401", "404"))
    assert sum(row.deductible_cents or 0 for row in answer.vat) <= sum(row.vat_cents for row in answer.vat)


@settings(max_examples=100, deadline=None)
@given(documents_that_add_up(), ways, companies)
def test_an_invoice_and_its_full_return_are_mirror_images(
    rows: list[tuple[str, int, str]], way: tuple[str, str | None, bool], ours: CompanySettings
) -> None:
    """Goal: what was bought and given back leaves nothing (A10.8). Case: goods, not a later rebate."""
    bought, returned = (booked(any_way(rows, way, kind, settings=ours)) for kind in ("invoice", "credit_note"))
    if bought is None or returned is None or bought.later:
        return
    assert [one._replace(cents=-one.cents) for one in bought.lines] == list(returned.lines)


@settings(max_examples=100, deadline=None)
@given(documents_that_add_up(), ways, companies, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_no_entry(
    rows: list[tuple[str, int, str]], way: tuple[str, str | None, bool], ours: CompanySettings, chance: Any
) -> None:
    """Goal: accounts and cents do not depend on the order in which lines are printed, however VAT and freight are shared."""
    document = any_way(rows, way, "invoice", settings=ours)
    shuffled = list(document.evidence.lines)
    chance.shuffle(shuffled)
    again = document.model_copy(update={"evidence": document.evidence.model_copy(update={"lines": tuple(shuffled)})})
    first, second = booked(document), booked(again)
    assert (first and first.lines) == (second and second.lines)


def booked(document: InvoiceCollected) -> Entry | None:
    """The entry of a document; None when it is held or nets to zero."""
    answer = classify(document, RULEBOOK)
    if isinstance(answer, ClassificationHeld):
        assert answer.reason in ("company_without_vat_number", "delivery_date_missing"), answer.reason
        return None
    try:
        entry = post(answer)
    except Hold:
        return None
    return entry if isinstance(entry, Entry) else None


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(1, 10**12), min_size=1, max_size=40))
def test_shares_are_the_total(total: int, weights: list[int]) -> None:
    """Goal: not a cent lost; a share is within a cent a line of its part."""
    shares = split_by_weight(total, weights)
    assert total == sum(shares)
    assert all(
        abs(share * sum(weights) - total * weight) <= len(weights) * sum(weights) for share, weight in zip(shares, weights, strict=True)
    )


def sums(answer: InvoiceClassified | ClassificationHeld) -> Any:
    """What the ledger makes of an answer."""
    assert isinstance(answer, InvoiceClassified)
    nets: dict[tuple[str, str | None], int] = {}
    for one in answer.lines:
        nets[one.account, one.vat_rate] = nets.get((one.account, one.vat_rate), 0) + one.net_cents
    return nets, answer.vat, answer.totals, answer.flags


@settings(max_examples=50, deadline=None)
@given(documents_that_add_up())
def test_the_same_event_gives_the_same_bytes(rows: list[tuple[str, int, str]]) -> None:
    """Goal: pure. Method: the event read twice from its bytes."""
    wire = sound(rows).model_dump_json()
    first, second = (classify(InvoiceCollected.model_validate_json(wire), RULEBOOK).model_dump_json() for _ in range(2))
    assert first == second


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.from_regex(r"later_[a-z]{1,8}", fullmatch=True), st.none() | st.integers() | st.text(max_size=9), max_size=3))
def test_fields_of_a_later_writer_change_nothing(fields: dict[str, Any]) -> None:
    """Goal: readers ignore what they do not know, at every level."""
    plain = domestic_invoice()
    page = json.loads(plain.model_dump_json())
    for place in (page, page["evidence"], page["evidence"]["seller"], page["stated"], page["settings"], page["evidence"]["lines"][0]):
        place.update(fields)
    read = InvoiceCollected.model_validate_json(json.dumps(page), extra="ignore")
    assert classify(plain, RULEBOOK).model_dump_json() == classify(read, RULEBOOK).model_dump_json()
