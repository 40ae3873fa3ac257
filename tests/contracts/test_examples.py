"""The committed examples: valid, the same after a trip over the wire, sound as accounting, and between them every case a field allows."""

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import combinations
from typing import Any, cast

import pytest
from pydantic import ValidationError
from stdnum.eu import vat
from stdnum.fr import siren

from schemas.contract import EventData
from schemas.entry_recorded.v1 import EntryLine, EntryRecorded
from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.invoice_described.v1 import InvoiceDescribed
from schemas.record_parked.v1 import RecordParked
from schemas.registry import FOLDER, event_class, topic, topics
from schemas.values import RunCounts
from services.kernel.envelope import Event, Record, RunPosition, decode, encode, event_id
from tests.contracts.files import EVERY_EVENT, EVERY_EXAMPLE, EXAMPLES, FOLDERS, Json, at, event, example, example_bytes, refusals, schema
from tests.support.kernel import headers

LARGEST_BYTES = 60_000
SOURCE, TIME = "/achats/test", "2026-03-10T05:12:44.318204Z"
VAT_ID = re.compile(r"[A-Z]{2}[0-9A-Z]{2,13}")

type State = tuple[str, str]


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_contract_has_the_four_examples(folder: str):
    """No more, no fewer; each also as it stands on the wire."""
    assert sorted(f"{name}.{form}" for name in EXAMPLES for form in ("json", "wire")) == sorted(
        file.name for file in (FOLDER / folder / "examples" / "v1").iterdir()
    )


@pytest.mark.parametrize(("folder", "name"), EVERY_EXAMPLE)
def test_the_example_is_valid_for_schema_and_class(folder: str, name: str):
    """And says, field by field, what the class writes."""
    assert [] == refusals(schema(folder), example(folder, name))
    assert example(folder, name) == event_class(folder).model_validate_json(example_bytes(folder, name)).model_dump(mode="json")


@pytest.mark.parametrize(("folder", "name"), EVERY_EXAMPLE)
def test_the_example_is_a_file_people_read(folder: str, name: str):
    """Two spaces, accents as they are, one line end at the end, not too large."""
    text = json.dumps(example(folder, name), ensure_ascii=False, indent=2) + "\n"
    assert text.encode() == example_bytes(folder, name)
    assert len(text.encode()) < LARGEST_BYTES


@pytest.mark.parametrize(("folder", "name"), EVERY_EVENT)
def test_the_event_is_the_same_after_the_wire(folder: str, name: str):
    """Encoded, read by a service, encoded again: the same event, the same bytes, the same headers."""
    data = event(folder, name)
    sent = encode(_event(data), "achats.test.v1")
    read = decode(Record("achats.test.v1", 0, 0, 0, sent.key, sent.value, sent.headers), {data.ce_type: type(data)})
    assert read is not None
    assert _event(data) == read
    assert sent == encode(read, "achats.test.v1")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_reason_in_a_header_is_the_same_after_the_wire(name: str):
    """record.parked travels as JSON in one header."""
    reason = RecordParked.model_validate_json(example_bytes("record_parked", name))
    assert reason == RecordParked.model_validate_json(reason.model_dump_json().encode())


def test_the_headers_of_the_typical_invoice():
    """Every header, to the letter: what subscribers filter and deduplicate on. The id must never change."""
    sent = encode(_event(event("invoice_collected", "typical")), "achats.collected.v1")
    assert (b"atelier-lumiere", "achats.collected.v1") == (sent.key, sent.topic)
    assert (
        ("ce_specversion", b"1.0"),
        ("ce_id", b"7dd9ec7183b2d4f7b8dd667b3e44c97f"),
        ("ce_source", b"/achats/test"),
        ("ce_type", b"achats.invoice.collected.v1"),
        ("ce_time", b"2026-03-10T05:12:44.318204Z"),
        ("ce_subject", b"atelier-lumiere/inv-34f446d39ea53a5615d53962"),
        ("ce_dataschema", b"invoice.collected.v1"),
        ("ce_companyid", b"atelier-lumiere"),
        ("ce_causationid", b"4f"),
        ("ce_runid", b"run-1"),
        ("ce_runseq", b"7"),
        ("ce_replayid", b"rep-1"),
        ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("content-type", b"application/json"),
    ) == sent.headers


@pytest.mark.parametrize(("folder", "name"), EVERY_EVENT)
def test_ce_dataschema_is_the_schemas_id(folder: str, name: str):
    """What a header names can be found."""
    assert schema(folder)["$id"] == headers(encode(_event(event(folder, name)), "t"))["ce_dataschema"].decode()


