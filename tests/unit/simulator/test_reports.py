"""The Document API: life of a report, filters, cancellation, links that die, and what is inside the payload."""

from collections import Counter

import pytest

from tests.unit.simulator import shapes
from tests.unit.simulator.customer import FRANCE, Customer

REPORTS = "/reports/2021-09-30/reports"


@pytest.fixture
def customer() -> Customer:
    """A fresh account; an order with several documents is `busiest(customer)`."""
    return Customer()


def busiest(customer: Customer) -> str:
    """The order with most documents."""
    return Counter(document.order_id for document in customer.simulator.world.documents).most_common(1)[0][0]


def numbers_of(customer: Customer, order_id: str) -> set[str]:
    """The entry names the order's documents must have."""
    return {f"{document.number}.pdf" for document in customer.simulator.world.documents if document.order_id == order_id}


def test_a_report_is_queued_then_runs_then_is_done(customer: Customer):
    """15 virtual seconds in the queue, 30 at work; the document's identifier appears at the end only."""
    answer = customer.create_report(orderId=busiest(customer))
    assert (202, ["reportId"]) == (answer.status_code, list(answer.json()))
    seen = list[tuple[str, bool]]()
    for seconds in (14, 1, 29, 1):
        customer.clock.advance(seconds)
        report = customer.report(answer.json()["reportId"])
        seen.append((report.processingStatus, report.reportDocumentId is not None))
    assert [("IN_QUEUE", False), ("IN_PROGRESS", False), ("IN_PROGRESS", False), ("DONE", True)] == seen


def test_equal_bodies_give_distinct_reports(customer: Customer):
    """`createReport` is not idempotent."""
    assert 2 == len({customer.create_report(orderId="171-0000000-0000000").json()["reportId"] for _ in range(2)})


@pytest.mark.parametrize(
    ("options", "marketplace"),
    [({"orderId": "171-0000000-0000000"}, FRANCE), ({"invoiceId": "unknown"}, FRANCE), ({"orderId": "known"}, "A1PA6795UKMFR9")],
)
def test_nothing_to_return_ends_cancelled(customer: Customer, options: dict[str, str], marketplace: str):
    """Unknown order or number, or another marketplace than the one consented to."""
    options = {name: busiest(customer) if value == "known" else value for name, value in options.items()}
    body = {"reportType": "GET_AB_INVOICE_PDF", "marketplaceIds": [marketplace], "reportOptions": options}
    report_id = customer.post(REPORTS, body).json()["reportId"]
    customer.clock.advance(60)
    assert "CANCELLED" == customer.report(report_id).processingStatus


@pytest.mark.parametrize(
    "body",
    [
        {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [FRANCE], "reportOptions": {"orderId": "x"}},
        {"reportType": "GET_AB_INVOICE_PDF", "marketplaceIds": [], "reportOptions": {"orderId": "x"}},
        {"reportType": "GET_AB_INVOICE_PDF", "marketplaceIds": [FRANCE] * 26, "reportOptions": {"orderId": "x"}},
        {"reportType": "GET_AB_INVOICE_PDF", "marketplaceIds": [FRANCE]},
        {"reportType": "GET_AB_INVOICE_PDF", "marketplaceIds": [FRANCE], "reportOptions": {}},
    ],
)
def test_bad_report_requests_have_the_code_400_as_text(customer: Customer, body: dict[str, object]):
    """As in the published sample."""
    answer = customer.post(REPORTS, body)
    assert (400, "400", "Invalid input") == (answer.status_code, *[answer.json()["errors"][0][name] for name in ("code", "message")])


def test_an_order_gives_all_its_documents_in_one_archive(customer: Customer):
    """gzip around a ZIP, one PDF per invoice or credit note."""
    order_id = busiest(customer)
    pdfs = customer.pdfs(orderId=order_id)
    assert numbers_of(customer, order_id) == set(pdfs)
    assert len(pdfs) > 1
    assert all(content.startswith(b"%PDF-") for content in pdfs.values())


