"""A document whose hold a person lifts, said again from the fetcher's tables: in memory or in PostgreSQL, the same answers."""

import json
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any, cast

import pytest

from schemas.hold_lifted.v1 import Given, HoldLifted
from schemas.invoice_collected.v1 import InvoiceCollected, Lift
from schemas.record_parked.v1 import RecordParked
from schemas.registry import parked_topic
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.lifting import SaidInvoices
from services.fetcher.domain.company import Choices
from services.fetcher.domain.records import Invoice, Paper, Run
from services.fetcher.handler import LiftHolds
from services.fetcher.stages.ports import Work
from services.fetcher.stages.saying import say_final
from services.kernel.envelope import Delivery, Event, Outgoing, Record
from services.kernel.errors import Unavailable
from services.kernel.loop import OncePerEvent
from services.kernel.postgres import Transaction
from tests.adapters.amazon_answers import ORDER, answer, bring, charge, key, named, number, numbered, page, paper, say
from tests.adapters.fetcher_bench import Bench, open_bench

AT = "2026-11-23T09:15:02.000000Z"


@pytest.fixture(params=["memory", "real"])
def bench(request: pytest.FixtureRequest) -> Generator[Bench]:
    """A schema in memory, then PostgreSQL."""
    with open_bench(request) as bench:
        yield bench


def listener(bench: Bench, invoices: Callable[[Transaction], SaidInvoices] = SaidInvoices) -> OncePerEvent[Any]:
    """The fetcher's loop around LiftHolds."""
    return OncePerEvent(bench.store, "fetcher", parked_topic("fetcher"), {HoldLifted: LiftHolds(invoices, bench.clock)}, bench.clock)


def lifting(said: InvoiceCollected, name: str = "dec-1", **changes: Any) -> HoldLifted:
    """A decision about a document, as it was said."""
    usual: dict[str, Any] = {
        "company_id": said.company_id,
        "decision_id": name,
        "invoice_id": said.invoice_id,
        "revision": said.revision,
        "reason": "type_missing",
        "account": None,
        "because": None,
        "by": "Mme Lefèvre",
        "decided_at": AT,
        "stage": "classification",
        "given": Given(type="invoice"),
    }
    return HoldLifted(**{**usual, **changes})


def heard(decision: HoldLifted, offset: int = 0) -> list[Delivery]:
    """The decision as it comes from the broker."""
    event = Event(f"event-{decision.decision_id}", "/achats/classifier", AT, decision)
    return [Delivery(Record("decisions", 0, offset, 0, b"acme", b"{}", ()), event, None)]


def held(bench: Bench, found: Paper | None = None) -> tuple[Run, InvoiceCollected]:
    """A run that has said one document, which somebody holds."""
    run, brought = bench.connect(), found or paper("FR-1")
    bench.progress.scan(run.run_id)
    bench.progress.keep_page(run, page(charge()), bench.clock.now())
    answer(bench, run, [key()], number("FR-1"))
    bring(bench, run, brought)
    look(bench, run)
    [event] = bench.said("invoice.collected")
    return run, event.data


def look(bench: Bench, run: Run) -> None:
    """The last stage of a run: what has news is said."""
    nothing = cast("Any", None)
    say_final(Work(run, nothing, bench.progress, nothing, nothing, bench.clock, lambda: None, map, 50))


def parked(bench: Bench) -> list[tuple[str, str]]:
    """Why decisions were refused."""
    found = [message for message in bench.outbox() if message.topic == parked_topic("fetcher")]
    said = [RecordParked.model_validate_json(message.headers[-1][1] or b"") for message in found]
    return [(one.reason, one.detail or "") for one in said]


def test_a_lifted_document_is_said_again_in_a_run_of_its_own(bench: Bench) -> None:
    """Goal: the same document as its next revision, with the decision inside, number 1 of a finished run of one, counted with the day."""
    run, first = held(bench)
    decision = lifting(first)
    listener(bench)(heard(decision))
    before, again = bench.said("invoice.collected")
    assert first.model_copy(update={"revision": 2, "lifted": (Lift.of(decision),)}) == again.data
    assert ("event-dec-1", 1) == (again.causation_id, again.run and again.run.seq)
    assert again.id != before.id
    [marker] = bench.said("collection.finished")
    assert again.run is not None
    assert run.run_id != again.run.run_id == marker.data.run_id
    assert ("lifted", 1, (), run.connection_id) == (marker.data.kind, marker.data.emitted, marker.data.waiting, marker.data.connection_id)
    [counted] = [event.data for event in bench.said("emissions.counted")]
    assert (2, {run.run_id, again.run.run_id}) == (counted.count, {one.run_id for one in counted.runs})