@pytest.mark.parametrize(
    "folder", [folder for one in topics() if one.key in {"company", "invoice"} for said in one.says.values() for folder in said]
)
def test_the_record_key_is_what_the_topic_says(folder: str):
    """`company` = the company's id, `invoice` = company/invoice; either way the company leads."""
    data = event(folder, "typical")
    keys = {"company": data.company_id, "invoice": f"{data.company_id}/{getattr(data, 'invoice_id', '')}"}
    assert {keys[one.key] for one in topics() for said in one.says.values() if folder in said} == {data.record_key}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_case_a_field_allows_is_in_an_example(folder: str):
    """Of the four: each field null and not, each list empty and filled, each text with a limit at its limit."""
    contract = schema(folder)
    shown = {state for name in EXAMPLES for state in _states(contract, example(folder, name), contract)}
    assert set() == set(_allowed(contract, contract)) - shown


@pytest.mark.parametrize(("folder", "name"), EVERY_EXAMPLE)
def test_identity_numbers_have_valid_check_digits(folder: str, name: str):
    """SIREN and EU VAT numbers, wherever they stand."""
    for field, value in _texts(example(folder, name)):
        assert field != "siren" or siren.is_valid(value)
        assert field != "vat_id" or (VAT_ID.fullmatch(value) and vat.is_valid(value))


@pytest.mark.parametrize("folder", [folder for one in topics() if one.seen_by == "public" for said in one.says.values() for folder in said])
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_public_example_has_an_address(folder: str, name: str):
    """The only @ is that of a Message-ID."""
    assert [] == [value for field, value in _texts(example(folder, name)) if "@" in value and field != "message_id"]


def test_one_invoice_goes_through_typical():
    """Collected, classified, recorded, described: what two of them say of it is the same, but for what each makes of its lines."""
    flow = [example(folder, "typical") for folder in ("invoice_collected", "invoice_classified", "entry_recorded", "invoice_described")]
    for earlier, later in combinations(flow, 2):
        shared = earlier.keys() & later.keys() - {"lines"}
        assert {"company_id", "invoice_id", "revision", "document"} <= shared
        assert {name: earlier[name] for name in shared} == {name: later[name] for name in shared}
    collected, classified, recorded, described = flow
    assert 106_35 == collected["evidence"]["gross_cents"]["value"] == classified["totals"]["gross_cents"]
    assert 106_35 == sum(charge["total_cents"] for charge in collected["stated"]["charges"])
    assert (classified["number"], recorded["lines"]) == (recorded["piece_ref"], described["lines"])


def test_the_typical_entry():
    """
    invoice FR6000417EX, Amazon EU S.à r.l., Succursale Française
      pens     2 × 10.90  20%
      paper        24.58  20%
      coffee   3 × 14.12  5.5%
      shipping      5.00  20%
    """
    recorded = event("entry_recorded", "typical")
    assert isinstance(recorded, EntryRecorded)
    assert (
        _debit("606400", 46_38),
        _debit("606800", 42_36),
        _debit("624100", 5_00),
        _debit("445660", 2_33, "5.5"),
        _debit("445660", 10_28, "20"),
        EntryLine(account="401000", auxiliary="AMAZON", debit_cents=0, credit_cents=106_35, vat_rate=None),
    ) == recorded.lines


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("folder", ["entry_recorded", "invoice_described"])
def test_entries_balance(folder: str, name: str):
    """Debits = credits; one side per line; the supplier has the gross, on the side that the type gives (PCG 1031-1, 1214-40).

    In euros, and in the document's currency where that is another one.
    """
    entry = event(folder, name)
    assert isinstance(entry, EntryRecorded | InvoiceDescribed)
    assert 0 == sum(line.debit_cents - line.credit_cents for line in entry.lines)
    assert all((line.debit_cents == 0) != (line.credit_cents == 0) for line in entry.lines)
    if entry.lines:
        assert entry.totals is not None
        side = 1 if entry.type == "invoice" else -1
        assert side * entry.totals.gross_cents == sum(_owed(line) for line in entry.lines if line.account == "401000")
        assert 0 == sum(line.currency_cents or 0 for line in entry.lines)


def _owed(line: EntryLine) -> int:
    """In the document's currency, a credit above zero."""
    return line.credit_cents - line.debit_cents if line.currency_cents is None else -line.currency_cents


@pytest.mark.parametrize("name", EXAMPLES)
def test_classified_lines_and_vat_add_up_to_the_totals(name: str):
    """Within min(5 cents, lines): a gap is booked to 658 or 758."""
    said = event("invoice_classified", name)
    assert isinstance(said, InvoiceClassified)
    net, tax = sum(line.net_cents for line in said.lines), sum(group.vat_cents for group in said.vat)
    assert (net, tax) == (said.totals.net_cents, said.totals.vat_cents)
    assert abs(said.totals.gross_cents - net - tax) <= min(5, len(said.lines))


