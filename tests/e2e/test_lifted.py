"""What is held is booked once a person lifts it, on real parts: the command, the fetcher, the classifier, the book, the daily control."""

from collections.abc import Generator
from dataclasses import replace

import pytest
from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from deploy.local.demo import company, connect, mails_in
from deploy.local.deployment import Account, Deployment
from deploy.local.folders import temporary_data_folder
from deploy.local.processes import ServerFailed
from deploy.local.watcher import Watcher
from schemas.hold_lifted.v1 import HoldLifted
from schemas.invoice_described.v1 import InvoiceDescribed
from schemas.registry import topic, topic_for, types_on
from services.kernel.envelope import Event, Outgoing, Record, decode, encode
from services.kernel.kafka import KafkaSender
from tests.e2e.stages import kept_by, read

PATIENCE_SECONDS = 120.0
DOCUMENTS = 6
BY = "Mme Lefèvre"
DECISIONS = topic_for("classifier", HoldLifted)
SOMEBODY_ELSE = {"siren": "404833048", "vat_id": "FR83404833048"}  # whose documents these are not


@pytest.fixture(scope="module")
def deployment() -> Generator[Deployment]:
    """Every part; a first import of a company whose every document is made out to another."""
    with temporary_data_folder("achats-lifted-") as data, Deployment(data, Account(seed=7, invoices=DOCUMENTS)) as running:
        yield running


@pytest.fixture(scope="module")
def watcher(deployment: Deployment) -> Generator[Watcher]:
    """A subscriber to every topic, once all documents are held."""
    watching = Watcher(deployment.kafka.bootstrap)
    connect(deployment, company() | SOMEBODY_ELSE)
    assert watching.wait(lambda: watching.done and watching.described == DOCUMENTS, PATIENCE_SECONDS)
    yield watching
    watching.stop()


def held(watcher: Watcher) -> list[InvoiceDescribed]:
    """The documents whose latest revision is held, in one order."""
    latest = {one.invoice_id: one for one in sorted(watcher.invoices.values(), key=lambda one: one.revision)}
    return sorted((one for one in latest.values() if one.hold), key=lambda one: one.invoice_id)


def lift(deployment: Deployment, invoice: InvoiceDescribed, reason: str = "other_buyer", *more: str) -> None:
    """`achats-classifier decide lift`, as a person says it."""
    words = ("lift", invoice.invoice_id, reason, "--company", invoice.company_id, "--by", BY, "--because", "notre ancien numéro")
    deployment.command("classifier", "decide", *words, *more)


def again(watcher: Watcher, invoice: InvoiceDescribed, revision: int = 2) -> InvoiceDescribed:
    """The document as it stands once it was said again."""
    assert watcher.wait(lambda: (invoice.subject, revision) in watcher.invoices, PATIENCE_SECONDS)
    return watcher.invoices[invoice.subject, revision]


def decisions(deployment: Deployment) -> list[Record]:
    """What people decided so far."""
    places = [TopicPartition(DECISIONS, n, OFFSET_BEGINNING) for n in range(topic(DECISIONS).partitions)]
    return read(deployment, places)


def test_a_held_document_is_booked_once_its_hold_is_lifted(deployment: Deployment, watcher: Watcher) -> None:
    """Goal: the loop is closed. « À traiter », flagged, balanced, in a run of its own that adds up."""
    first = held(watcher)[0]
    assert (DOCUMENTS, "other_buyer") == (len(held(watcher)), first.hold and first.hold.reason)
    lift(deployment, first)
    booked = again(watcher, first)
    assert ("recorded", "to_process", None) == (booked.outcome, booked.status, booked.hold)
    assert {"hold_lifted", "buyer_not_checked"} <= set(booked.flags)
    assert first.document == booked.document
    assert booked.lines
    assert booked.totals is not None
    assert booked.totals.gross_cents == abs(sum(one.credit_cents - one.debit_cents for one in booked.lines if one.account[:2] == "40"))
    assert watcher.wait(lambda: [one.kind for one in watcher.finished.values()].count("lifted") == 1, PATIENCE_SECONDS)
    [run] = [one for one in watcher.finished.values() if one.kind == "lifted"]
    assert (1, 1, 0) == (run.counts.collected, run.counts.recorded, run.counts.held)


def test_the_first_import_stays_what_it_was(deployment: Deployment, watcher: Watcher) -> None:
    """Goal: its counts, its one e-mail, and no further revision of its end."""
    [first] = [one for one in watcher.finished.values() if one.kind == "initial"]
    assert (1, DOCUMENTS, DOCUMENTS) == (first.revision, first.counts.collected, first.counts.held)
    assert 1 == len(list(mails_in(deployment)))


def test_the_control_of_the_day_agrees(deployment: Deployment, watcher: Watcher) -> None:
    """Goal: what the fetcher counted, the decision's run included, is what the book has, to the digest."""
    lines = [line for line in deployment.control().splitlines() if " annoncés, " in line]
    assert DOCUMENTS + 1 == sum(int(line.split(" : ")[1].split()[0]) for line in lines)
    assert [] == [line for line in lines if not line.endswith(", contenu identique.")]


def test_the_same_decision_twice_and_one_that_comes_too_late(deployment: Deployment, watcher: Watcher) -> None:
    """Case: the record again, then another decision on the first revision: the one is nothing, the other is parked with its reason."""
    [record] = decisions(deployment)
    same = Outgoing(DECISIONS, record.key, record.value, record.headers)
    event = decode(record, types_on([DECISIONS]))
    assert event is not None
    late: Event[HoldLifted] = replace(event, id="0" * 32, data=event.data.model_copy(update={"decision_id": "dec-late"}))
    assert 2 == KafkaSender(deployment.kafka.bootstrap, "test").send([same, encode(late, DECISIONS)])
    assert watcher.wait(lambda: bool(kept_by(deployment, "fetcher")), PATIENCE_SECONDS)
    [(_, why)] = kept_by(deployment, "fetcher")
    assert ("decision_overtaken", True) == (why.reason, "has revision 2, not 1" in (why.detail or ""))
    second = held(watcher)[0]
    lift(deployment, second)
    again(watcher, second)
    assert [] == [one for (subject, revision), one in watcher.invoices.items() if revision > 2 and subject == event.data.invoice_id]


def test_what_cannot_be_lifted_is_refused_in_french(deployment: Deployment, watcher: Watcher) -> None:
    """Case: a reason nobody can lift, one the document is not held for, a decision that misses something: nothing is said."""
    first, before = held(watcher)[0], len(decisions(deployment))
    for reason, sentence in (
        ("document_unreadable", "Le motif « document_unreadable » ne se lève pas. Ouvrir le PDF et saisir la facture"),
        ("not_shipped", "Le document n’est pas encore collecté, il n’y a rien à lever"),
        ("totals_missing", "est retenu pour « other_buyer », non pour « totals_missing »."),
    ):
        with pytest.raises(ServerFailed, match=sentence.replace(".", r"\.")):
            lift(deployment, first, reason)
    with pytest.raises(ServerFailed, match="Il manque : --because"):
        deployment.command("classifier", "decide", "lift", first.invoice_id, "other_buyer", "--company", first.company_id, "--by", BY)
    assert before == len(decisions(deployment))
