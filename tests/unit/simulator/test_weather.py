"""How calls and downloads go wrong: by drawn rates and by planned faults; assumptions that change answers."""

import gzip
import io
import json
import zipfile
from collections import Counter
from datetime import timedelta

import pytest

from deploy.local.amazon.assumptions import Assumptions, UnknownAssumption
from deploy.local.amazon.clock import iso
from deploy.local.amazon.settings import Ways
from deploy.local.amazon.trouble import Rates
from tests.unit.simulator import shapes
from tests.unit.simulator.customer import START, Customer

REPORTS = "/reports/2021-09-30/reports"


def statuses(customer: Customer, count: int, **options: str) -> Counter[str]:
    """How so many reports on the first order end."""
    order_id = customer.truth()[0]["order_id"]
    ids = [customer.create_report(**{"orderId": order_id, **options}).json()["reportId"] for _ in range(count)]
    customer.clock.advance(60)
    return Counter(customer.report(report_id).processingStatus for report_id in ids)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [(Rates(fatal=1.0), {"FATAL": 5}), (Rates(cancelled=1.0), {"CANCELLED": 5}), (Rates(late=0.0), {"DONE": 5})],
)
def test_reports_end_as_the_rates_say(rates: Rates, expected: dict[str, int]):
    """FATAL, CANCELLED although there is something to return, DONE."""
    assert expected == statuses(Customer(invoices=8, ways=Ways(rates=rates)), 5)


def test_server_errors_come_at_their_rate():
    """500, 503 and 504 at the rate of one; calm again when the control plane says so."""
    customer = Customer(invoices=8)
    customer.rule("/rates", server_error=1)
    assert {500, 503, 504} == {customer.transactions().status_code for _ in range(30)}
    customer.rule("/rates", server_error=0)
    assert 200 == customer.transactions().status_code


def test_a_malformed_answer_is_half_of_the_json():
    """Status 200, and nothing tells but the JSON itself; planned for one call."""
    customer = Customer(invoices=8)
    customer.rule("/rates", malformed=1)
    answer = customer.transactions()
    customer.rule("/rates", malformed=0)
    assert (200, str(len(answer.content))) == (answer.status_code, answer.headers["content-length"])
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    customer.control.ask("POST", "/faults", json=[{"operation": "getTransactions", "status": "malformed", "times": 1}])
    assert len(customer.transactions().content) < len(customer.transactions().content)


def test_a_slow_answer_takes_virtual_seconds():
    """Seven of them, planned; three to twenty, drawn."""
    customer = Customer(invoices=8)
    customer.control.ask("POST", "/faults", json=[{"operation": "getTransactions", "status": "delayed", "times": 1, "seconds": 7}])
    assert 200 == customer.transactions().status_code
    assert START + timedelta(seconds=7) == customer.clock.now()
    customer.rule("/rates", slow=1)
    customer.transactions()
    assert timedelta(seconds=10) <= customer.clock.now() - START <= timedelta(seconds=27)


@pytest.mark.parametrize("reading", ["feed", "order"])
def test_both_readings_of_the_date_filter(reading: str):
    """An order refunded 40 days later: by feed date the refund alone is in the window, by order date none of it."""
    customer = Customer(invoices=8)
    order_id, _, number = customer.bought()
    customer.later(days=40)
    customer.do({"deed": "refund", "number": number})
    customer.rule("/assumptions", reading=reading)
    now = customer.clock.now()
    answer = customer.transactions(feedStartDate=iso(now - timedelta(days=1)), feedEndDate=iso(now + timedelta(days=1)))
    found = shapes.TransactionsResponse.model_validate_json(answer.content).transactions
    assert {"feed": ["REFUND"], "order": []}[reading] == [one.transactionType for one in found]
    answer = customer.transactions(feedStartDate=iso(START - timedelta(hours=1)), feedEndDate=iso(START + timedelta(hours=1)))
    found = shapes.TransactionsResponse.model_validate_json(answer.content).transactions
    ours = sorted(str(one.transactionType) for one in found if order_id in {line.orderId for line in one.transactionLineItems or []})
    assert {"feed": ["CHARGE"], "order": ["CHARGE", "REFUND"]}[reading] == ours