def test_an_entry_that_does_not_balance_is_refused_by_writers_and_readers():
    """A cent more; a line with both sides or none. The schema cannot say it; the class does, also as readers use it."""
    for folder in ("entry_recorded", "invoice_described"):
        for line in ({"debit_cents": 1}, {"credit_cents": 1}, {"debit_cents": 0, "credit_cents": 0}):
            value = example(folder, "typical")
            value["lines"][0] |= line
            with pytest.raises(ValidationError, match=r"does not balance|one side"):
                event_class(folder).model_validate_json(json.dumps(value), extra="ignore")


def test_counts_that_do_not_add_up_are_refused():
    """One document of the run is nowhere."""
    value = example("import_finished", "typical")
    value["counts"]["collected"] += 1
    with pytest.raises(ValidationError, match="do not add up"):
        event_class("import_finished").model_validate_json(json.dumps(value), extra="ignore")


def test_a_checkout_fields_name_has_an_end():
    """100 characters; a schema of the allowed keywords cannot say it."""
    value = example("invoice_collected", "typical")
    for length, refused in ((100, False), (101, True)):
        value["stated"]["charges"][0]["business_order_info"] = {"n" * length: "x"}
        with pytest.raises(ValidationError, match="at most 100") if refused else nullcontext():
            event_class("invoice_collected").model_validate_json(json.dumps(value), extra="ignore")


@pytest.mark.parametrize("folder", ["import_finished", "connection_changed"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_runs_add_up(folder: str, name: str):
    """collected = recorded + no_entry + archived + held + parked + duplicates."""
    counts = getattr(event(folder, name), "counts", None)
    assert isinstance(counts, RunCounts | None)
    if counts is not None:
        assert counts.collected == sum(counts.model_dump(exclude={"collected"}).values())


def test_a_document_of_a_foreign_seller_and_a_credit_note_are_among_the_awkward():
    """What breaks readers: foreign VAT, the other side, text of every kind."""
    collected = event("invoice_collected", "awkward")
    assert isinstance(collected, InvoiceCollected)
    assert collected.evidence.seller.vat_id is not None
    assert ("credit_note", "DE") == (collected.evidence.type and collected.evidence.type.value, collected.evidence.seller.vat_id.value[:2])
    assert "19" == collected.evidence.vat[0].rate
    text = example_bytes("invoice_collected", "awkward").decode()
    assert [] == [piece for piece in ("é", "œ", "’", "'", "« ", "ß", "Ł", "€", "🖊", r"\n", r"\t", r"\"", "\\\\") if piece not in text]


def test_the_largest_have_many_lines():
    """And stay far below what the topic takes."""
    assert 120 == len(example("invoice_classified", "largest")["lines"])
    assert 120 == len(example("entry_recorded", "largest")["lines"])
    assert (45, 44) == (
        len(example("invoice_collected", "largest")["evidence"]["lines"]),
        len(example("invoice_collected", "largest")["stated"]["charges"]),
    )
    assert topic("achats.collected.v1").max_message_bytes > 10 * len(example_bytes("invoice_collected", "largest"))


def _event(data: EventData) -> Event[Any]:
    return Event(
        id=event_id(SOURCE, data.ce_type, data.subject, 1),
        source=SOURCE,
        time=TIME,
        data=data,
        run=RunPosition("run-1", 7),
        causation_id="4f",
        replay_id="rep-1",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


def _debit(account: str, cents: int, rate: str | None = None) -> EntryLine:
    return EntryLine(account=account, auxiliary=None, debit_cents=cents, credit_cents=0, vat_rate=rate)


def _texts(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Every text of an example with its field's name; the value of a fact has the fact's name."""
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, dict):
        for name, inner in cast("Json", value).items():
            yield from _texts(inner, field if name == "value" else name)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _texts(inner, field)


def _states(spot: Json, value: Any, root: Json, place: str = "") -> Iterator[State]:
    """Which of its cases each field shows in this value."""
    rule = at(spot, value, root)
    if "anyOf" in spot:
        yield place, "null" if value is None else "there"
    if "items" in rule:
        elements = cast("list[Any]", value)
        yield place, "filled" if elements else "empty"
        for element in elements:
            yield from _states(rule["items"], element, root, place)
    if len(value if isinstance(value, str) else "") == rule.get("maxLength"):
        yield place, "longest"
    for name, field in rule.get("properties", {}).items():
        yield from _states(field, cast("Json", value)[name], root, f"{place}.{name}")


def _allowed(spot: Json, root: Json, place: str = "") -> Iterator[State]:
    """Every case the schema allows for each field."""
    rule = at(spot, "", root)
    if "anyOf" in spot:
        yield from ((place, "null"), (place, "there"))
    if "items" in rule:
        yield from ((place, state) for state in ("filled", "empty")[: 1 if "minItems" in rule else 2])
        yield from _allowed(rule["items"], root, place)
    if "maxLength" in rule:
        yield place, "longest"
    for name, field in rule.get("properties", {}).items():
        yield from _allowed(field, root, f"{place}.{name}")
