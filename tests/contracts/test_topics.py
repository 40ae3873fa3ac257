"""topics.yaml: complete, without orphans, and nothing in it that nobody reads."""

from typing import Any, cast

import pytest
import yaml

from schemas.connection_changed.v1 import ConnectionChanged
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.registry import (
    FOLDER,
    Topic,
    UnknownContract,
    event_class,
    parked_topic,
    retry_topic,
    topic,
    topic_for,
    topics,
    topics_read_by,
    types_on,
)
from tests.contracts.files import EVENTS, FOLDERS

SERVICES = ("fetcher", "classifier", "ledger", "notifier")
PEOPLE = "operators"
TOPICS = (
    "achats.connections.v1",
    "achats.companies.v1",
    "achats.contacts.v1",
    "achats.collected.v1",
    "achats.classified.v1",
    "achats.booked.v1",
    "achats.invoices.v1",
    "achats.decisions.v1",
    "achats.notified.v1",
    "achats.audit.v1",
    "achats.parked.fetcher.v1",
    "achats.retry.fetcher.v1",
    "achats.parked.classifier.v1",
    "achats.retry.classifier.v1",
    "achats.parked.ledger.v1",
    "achats.retry.ledger.v1",
    "achats.parked.notifier.v1",
    "achats.retry.notifier.v1",
)
TOPIC_KEYS = {"purpose", "owner", "key", "partitions", "keeps", "seen_by", "says", "read_by", "max_message_bytes"}
ALL_MUST_SAY = {"purpose", "owner", "key", "keeps", "seen_by", "says", "read_by"}

type Page = dict[str, Any]


@pytest.fixture
def page() -> Page:
    """The file as it stands."""
    return cast("Page", yaml.safe_load((FOLDER / "topics.yaml").read_text(encoding="utf-8")))


def test_every_topic_of_the_design_is_there():
    """Ten topics, and two more for each service; a topic is never lost or renamed unseen."""
    assert TOPICS == tuple(one.name for one in topics())


def test_no_unknown_keys(page: Page):
    """A misspelled key would be a promise nobody keeps."""
    assert {"defaults", "topics", "parked_and_retry"} == set(page)
    assert set() == set(page["defaults"]) - TOPIC_KEYS
    assert {"services", "key", "partitions", "keeps", "seen_by", "max_message_bytes"} == set(page["parked_and_retry"])
    for name, row in page["topics"].items():
        assert set() == set(row) - TOPIC_KEYS, name
        assert set() == ALL_MUST_SAY - set(row), name


def test_every_contract_is_said_on_a_topic_and_every_event_has_a_contract():
    """No orphan on either side."""
    assert set(FOLDERS) == {folder for one in topics() for said in one.says.values() for folder in said}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_contract_s_folder_is_complete(folder: str):
    """Class, schema, examples, README, releases."""
    present = {file.name for file in (FOLDER / folder).iterdir()} - {"__pycache__"}
    assert {"__init__.py", "v1.py", "v1.schema.json", "examples", "README.md", "released"} == present


@pytest.mark.parametrize("one", topics(), ids=lambda one: cast("Topic", one).name)
def test_a_topic_names_services_that_exist(one: Topic):
    """Owner, producers, consumers and the only reader are among the four, but for what people do; what it says ends in a full stop."""
    assert one.owner in SERVICES
    assert {*one.says, *one.read_by} <= {*SERVICES, *([PEOPLE] if one.key == "subject" else [])}
    assert one.seen_by in {"us", "public", *SERVICES}
    assert one.key in {"company", "invoice", "original", "subject"}
    assert one.purpose.endswith(".")


@pytest.mark.parametrize("one", topics(), ids=lambda one: cast("Topic", one).name)
def test_only_its_owner_says_things_on_a_topic(one: Topic):
    """Order within a key comes from one producer; what is audited is every service's, and order there is nobody's promise."""
    assert one.key == "subject" or set(one.says) <= {one.owner}


