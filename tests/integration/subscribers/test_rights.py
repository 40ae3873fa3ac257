"""A subscriber may do what its file asks for and nothing else, on a real broker that refuses whatever no ACL allows."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kafka.admin
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.local.access import Account
from deploy.ops import grants
from deploy.ops.grants import Grant, Limit
from deploy.ops.subscribers import subscribers
from tests.support.guarded import TEAMS, Guarded, file_of
from tests.support.public_history import said
from tests.support.reading import group, wait_until

ADMIN: Any = kafka.admin  # a checker knows the stubs of an older version
BOOKED, COLLECTED, COMPANIES, INVOICES = (f"achats.{name}.v1" for name in ("booked", "collected", "companies", "invoices"))
GRANTED = "granted"
NO_TOPIC, NO_GROUP, NO_CLUSTER = "TOPIC_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED"

type Attempt = Callable[[Guarded, Account], str]
"""Something an account tries; `granted`, or Kafka's name of the refusal."""


@pytest.fixture(scope="module", autouse=True)
def _something_to_read(guarded: Guarded) -> None:
    guarded.write([said(folder, 1, company_id="of-rights") for folder in ("entry_recorded", "invoice_collected")])
    guarded.write([said(folder, 1, company_id="of-rights") for folder in ("invoice_described", "company_described")])


def reading(topic: str, team: str) -> Attempt:
    """To read a topic as a new group of a team."""

    def attempt(guarded: Guarded, account: Account) -> str:
        own = {"group.id": f"{team}.{group()}", "auto.offset.reset": "earliest"}
        consumer = Consumer({**guarded.client(account), **own})
        consumer.subscribe([topic])
        message = consumer.poll(30)
        consumer.close()
        assert message is not None, "neither a record nor a refusal"
        return _name(message.error())

    return attempt


def writing(topic: str) -> Attempt:
    """To send a record."""

    def attempt(guarded: Guarded, account: Account) -> str:
        told: list[KafkaError | None] = []
        producer = Producer({**guarded.client(account), "acks": "all"})
        producer.produce(topic, b"{}", b"of-rights", on_delivery=lambda error, _: told.append(error))
        assert 0 == producer.flush(30)
        return _name(told[0])

    return attempt


def asking(deed: Callable[[Any], Any]) -> Attempt:
    """To alter something."""

    def attempt(guarded: Guarded, account: Account) -> str:
        admin = AdminClient(guarded.client(account))  # dropped before its answer, it would cancel the question
        (answer,) = deed(admin).values()
        try:
            answer.result(30)
        except KafkaException as refusal:
            return _name(refusal.args[0])
        return GRANTED

    return attempt


def _name(error: KafkaError | None) -> str:
    return GRANTED if error is None else error.name()


OWN = {"invoices": reading(INVOICES, "analytics"), "companies": reading(COMPANIES, "analytics")}
REFUSED: dict[str, tuple[Attempt, str]] = {
    "read a public topic it did not ask for": (reading(BOOKED, "analytics"), NO_TOPIC),
    "read a topic of the services": (reading(COLLECTED, "analytics"), NO_TOPIC),
    "read as another team's group": (reading(INVOICES, "treasury"), NO_GROUP),
    "read as a service's group": (reading(INVOICES, "achats-ledger"), NO_GROUP),
    "read as a group that only begins alike": (reading(INVOICES, "analyticsandmore"), NO_GROUP),
    "write to its topic": (writing(INVOICES), NO_TOPIC),
    "write to a service's topic": (writing(COLLECTED), NO_TOPIC),
    "make a topic": (asking(lambda admin: admin.create_topics([NewTopic("analytics.mine", 1, 1)])), NO_TOPIC),
    "delete its topic": (asking(lambda admin: admin.delete_topics([INVOICES])), NO_TOPIC),
}


@pytest.mark.parametrize("topic", OWN)
def test_a_team_reads_what_it_asked_for(topic: str, guarded: Guarded):
    """As a group of its own."""
    assert GRANTED == OWN[topic](guarded, guarded.teams["analytics"])


