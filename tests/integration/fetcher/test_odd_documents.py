"""What the simulator does not do: amended amounts, a second PDF of a number, nulls that fill up later, payloads that are no documents."""

import pytest

from tests.integration.fetcher.place import Place, acme
from tests.integration.fetcher.scripted import ORDER, Scripted, charge, collect, detail


@pytest.fixture
def run_id(place: Place) -> str:
    """The first run of a connected company."""
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    return place.runs()[0]


def next_run(place: Place, scripted: Scripted, day: str) -> None:
    """The run of another day, when a day has passed."""
    place.days_pass(1)
    collect(place, scripted, place.start_daily_run(day))


def collected(place: Place) -> list[tuple[str, int, str, int | None]]:
    """What was said: the PDF's number, the revision, the place in the run, the charged total."""
    return [
        (
            data["evidence"]["number"]["value"] if data["evidence"]["number"] else "",
            data["revision"],
            seq or "",
            sum(charge["total_cents"] for charge in data["stated"]["charges"]) if data["stated"]["charges"] else None,
        )
        for _, seq, data in place.said("invoice.collected")
    ]


def waiting(place: Place) -> list[list[tuple[str, int]]]:
    """What each run's marker says is waiting."""
    return [[(one["reason"], one["count"]) for one in data["waiting"]] for _, _, data in place.said("collection.finished")]


def test_a_settled_amount_is_a_new_revision_and_an_unchanged_one_is_nothing(place: Place, run_id: str) -> None:
    """Authorised 12 €, settled 15 € under the same transaction: same id, revision 2; a third day says nothing."""
    scripted = Scripted([charge()], {"L1": [detail("FR-1")]}, {ORDER: b"%PDF-FR-1"})
    collect(place, scripted, run_id)
    scripted.transactions_now = [charge(total="15.00")]
    next_run(place, scripted, "2026-11-24")
    next_run(place, scripted, "2026-11-25")
    assert [("FR-1", 1, "1", 1200), ("FR-1", 2, "1", 1500)] == collected(place)
    assert 1 == len({data["invoice_id"] for _, _, data in place.said("invoice.collected")})
    assert [1, 2] == [row["version"] for row in place.rows("select version from amazon_transaction order by version")]


def test_another_pdf_of_the_same_number_is_a_new_revision_once(place: Place, run_id: str) -> None:
    """The seller uploads a corrected file after the first was imported; both are kept, neither is said again."""
    scripted = Scripted([charge()], {"L1": [detail("FR-1")]}, {ORDER: b"%PDF-FR-1 first"})
    collect(place, scripted, run_id)
    scripted.payloads = {ORDER: b"%PDF-FR-1 second"}
    scripted.transactions_now = [charge(), charge(transaction="U", total="1.00")]
    next_run(place, scripted, "2026-11-24")
    next_run(place, scripted, "2026-11-25")
    revisions = [(data["revision"], data["document"]["sha256"][:4]) for _, _, data in place.said("invoice.collected")]
    assert [1, 2, 3] == [revision for revision, _ in revisions]
    assert 2 == len({sha256 for _, sha256 in revisions})


def test_null_details_fill_up_later(place: Place, run_id: str) -> None:
    """Null with 200: the PDF's own number is enough; when Amazon states it later, the charges come as a second revision."""
    scripted = Scripted([charge()], {"L1": [detail(None)]}, {ORDER: b"%PDF-FR-1"})
    collect(place, scripted, run_id)
    scripted.details = {"L1": [detail("FR-1")]}
    next_run(place, scripted, "2026-11-24")
    assert [("FR-1", 1, "1", None), ("FR-1", 2, "1", 1200)] == collected(place)
    assert 1 == len({data["invoice_id"] for _, _, data in place.said("invoice.collected")})