def test_options_narrow_to_a_shipment_a_line_or_a_number(customer: Customer):
    """A credit note's number needs the matching document type when one is given."""
    invoice = next(document for document in customer.simulator.world.documents if document.order_id == busiest(customer))
    note = next(document for document in customer.simulator.world.documents if document.credited_number)
    only = f"{invoice.number}.pdf"
    assert only in customer.pdfs(orderId=invoice.order_id, shipmentId=invoice.shipment_id)
    assert only in customer.pdfs(orderId=invoice.order_id, orderlineItemId=invoice.lines[0].order_line_id)
    assert [only] == list(customer.pdfs(invoiceId=str(invoice.number), documentType="Invoice"))
    assert [f"{note.number}.pdf"] == list(customer.pdfs(invoiceId=str(note.number), documentType="CreditMemo"))
    assert "CANCELLED" == customer.finished_report(invoiceId=str(note.number), documentType="Invoice").processingStatus


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 403)])
def test_a_link_lives_five_minutes(customer: Customer, seconds: int, status: int):
    """Then the object store answers in XML; no API header is needed."""
    document_id = customer.finished_report(orderId=busiest(customer)).reportDocumentId
    path = customer.link(str(document_id))
    customer.clock.advance(seconds)
    answer = customer.store.ask("GET", path)
    assert status == answer.status_code
    assert (status == 403) == answer.text.startswith("<?xml")


def test_a_forged_link_is_refused(customer: Customer):
    """Another document under the same signature, a later expiry, or no signature at all."""
    path = customer.link(str(customer.finished_report(orderId=busiest(customer)).reportDocumentId))
    assert {403} == {
        customer.store.ask("GET", wrong).status_code
        for wrong in (path.replace("amzn1", "amzn2"), path.replace("Expires=1", "Expires=9"), path.partition("?")[0])
    }


def test_documents_are_kept_thirty_days(customer: Customer):
    """Then 404, as for one that never existed or is not done."""
    document_id = customer.finished_report(orderId=busiest(customer)).reportDocumentId
    customer.clock.advance(30 * 86_400)
    customer.refresh()
    assert 404 == customer.get(f"/reports/2021-09-30/documents/{document_id}").status_code
    assert 404 == customer.get("/reports/2021-09-30/documents/unknown").status_code
    assert 404 == customer.get(f"{REPORTS}/unknown").status_code


def test_only_a_queued_report_can_be_cancelled(customer: Customer):
    """200 without a body, then CANCELLED for ever; 400 once it runs."""
    first, second = (customer.create_report(orderId=busiest(customer)).json()["reportId"] for _ in range(2))
    cancelled = customer.api.ask("DELETE", f"{REPORTS}/{first}", headers=customer.headers)
    customer.clock.advance(60)
    assert (200, b"") == (cancelled.status_code, cancelled.content)
    assert "CANCELLED" == customer.report(first).processingStatus
    assert 400 == customer.api.ask("DELETE", f"{REPORTS}/{second}", headers=customer.headers).status_code


def test_reports_are_listed_newest_first_by_filter_and_page(customer: Customer):
    """Three reports in pages of two; statuses filter; nextToken alone."""
    ids = list[str]()
    for _ in range(3):
        ids.append(customer.create_report(orderId=busiest(customer)).json()["reportId"])
        customer.clock.advance(20)
    page = shapes.Reports.model_validate_json(customer.get(REPORTS, reportTypes="GET_AB_INVOICE_PDF", pageSize="2").content)
    rest = shapes.Reports.model_validate_json(customer.get(REPORTS, nextToken=str(page.nextToken)).content)
    done = shapes.Reports.model_validate_json(
        customer.get(REPORTS, reportTypes="GET_AB_INVOICE_PDF", processingStatuses="DONE,FATAL", marketplaceIds=FRANCE).content
    )
    assert ids[::-1] == [report.reportId for report in (*page.reports, *rest.reports)]
    assert (None, [ids[0]]) == (rest.nextToken, [report.reportId for report in done.reports])
    assert 400 == customer.get(REPORTS, nextToken=str(page.nextToken), pageSize="2").status_code


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"reportTypes": "GET_AB_INVOICE_PDF", "processingStatuses": "BAD_VALUE,IN_PROGRESS"},
        {"reportTypes": "GET_AB_INVOICE_PDF", "pageSize": "101"},
        {"reportTypes": "GET_AB_INVOICE_PDF", "createdSince": "yesterday"},
        {"reportTypes": "GET_AB_INVOICE_PDF", "createdUntil": "2026-03-01T00:00:00"},
        {"nextToken": "made-up"},
    ],
)
def test_bad_report_filters_are_refused(customer: Customer, query: dict[str, str]):
    """Either reportTypes or nextToken is required."""
    assert 400 == customer.get(REPORTS, **query).status_code