@pytest.mark.parametrize("deed", REFUSED)
def test_a_team_may_do_nothing_else(deed: str, guarded: Guarded):
    """Each refusal is that of the right that is missing."""
    attempt, refusal = REFUSED[deed]
    assert refusal == attempt(guarded, guarded.teams["analytics"])


def test_a_team_sees_no_topic_but_its_own(guarded: Guarded):
    """Not even their names."""
    seen = AdminClient(guarded.client(guarded.teams["analytics"])).list_topics(timeout=30).topics
    assert {INVOICES, COMPANIES} == set(seen)


def test_a_team_may_not_give_itself_rights(guarded: Guarded):
    """The plan itself needs an administrator, and the refusal says so."""
    team = guarded.teams["analytics"]
    with pytest.raises(grants.Refused, match="ClusterAuthorizationFailed"):
        grants.plan(subscribers(TEAMS), grants.Login(guarded.bootstrap, team.name, team.password, "SASL_PLAINTEXT"))


def test_a_wrong_password_lets_nobody_in(guarded: Guarded):
    """kafka-python says no more than that it found no way in; what to look at is said beside it."""
    login = grants.Login(guarded.bootstrap, guarded.administrator.name, "guessed", "SASL_PLAINTEXT")
    with pytest.raises(grants.Refused, match="Unable to bootstrap"):
        grants.plan(subscribers(TEAMS), login)


def test_what_is_granted_is_what_the_files_say(guarded: Guarded):
    """Nothing to do after `apply`; the whole list of one team, by hand."""
    assert grants.Plan((), ()) == grants.plan(subscribers(TEAMS), guarded.login)
    team = "subscriber-analytics"
    assert {
        Grant(team, "TOPIC", INVOICES),
        Grant(team, "TOPIC", COMPANIES),
        Grant(team, "GROUP", "analytics.", "PREFIXED"),
        Limit(team, "consumer_byte_rate", 5_000_000.0),
        Limit(team, "request_percentage", 25.0),
    } == {one for one in grants.plan([], guarded.login).remove if one.user == team}


def test_rights_given_by_hand_are_found_and_taken_away(guarded: Guarded):
    """The attempts that are refused above succeed meanwhile: they measure rights, not something else."""
    user, given = guarded.teams["analytics"], ("read a public topic it did not ask for", "write to its topic")
    by_hand = (Grant(user.name, "TOPIC", BOOKED), Grant(user.name, "TOPIC", INVOICES, operation="WRITE"))
    grants.apply(grants.Plan(by_hand, ()), guarded.login)
    wait_until(lambda: [GRANTED] * 2 == [REFUSED[deed][0](guarded, user) for deed in given])
    todo = grants.plan(subscribers(TEAMS), guarded.login)
    assert grants.Plan((), by_hand) == todo
    grants.apply(todo, guarded.login)
    wait_until(lambda: [NO_TOPIC] * 2 == [REFUSED[deed][0](guarded, user) for deed in given])


def test_a_team_whose_file_is_gone_has_no_rights_any_more(guarded: Guarded, tmp_path: Path):
    """And one whose file changed has those of its new file."""
    for team in ("analytics", "treasury"):
        shutil.copy(file_of(team), tmp_path)
    changed = tmp_path / "treasury.yaml"
    changed.write_text(changed.read_text(encoding="utf-8") + "quota: {read_bytes_per_second: 100000}\n", encoding="utf-8")
    (tmp_path / "analytics.yaml").unlink()
    todo = grants.plan(subscribers(tmp_path), guarded.login)
    assert (Limit("subscriber-treasury", "consumer_byte_rate", 100_000.0),) == todo.add
    assert 5 == sum(one.user == "subscriber-analytics" for one in todo.remove)
    grants.apply(todo, guarded.login)
    assert grants.Plan((), ()) == grants.plan(subscribers(tmp_path), guarded.login)
    wait_until(lambda: OWN["invoices"](guarded, guarded.teams["analytics"]) == NO_GROUP)
    grants.apply(grants.plan(subscribers(TEAMS), guarded.login), guarded.login)
    wait_until(lambda: OWN["invoices"](guarded, guarded.teams["analytics"]) == GRANTED)