def test_nothing_is_final_without_number_and_document(place: Place, run_id: str) -> None:
    """A pending number; a number whose seller has not uploaded; bytes that are no document; a day later all are there."""
    orders = [f"171-000000{number}-0000001" for number in (1, 2, 3)]
    scripted = Scripted(
        [charge(f"L{number}", order) for number, order in enumerate(orders, 1)],
        {"L1": [detail(None, pending=True)], "L2": [detail("FR-2")], "L3": [detail("FR-3")]},
        {orders[2]: b"<html>Sorry</html>"},
    )
    collect(place, scripted, run_id)
    assert [] == collected(place)
    scripted.details["L1"] = [detail("FR-1")]
    scripted.payloads = {order: f"%PDF-FR-{number}".encode() for number, order in enumerate(orders, 1)}
    next_run(place, scripted, "2026-11-24")
    assert [[("document_missing", 1), ("number_pending", 1), ("payload_no_document", 1)], []] == waiting(place)
    assert ["FR-1", "FR-2", "FR-3"] == sorted(number for number, _, _, _ in collected(place))
    assert 1 == len(list((place.folder / "documents" / "unreadable").glob("*/*")))


def test_a_credit_note_weeks_later_is_its_own_document(place: Place, run_id: str) -> None:
    """The refund makes the line asked again and its order requested again; the invoice is not said twice."""
    scripted = Scripted([charge()], {"L1": [detail("FR-1")]}, {ORDER: b"%PDF-FR-1"})
    collect(place, scripted, run_id)
    scripted.transactions_now.append(charge(kind="REFUND", transaction="R", total="-12.00"))
    scripted.details = {"L1": [detail("FR-1"), detail("CN-1", "CREDIT_MEMO")]}
    scripted.payloads = {ORDER: b"%PDF-CN-1"}
    next_run(place, scripted, "2026-11-24")
    next_run(place, scripted, "2026-11-25")
    assert [("FR-1", 1, "1", 1200), ("CN-1", 1, "1", 1200)] == collected(place)
    types = [data["stated"]["type"]["value"] for _, _, data in place.said("invoice.collected")]
    assert ["invoice", "credit_note"] == types
    assert [ORDER, ORDER] == scripted.asked


def test_an_unreadable_pdf_goes_on_with_the_number_of_the_api(place: Place, run_id: str) -> None:
    """Nothing printed, and it comes by its number too: said with what the API knows, and not asked for every day."""
    scripted = Scripted([charge()], {"L1": [detail("FR-1")]}, {ORDER: b"%PDF-", "FR-1": b"%PDF-"})
    collect(place, scripted, run_id)
    next_run(place, scripted, "2026-11-24")
    assert [("", 1, "1", 1200)] == collected(place)
    assert "FR-1" == place.said("invoice.collected")[0][2]["stated"]["number"]["value"]
    assert [ORDER, "FR-1"] == scripted.asked


def test_a_pdf_that_came_for_two_orders_is_one_document(place: Place, run_id: str) -> None:
    """A consolidated invoice over two orders: one event with both orders and both charges."""
    other = "171-0000002-0000001"
    details = {"L1": [detail("FR-1")], "L2": [detail("FR-1")]}
    scripted = Scripted([charge("L1"), charge("L2", other)], details, {ORDER: b"%PDF-FR-1", other: b"%PDF-FR-1"})
    collect(place, scripted, run_id)
    assert [("FR-1", 1, "1", 2400)] == collected(place)
    assert [ORDER, other] == place.said("invoice.collected")[0][2]["stated"]["orders"]


def test_one_number_of_one_seller_on_two_orders_is_one_invoice(place: Place, run_id: str) -> None:
    """Other bytes for another order under the same issuer, number and type: the same id, the next revision, another event."""
    other = "171-0000002-0000001"
    details = {"L1": [detail("FR-1")], "L2": [detail("FR-1")]}
    scripted = Scripted([charge("L1"), charge("L2", other)], details, {ORDER: b"%PDF-FR-1 a", other: b"%PDF-FR-1 b"})
    collect(place, scripted, run_id)
    next_run(place, scripted, "2026-11-24")
    assert [1, 2] == [data["revision"] for _, _, data in place.said("invoice.collected")]
    assert 1 == len({data["invoice_id"] for _, _, data in place.said("invoice.collected")})
    identities = [dict(message.headers)["ce_id"] for message in place.outbox()]
    assert len(identities) == len(set(identities))