def test_rows_in_another_order():
    """The same transactions, not by date."""
    customer = Customer()
    by_date = [one.transactionId for one in customer.all_transactions()]
    customer.rule("/assumptions", transaction_order="mixed")
    mixed = [one.transactionId for one in customer.all_transactions()]
    assert by_date != mixed
    assert set(by_date) == set(mixed)


def test_page_tokens_expire_and_may_be_less_strict():
    """After a day (assumed); beside other parameters when strictness is off, as some clients report."""
    customer = Customer(page_size=15)
    token = customer.transactions().json()["nextPageToken"]
    dates = {"feedStartDate": iso(START), "feedEndDate": iso(START)}
    assert 400 == customer.transactions(nextPageToken=token, **dates).status_code
    customer.rule("/assumptions", strict_tokens=False)
    assert 200 == customer.transactions(nextPageToken=token, **dates).status_code
    customer.later(days=2)
    assert 400 == customer.transactions(nextPageToken=token).status_code


def test_new_rows_appear_between_two_pages():
    """A transaction that becomes visible after the first page is on a later one."""
    customer = Customer(page_size=15)
    window = {"feedStartDate": iso(START - timedelta(days=45)), "feedEndDate": iso(START + timedelta(days=1))}
    page = customer.transactions(**window).json()
    customer.do({"deed": "ship", "order_id": customer.do({"deed": "place"})[0]})
    count = len(page["transactions"])
    while "nextPageToken" in page:
        page = customer.transactions(nextPageToken=page["nextPageToken"]).json()
        count += len(page["transactions"])
    assert 41 == count


def test_a_page_size_that_divides_the_rows_leaves_no_empty_page():
    """40 transactions in pages of 20: two pages, the second without a token."""
    customer = Customer(page_size=20)
    first = customer.transactions().json()
    second = customer.transactions(nextPageToken=first["nextPageToken"]).json()
    assert (20, 20, False) == (len(first["transactions"]), len(second["transactions"]), "nextPageToken" in second)


@pytest.mark.parametrize(("sign", "negative"), [("positive", False), ("negative", True)])
def test_the_sign_of_refunds_can_be_settled(sign: str, negative: bool):
    """Whatever the seed."""
    customer = Customer()
    customer.rule("/assumptions", refund_sign=sign)
    refunds = [one.amount.amount for one in customer.all_transactions() if one.amount and one.transactionType == "REFUND"]
    assert [negative] * 5 == [amount.startswith("-") for amount in refunds]


def test_reports_queue_behind_others():
    """One at a time: 45 s, then 30 s more for each."""
    customer = Customer(invoices=8)
    customer.rule("/assumptions", reports_at_once=1)
    order_id = customer.truth()[0]["order_id"]
    ids = [customer.create_report(orderId=order_id).json()["reportId"] for _ in range(3)]
    seen = list[list[str]]()
    for seconds in (45, 30, 30):
        customer.clock.advance(seconds)
        seen.append([customer.report(report_id).processingStatus for report_id in ids])
    assert [["DONE", "IN_PROGRESS", "IN_QUEUE"], ["DONE", "DONE", "IN_PROGRESS"], ["DONE", "DONE", "DONE"]] == seen


def content(kind: str) -> tuple[Customer, bytes, str | None]:
    """The payload of a report on an order with one document, and its stated compression."""
    customer = Customer()
    customer.rule("/assumptions", payload=kind)
    orders = Counter(truth["order_id"] for truth in customer.truth())
    document_id = str(customer.finished_report(orderId=next(one for one, count in orders.items() if count == 1)).reportDocumentId)
    stated = customer.get(f"/reports/2021-09-30/documents/{document_id}").json().get("compressionAlgorithm")
    return customer, customer.store.ask("GET", customer.link(document_id)).content, stated