def test_the_run_of_a_decision_is_not_one_that_collects(bench: Bench) -> None:
    """Goal: pages show the import as the latest run, and nobody takes the other up; the import goes on where it was."""
    run, first = held(bench)
    bench.clock.sleep(60)
    listener(bench)(heard(lifting(first)))
    with bench.store.transaction() as transaction:
        last = Companies(transaction).last_run(run.connection_id)
    assert last is not None
    assert (run.run_id, 1, "collecting") == (last.run_id, last.emitted, last.state)
    assert [("lifted", "finished")] == [(row["kind"], row["state"]) for row in bench.rows("run") if row["run_id"] != run.run_id]


def test_it_is_said_under_the_settings_of_now(bench: Bench) -> None:
    """Goal: a hold that a setting of the company cures is cured."""
    _, first = held(bench)
    with bench.store.transaction() as transaction:
        book = Companies(transaction)
        book.choose("acme", Choices(automatic_import=True, import_start=first.settings.import_start, deduction_coefficient="0.5"))
    listener(bench)(heard(lifting(first)))
    again = bench.said("invoice.collected")[-1].data
    assert ("0.5", first.settings.revision + 1) == (again.settings.deduction_coefficient, again.settings.revision)


def test_the_same_decision_counts_once(bench: Bench) -> None:
    """Case: the record again, and the event again at another place."""
    _, first = held(bench)
    listen = listener(bench)
    for offset in (0, 0, 7):
        listen(heard(lifting(first), offset))
    assert [1, 2] == [event.data.revision for event in bench.said("invoice.collected")]
    assert [] == parked(bench)


def test_a_decision_about_what_was_never_said_is_parked(bench: Bench) -> None:
    """Case: an invoice nobody knows, and that of another company."""
    _, first = held(bench)
    bench.connect("other")
    listener(bench)(heard(lifting(first, invoice_id="inv-unknown")))
    listener(bench)(heard(lifting(first, "dec-2", company_id="other"), 1))
    assert ["unknown_invoice", "unknown_invoice"] == [reason for reason, _ in parked(bench)]
    assert 1 == len(bench.said("invoice.collected"))


@pytest.mark.parametrize("revision", [1, 3])
def test_a_decision_on_another_revision_is_parked(bench: Bench, revision: int) -> None:
    """Case: somebody decided before, or the revision was never said; it is not tried again, and the next one is heard."""
    _, first = held(bench)
    listen = listener(bench)
    listen(heard(lifting(first)))
    listen(heard(lifting(first, "dec-2", revision=revision), 1))
    [(reason, detail)] = parked(bench)
    assert ("decision_overtaken", True) == (reason, f"has revision 2, not {revision}" in detail)
    listen(heard(lifting(first, "dec-3", revision=2), 2))
    assert [1, 2, 3] == [event.data.revision for event in bench.said("invoice.collected")]


def test_decisions_add_up(bench: Bench) -> None:
    """Goal: behind one hold there may be another; of very many decisions the latest twenty go on."""
    _, first = held(bench)
    listen = listener(bench)
    for n in range(1, 23):
        listen(heard(lifting(first, f"dec-{n}", revision=n), n))
    lifted = bench.said("invoice.collected")[-1].data.lifted
    assert [f"dec-{n}" for n in range(3, 23)] == [lift.decision_id for lift in lifted]


class Dying(SaidInvoices):
    """The process ends when all is written."""

    def say_again(self, invoice: Invoice, collected: InvoiceCollected, now: datetime, causation_id: str) -> None:
        super().say_again(invoice, collected, now, causation_id)
        raise Unavailable("PostgreSQL")


def test_what_fails_leaves_nothing(bench: Bench) -> None:
    """Goal: rows, claim and events are one transaction; the next try is the first."""
    _, first = held(bench)
    with pytest.raises(Unavailable):
        listener(bench, Dying)(heard(lifting(first)))
    assert ([1], 1) == ([event.data.revision for event in bench.said("invoice.collected")], len(bench.rows("run")))
    listener(bench)(heard(lifting(first)))
    assert [1, 2] == [event.data.revision for event in bench.said("invoice.collected")]


def test_a_run_that_says_a_document_is_waited_for(bench: Bench) -> None:
    """Goal: no revision is said twice. Case: a run has looked at the invoice and is about to say it."""
    run, first = held(bench)
    with bench.progress.writing(run.run_id) as book:
        book.invoices([named(numbered(paper("FR-1")), [ORDER], first.invoice_id)])
        with pytest.raises(Unavailable):
            listener(bench)(heard(lifting(first)))
    assert [1] == [event.data.revision for event in bench.said("invoice.collected")]


