"""A credit note and its original, whatever they say and whatever a person made of the invoice."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat, InvoiceClassified
from services.ledger.domain.originals import Original, credit_of, original_of, post_credit
from services.ledger.domain.posting import Entry, Line, NoEntry, post
from tests.unit.ledger.documents import invoice

ACCOUNTS: Sequence[str] = ("606400", "606300", "607000", "624100", "218300", "471000")
RATES = ("20", "5.5", None)
REGIMES = ("domestic", "intra_eu", "reverse_charge", "foreign")
TITLES = ("Papier", "Lampe", "Port")
DUE = ("intra_eu", "reverse_charge")


@st.composite
def documents(draw: st.DrawFn, kind: str) -> InvoiceClassified:
    """A document with lines of any account; per rate any regime, and any part of its VAT deducted, the rest in the costs."""
    rows = draw(st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.integers(1, 10**6), st.sampled_from(RATES)), min_size=1, max_size=6))
    costs, vat = [net for _, net, _ in rows], list[ClassifiedVat]()
    for rate in sorted({rate for *_, rate in rows if rate}):
        places = [place for place, row in enumerate(rows) if row[2] == rate]
        base = sum(rows[place][1] for place in places)
        regime = draw(st.sampled_from(REGIMES))
        cents = base * int(float(rate) * 10) // 1000
        part = 0 if regime == "foreign" else draw(st.sampled_from([0, cents // 3, cents]))
        costs[draw(st.sampled_from(range(len(rows))))] += cents - part
        asset = rows[places[0]][0].startswith("2")
        vat.append(ClassifiedVat(rate=rate, base_cents=base, vat_cents=cents, regime=regime, asset=asset, deductible_cents=part))
    gross = sum(net for _, net, _ in rows) + sum(row.vat_cents for row in vat if row.regime not in DUE)
    document = invoice(rows, type=kind, vat=tuple(vat), gross_cents=gross)
    lines = [_line(draw(st.sampled_from(TITLES)), line, cost) for line, cost in zip(document.lines, costs, strict=True)]
    return document.model_copy(update={"lines": tuple(lines)})


@st.composite
def corrections(draw: st.DrawFn, document: InvoiceClassified) -> Original:
    """The document in the book after a person put accounts on others and parted a line, or did nothing."""
    booked = list(_lines(post(document)))
    codes = draw(st.dictionaries(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS)))
    lines = [line._replace(account=codes.get(line.account, line.account)) for line in booked]
    first = lines[0]
    if draw(st.booleans()) and first.cents > 1:
        part = draw(st.integers(1, first.cents - 1))
        other = first._replace(account=draw(st.sampled_from(ACCOUNTS)), cents=first.cents - part)
        lines[:1] = [first._replace(cents=part), other]
    return original_of(document, tuple(lines))


ORIGINALS = documents("invoice").flatmap(corrections)


@given(ORIGINALS)
def test_an_invoice_and_its_full_credit_note_leave_nothing_on_any_account(original: Original):
    """Whatever a person made of the invoice: accounts, parts, VAT that was not deducted."""
    document = _whole(original)
    left = Counter[tuple[str, str | None, str | None]]()
    for line in (*original.entry, *_posted(document, original)):
        left[line.account, line.auxiliary, line.vat_rate] += line.cents
    assert {0} == set(left.values())


@given(ORIGINALS, documents("credit_note"))
def test_every_credit_note_balances_and_gives_back_its_gross(original: Original, note: InvoiceClassified):
    """Whatever its original is: lines, rates and regimes that have nothing to do with it as well."""
    lines = _posted(note, original)
    assert 0 == sum(line.cents for line in lines)
    assert note.totals.gross_cents == sum(line.cents for line in lines if line.account in ("401000", "404000"))
    assert all(line.cents for line in lines)


@given(ORIGINALS, documents("credit_note"))
def test_what_the_document_alone_books_is_its_digest(original: Original, note: InvoiceClassified):
    """So no correction of the original makes a conflict of a repeat."""
    alone, entry = post(note), post_credit(note, credit_of(note, [original]))
    assert isinstance(alone, Entry)
    assert isinstance(entry, Entry)
    assert alone.digest == entry.digest


@given(st.integers(1, 10**6), st.integers(0, 100), st.lists(st.integers(1, 99), min_size=1, max_size=5))
def test_parts_give_back_the_share_that_was_deducted_to_a_cent_each(net: int, percent: int, parts: Sequence[int]):
    """One line at 20 %, a part of its VAT deducted; credit notes of some percent each."""
    vat, part = net // 5, net // 5 * percent // 100
    line = _line("Papier", invoice().lines[0].model_copy(update={"net_cents": net}), net + vat - part)
    row = ClassifiedVat(rate="20", base_cents=net, vat_cents=vat, regime="domestic", deductible_cents=part)
    document = invoice([("606400", net, "20")], vat=(row,)).model_copy(update={"lines": (line,)})
    original = original_of(document, _lines(post(document)))
    for share in parts:
        given_back = net * share // 100
        note = invoice([("606400", given_back, "20")], type="credit_note", vat=(_row(given_back),))
        taken = -sum(one.cents for one in _posted(note, original) if one.account == "445660")
        assert 2 * abs(taken * vat - _row(given_back).vat_cents * part) <= vat


def _row(net: int) -> ClassifiedVat:
    return ClassifiedVat(rate="20", base_cents=net, vat_cents=net // 5, regime="domestic")


def _line(title: str, line: ClassifiedLine, cost: int) -> ClassifiedLine:
    return line.model_copy(update={"label": title, "cost_cents": cost if cost != line.net_cents else None})


def _whole(original: Original) -> InvoiceClassified:
    """The credit note that gives back all of it, as a classifier that deducts everything would say it."""
    assert original.totals is not None
    document = invoice([("471000", 1, None)], type="credit_note", gross_cents=original.totals.gross_cents)
    rows = tuple(row.model_copy(update={"deductible_cents": None if row.regime != "foreign" else 0}) for row in original.vat)
    foreign = sum(row.vat_cents for row in rows if row.regime == "foreign")
    first = original.lines[0]
    lines = [line.model_copy(update={"account": "471000", "cost_cents": None}) for line in original.lines]
    lines[0] = lines[0].model_copy(update={"cost_cents": first.net_cents + foreign})
    return document.model_copy(update={"lines": tuple(lines), "vat": rows, "totals": original.totals})


def _posted(note: InvoiceClassified, original: Original) -> tuple[Line, ...]:
    return _lines(post_credit(note, credit_of(note, [original])))


def _lines(entry: Entry | NoEntry) -> tuple[Line, ...]:
    return entry.lines if isinstance(entry, Entry) else ()
