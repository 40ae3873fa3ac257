"""The first collect is the simulator's truth, whatever happens on the way."""

from tests.integration.fetcher.place import TODAY, Place


def test_the_first_collect_is_the_truth(place: Place) -> None:
    """Sixteen documents of three sellers, two of them credit notes: each once, with its number, type, day, PDF and total."""
    place.connect_and_collect()
    truth = place.truth()
    collected = [data for _, _, data in place.said("invoice.collected")]
    expected = {(one["number"], one["type"], one["date"], one["sha256"], one["gross_cents"], one["order_id"]) for one in truth}
    kinds = {"invoice": "STANDARD", "credit_note": "CREDIT_MEMO"}
    assert expected == {
        (
            data["stated"]["number"]["value"],
            kinds[data["stated"]["type"]["value"]],
            data["stated"]["issue_date"]["value"],
            data["document"]["sha256"],
            sum(charge["total_cents"] for charge in data["stated"]["charges"]),
            data["stated"]["orders"][0],
        )
        for data in collected
    }
    assert [one["number"] for one in truth] != []
    assert sorted(one["number"] for one in truth) == sorted(data["evidence"]["number"]["value"] for data in collected)


def test_a_run_adds_up(place: Place) -> None:
    """The events are numbered 1 to N without a hole, and the marker says N, last."""
    place.connect_and_collect()
    said = place.said("invoice.collected", "collection.finished")
    assert [str(number) for number in range(1, 17)] == [seq for name, seq, _ in said if name == "invoice.collected"]
    name, seq, marker = said[-1]
    assert ("collection.finished", None) == (name, seq)
    assert (16, [], "initial") == (marker["emitted"], marker["waiting"], marker["kind"])
    assert TODAY.isoformat() == marker["window_to"]
    assert 16 == len(list((place.folder / "documents" / "documents").glob("*/*.pdf")))


def test_with_the_switch_off_nothing_is_imported_and_the_marker_says_so(place: Place) -> None:
    """« N collectées, 0 importée : import désactivé »; ticking the box later imports everything, each document once."""
    place.connect_and_collect(settings={"automatic_import": False, "import_start": "2026-10-24"})
    assert [] == place.said("invoice.collected")
    [(_, _, marker)] = place.said("collection.finished")
    assert (0, [{"reason": "import_disabled", "count": 16}]) == (marker["emitted"], marker["waiting"])
    calls = place.calls()["createReport"]

    browser = place.browser()
    browser.authorise("Atelier Lumière SAS")
    browser.post("/connectivite/amazon-business/parametres", automatic_import="on", import_start="2026-10-24")
    place.collect()(place.runs()[-1])
    assert 16 == len(place.said("invoice.collected"))
    assert "sync_now" == place.said("collection.finished")[-1][2]["kind"]
    assert calls == place.calls()["createReport"], "the documents were there already"


def test_documents_before_the_start_date_wait(place: Place) -> None:
    """The issue date decides: those before it are counted, not said."""
    place.connect_and_collect(settings={"automatic_import": True, "import_start": "2026-11-10"})
    early = sum(one["date"] < "2026-11-10" for one in place.truth())
    [(_, _, marker)] = place.said("collection.finished")
    assert 0 < early < 16
    assert (16 - early, [{"reason": "before_import_start", "count": early}]) == (marker["emitted"], marker["waiting"])


def test_the_next_day_says_nothing_twice(place: Place) -> None:
    """A daily run over the same transactions: no event but its marker, and no report asked for."""
    place.connect_and_collect()
    calls = place.calls()["createReport"]
    place.daily_run()
    assert 16 == len(place.said("invoice.collected"))
    assert [("initial", 16), ("daily", 0)] == [(data["kind"], data["emitted"]) for _, _, data in place.said("collection.finished")]
    assert calls == place.calls()["createReport"]


def test_trouble_at_amazon_changes_nothing(place: Place) -> None:
    """401, 403, 429, 500, 503 and a dead link in the middle: the same sixteen documents."""
    for operation, status, times in (
        ("getTransactions", 503, 2),
        ("getInvoiceDetailsByOrderLineItems", 429, 2),
        ("createReport", 429, 3),
        ("createReport", 401, 1),
        ("getReport", 403, 1),
        ("getReportDocument", 500, 1),
        ("download", 403, 1),
    ):
        place.fault(operation, status, times)
    place.connect_and_collect()
    [(_, _, marker)] = place.said("collection.finished")
    assert (16, []) == (marker["emitted"], marker["waiting"])


def test_a_report_amazon_forgot_is_made_anew(place: Place) -> None:
    """404 of one report, and of one document: both are asked for again in the same run, and nothing is missing."""
    place.fault("getReport", 404, 1)
    place.fault("getReportDocument", 404, 1)
    place.connect_and_collect()
    [(_, _, marker)] = place.said("collection.finished")
    assert (16, []) == (marker["emitted"], marker["waiting"])
    orders = {one["order_id"] for one in place.truth()}
    assert len(orders) + 2 == place.calls()["createReport"]["202"]
    assert 16 == len({data["document"]["sha256"] for _, _, data in place.said("invoice.collected")})


def test_no_person_is_in_any_event(place: Place) -> None:
    """Buyer and payer stay in the fetcher's tables."""
    place.connect_and_collect()
    raw = place.rows("select raw #>> '{buyer,name}' as name, raw #>> '{buyer,email}' as email from amazon_transaction")
    people = {value for row in raw for value in row.values() if value}
    assert people != set()
    said = b"".join(message.value or b"" for message in place.outbox()).decode()
    assert [] == [person for person in people if person in said]