@pytest.mark.parametrize("one", topics(), ids=lambda one: cast("Topic", one).name)
def test_retention_is_one_of_a_few(one: Topic):
    """30 days live, 90 parked, 400 for what people decided and did; compacted for states."""
    assert one.keeps in {None, 30, 90, 400}


@pytest.mark.parametrize("one", [one for one in topics() if one.keeps is None], ids=lambda one: cast("Topic", one).name)
def test_what_is_compacted_has_a_version(one: Topic):
    """A reader that sees two states of a key must know the later one."""
    for folder in (folder for said in one.says.values() for folder in said):
        assert "version" in event_class(folder).model_fields


@pytest.mark.parametrize("service", SERVICES)
def test_a_parked_topic_takes_more_than_any_of_its_sources(service: str):
    """A record too large to handle, and its reason, must still fit; given back, it must fit again, with its reason."""
    sources = max((topic(name).max_message_bytes for name in topics_read_by(service)), default=0)
    assert topic(parked_topic(service)).max_message_bytes >= 2 * sources
    assert topic(retry_topic(service)).max_message_bytes >= topic(parked_topic(service)).max_message_bytes


@pytest.mark.parametrize("service", SERVICES)
def test_a_record_is_given_back_on_its_own_partition(service: str):
    """The retry topic has as many as each of the service's sources: partition and book are one; that service alone reads it."""
    assert {topic(name).partitions for name in topics_read_by(service)} == {topic(retry_topic(service)).partitions}
    assert ((service,), retry_topic(service) in topics_read_by(service)) == (topic(retry_topic(service)).read_by, False)


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_reads_what_it_may_not_see(service: str):
    """A topic seen by one service is read by that one alone."""
    for name in topics_read_by(service):
        assert topic(name).seen_by in {"us", "public", service}


def test_partitions_are_fixed():
    """24 for streams of companies and what is given back to them, 3 for the rest: another number moves keys to other partitions."""
    assert {3: 5, 24: 13} == {count: sum(one.partitions == count for one in topics()) for count in (3, 24)}


def test_a_service_knows_every_type_on_its_topics():
    """What the ledger decodes: the classifier's three, the marker passed on, and what people decided."""
    documents = {
        "achats.classification.held.v1",
        "achats.collection.finished.v1",
        "achats.invoice.classified.v1",
        "achats.invoice.parked.v1",
    }
    decisions = {"achats.line.recoded.v1", "achats.supplier.merged.v1", "achats.hold.lifted.v1"}
    assert documents | decisions == set(types_on(topics_read_by("ledger")))
    assert set() == set(types_on(["achats.parked.ledger.v1"]))


def test_every_event_is_said_by_somebody():
    """And topic_for finds where."""
    said = {(producer, folder) for one in topics() for producer, folders in one.says.items() for folder in folders if folder in EVENTS}
    assert 27 == len(said)
    assert set(EVENTS) == {folder for _, folder in said}
    assert "achats.connections.v1" == topic_for("fetcher", ConnectionChanged)


def test_who_says_what_it_may_not_is_told():
    """The ledger does not say invoice.collected; a topic nobody wrote down does not exist."""
    with pytest.raises(UnknownContract, match="ledger does not say invoice_collected"):
        topic_for("ledger", InvoiceCollected)
    with pytest.raises(UnknownContract, match=r"achats\.guesses\.v1"):
        topic("achats.guesses.v1")


def test_the_broker_s_settings():
    """A stream, a compacted topic, a parked topic."""
    assert {"cleanup.policy": "delete", "retention.ms": "2592000000", "max.message.bytes": "1048576"} == topic(
        "achats.collected.v1"
    ).configuration
    assert {"cleanup.policy": "compact", "max.message.bytes": "1048576"} == topic("achats.invoices.v1").configuration
    assert {"cleanup.policy": "delete", "retention.ms": "7776000000", "max.message.bytes": "8388608"} == topic(
        "achats.parked.ledger.v1"
    ).configuration