@pytest.mark.parametrize(
    ("kind", "head", "compression"),
    [
        ("gzip_zip", b"\x1f\x8b", "GZIP"),
        ("gzip_pdf", b"\x1f\x8b", "GZIP"),
        ("zip", b"PK", None),
        ("pdf", b"%PDF-", None),
        ("empty_zip", b"\x1f\x8b", "GZIP"),
        ("foreign", b"\x1f\x8b", "GZIP"),
        ("several", b"\x1f\x8b", "GZIP"),
    ],
)
def test_seven_payloads(kind: str, head: bytes, compression: str | None):
    """By their first bytes and by what is inside."""
    _, payload, stated = content(kind)
    inner = gzip.decompress(payload) if head == b"\x1f\x8b" else payload
    assert (True, compression) == (payload.startswith(head), stated)
    if kind in ("pdf", "gzip_pdf"):
        assert inner.startswith(b"%PDF-")
        return
    with zipfile.ZipFile(io.BytesIO(inner)) as archive:
        assert {"empty_zip": 0, "several": 2}.get(kind, 1) == len(archive.namelist())
        assert all(archive.read(name).startswith(b"%PDF-") for name in archive.namelist())


def test_a_foreign_payload_belongs_to_another_order():
    """Its entry is named by the number of another order's document."""
    customer, payload, _ = content("foreign")
    with zipfile.ZipFile(io.BytesIO(gzip.decompress(payload))) as archive:
        [name] = archive.namelist()
    orders = Counter(truth["order_id"] for truth in customer.truth())
    asked = next(one for one, count in orders.items() if count == 1)
    assert asked not in {truth["order_id"] for truth in customer.truth() if f"{truth['number']}.pdf" == name}


def test_odd_payloads_are_drawn_from_the_seed():
    """The same ones in two runs; all six shapes occur."""

    def heads() -> list[bytes]:
        customer = Customer(ways=Ways(rates=Rates(odd_payloads=1.0)))
        order_id, found = customer.truth()[0]["order_id"], list[bytes]()
        for _ in range(30):
            customer.later(minutes=1)
            document_id = str(customer.finished_report(orderId=order_id).reportDocumentId)
            found.append(customer.store.ask("GET", customer.link(document_id)).content[:2])
        return found

    first = heads()
    assert first == heads()
    assert {b"\x1f\x8b", b"PK"} <= set(first)


def test_kept_days_and_link_seconds_can_be_settled():
    """One minute for the link, one day for the document."""
    customer = Customer(invoices=8)
    customer.rule("/assumptions", kept_days=1, link_seconds=60)
    document_id = str(customer.finished_report(orderId=customer.truth()[0]["order_id"]).reportDocumentId)
    link = customer.link(document_id)
    customer.clock.advance(60)
    assert 403 == customer.store.ask("GET", link).status_code
    customer.later(days=1)
    assert 404 == customer.get(f"/reports/2021-09-30/documents/{document_id}").status_code


def test_missing_headers_may_be_ignored():
    """`headers=ignore`."""
    customer = Customer(invoices=8)
    customer.rule("/assumptions", headers="ignore")
    token = {"x-amz-access-token": customer.access_token}
    assert 404 == customer.api.ask("GET", f"{REPORTS}/x", headers=token).status_code


@pytest.mark.parametrize("change", [{"page_sizes": 3}, {"reading": "both"}, {"page_size": "many"}, {"page_size": -1}, {"strict_tokens": 1}])
def test_unknown_assumptions_change_nothing(change: dict[str, object]):
    """Misspelled, or no value of theirs; what stands beside them is not changed either."""
    assumed = Assumptions()
    with pytest.raises(UnknownAssumption):
        assumed.set({"kept_days": 3, **change})
    assert Assumptions() == assumed


def test_the_clock_can_be_set():
    """To an instant with a time zone."""
    customer = Customer(invoices=8)
    assert {"now": "2026-06-01T00:00:00.000Z"} == customer.rule("/clock/set", now="2026-06-01T00:00:00Z").json()
    assert 400 == customer.rule("/clock/set", now="2026-06-01T00:00:00").status_code