def test_a_decision_in_hand_is_waited_for(bench: Bench) -> None:
    """The other way round: the run comes second."""
    run, first = held(bench)
    with bench.store.transaction() as transaction:
        assert SaidInvoices(transaction).last_said("acme", first.invoice_id)
        with pytest.raises(Unavailable):
            say(bench, run, numbered(paper("FR-1")), "amended")


def amended(bench: Bench, then: Callable[[], object] = lambda: None) -> tuple[Lift, ...]:
    """What people decided, in the revision that the next run says; `then` = what came in before it."""
    run, first = held(bench)
    listener(bench)(heard(lifting(first)))
    listener(bench)(heard(lifting(first, "dec-2", revision=2, reason="same_document", stage="booking", given=None), 1))
    then()
    again = bench.progress.run(run.run_id)
    look(bench, again)
    said = bench.said("invoice.collected")[-1].data
    assert 4 == said.revision
    return said.lifted


def brings(bench: Bench, found: Paper) -> None:
    """Another PDF of the order arrives."""
    [run_id] = [row["run_id"] for row in bench.rows("run") if row["kind"] == "initial"]
    bring(bench, bench.progress.run(run_id), found, report="R2")


def test_decisions_hold_as_long_as_the_document_says_the_same(bench: Bench) -> None:
    """Case: the PDF made anew, with the same text: what was decided on its text holds, but not that this PDF is no duplicate."""
    assert ["dec-1"] == [lift.decision_id for lift in amended(bench, lambda: brings(bench, paper("FR-1", copy="again")))]


def test_decisions_about_another_text_are_gone(bench: Bench) -> None:
    """Case: a PDF that says which type it is: whoever lifted that hold did not see it."""
    assert () == amended(bench, lambda: brings(bench, paper("FR-1", "invoice", copy="again")))


def test_decisions_are_gone_when_amazon_says_another_amount(bench: Bench) -> None:
    """Case: the same PDF, and a second payment on its order."""

    def paid() -> None:
        [run_id] = [row["run_id"] for row in bench.rows("run") if row["kind"] == "initial"]
        run = bench.progress.run(run_id)
        bench.progress.keep_page(run, page(charge(name="T2", total="3.00")), bench.clock.now())

    assert () == amended(bench, paid)


def says_nothing(_: InvoiceCollected) -> tuple[object, ...]:
    return ()


def test_decisions_that_hold_for_ever_are_noticed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted mistake: nobody compares what the document says."""
    monkeypatch.setattr("services.fetcher.domain.lifting._says", says_nothing)
    with pytest.raises(AssertionError):
        test_decisions_about_another_text_are_gone(bench)


def test_a_run_that_finds_nothing_new_says_nothing(bench: Bench) -> None:
    """Goal: a lifted document is not said again because of its decision."""
    run, first = held(bench)
    listener(bench)(heard(lifting(first)))
    brings(bench, paper("FR-1"))
    look(bench, run)
    assert [1, 2] == [event.data.revision for event in bench.said("invoice.collected")]


def test_more_runs_in_a_day_than_a_count_can_name(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case: at most 2, of 1 import and 3 decisions: the digest is that of the runs which are named."""
    monkeypatch.setattr("services.fetcher.domain.auditing.MOST_ORDERS", 2)
    _, first = held(bench)
    listen = listener(bench)
    for n in range(1, 4):
        listen(heard(lifting(first, f"dec-{n}", revision=n), n))
    latest = bench.said("emissions.counted")[-1].data
    assert (2, 2) == (latest.count, len(latest.runs))


def test_what_is_stored_is_what_was_said(bench: Bench) -> None:
    """Goal: the next decision starts from the last event."""
    _, first = held(bench)
    listener(bench)(heard(lifting(first)))
    [row] = bench.rows("invoice")
    stored: Any = row["collected"]  # text in memory
    text = stored if isinstance(stored, str) else json.dumps(stored)
    assert bench.said("invoice.collected")[-1].data == InvoiceCollected.model_validate_json(text)
    assert (2, 2) == (row["revision"], row["said"])


def test_nothing_but_a_lifted_hold_is_heard(bench: Bench) -> None:
    """Goal: the other decisions of the topic are no business of the fetcher."""
    before: list[Outgoing] = bench.outbox()
    listener(bench)([Delivery(Record("decisions", 0, 0, 0, b"acme", b"{}", ()), None, None)])
    assert before == bench.outbox()
