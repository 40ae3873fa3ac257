"""`achats parked list|show|retry|discard` on a real broker: every byte comes back, on its own partition; what was done stays known."""

import json
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from typer.testing import CliRunner

from deploy.ops.parked_commands import app
from schemas.registry import parked_topic, retry_topic, topic
from services.kernel.envelope import Headers, Outgoing, Record, parked
from services.kernel.errors import ContractBroken, Poison, Unreadable

PARTITION = 17
WHO, WHY = ("--by", "ada"), ("--why", "issue 17")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answers."""

    returncode: int
    stdout: str
    stderr: str


def achats(bootstrap: str, *arguments: str) -> Said:
    """The command, in this process; an error that says what to do is told as `deploy.cli.main` tells it."""
    done = CliRunner().invoke(app, arguments, env={"ACHATS_KAFKA": bootstrap})
    trouble = done.exception
    if trouble is None or isinstance(trouble, SystemExit):
        return Said(done.exit_code, done.stdout, done.stderr)
    return Said(1, done.stdout, f"{trouble}\n→ {vars(type(trouble))['next_action']}")


@dataclass(frozen=True, slots=True)
class Case:
    """A record of a company that no other test knows, refused by the ledger."""

    bootstrap: str
    record: Record

    @property
    def company(self) -> str:
        """Whose it is."""
        return (dict(self.record.headers)["ce_companyid"] or b"").decode()

    def park(self, refusal: Poison = ContractBroken("totals: planted"), headers: Headers | None = None, topic_name: str = "") -> Outgoing:  # noqa: B008
        """The ledger parks it, here or where it was given back; what stands on the parked topic then."""
        came = replace(self.record, headers=headers or self.record.headers, topic=topic_name or self.record.topic)
        kept = parked(came, refusal, "ledger", parked_topic("ledger"), f"2026-03-11T05:00:00.{uuid.uuid4().int % 10**6:06}Z")
        producer = Producer({"bootstrap.servers": self.bootstrap, "message.max.bytes": 8_388_608})
        producer.produce(kept.topic, kept.value, kept.key, headers=list(kept.headers))
        assert 0 == producer.flush(30)
        return kept

    def listed(self, *options: str) -> list[dict[str, Any]]:
        """What the list says of it."""
        said = achats(self.bootstrap, "list", "ledger", "--json", "--newest", "100", *options)
        assert 0 == said.returncode, said.stderr
        return [one for one in map(json.loads, said.stdout.splitlines()) if one["company"] == self.company]

    def place(self) -> tuple[str, str, str]:
        """How the commands name it."""
        [one] = self.listed()
        return "ledger", str(one["parked_partition"]), str(one["parked_offset"])

    def do(self, word: str, *more: str) -> Said:
        """Show, retry or discard it."""
        return achats(self.bootstrap, word, *self.place(), *more)

    def given_back(self) -> list[tuple[int, bytes | None, bytes | None, Headers]]:
        """Its copies on the retry topic: partition, key, value, headers."""
        name = retry_topic("ledger")
        found = read(self.bootstrap, [TopicPartition(name, n, OFFSET_BEGINNING) for n in range(topic(name).partitions)])
        return [one for one in found if ("ce_companyid", self.company.encode()) in one[3]]


def read(bootstrap: str, places: list[TopicPartition]) -> list[tuple[int, bytes | None, bytes | None, Headers]]:
    """Everything that stands there."""
    consumer: Any = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False})
    left = sum(end - begin for begin, end in (consumer.get_watermark_offsets(place, timeout=30) for place in places))
    consumer.assign(places)
    found = list[tuple[int, bytes | None, bytes | None, Headers]]()
    while len(found) < left:
        found += [(one.partition(), one.key(), one.value(), tuple(one.headers() or ())) for one in consumer.consume(left - len(found), 1.0)]
    consumer.close()
    return found


@pytest.fixture
def case(bootstrap: str) -> Case:
    """It has neither key nor value, which kafka-python would not send, and odd headers."""
    company = f"co-{uuid.uuid4().hex[:12]}".encode()
    headers: Headers = (("ce_companyid", company), ("ce_id", b"e-1"), ("null", None), ("odd", b"\xff\x00"), ("ce_id", b"twice"))
    return Case(bootstrap, Record("achats.classified.v1", PARTITION, uuid.uuid4().int % 10**9, 1_773_205_200_000, None, None, headers))


def test_it_comes_back_byte_for_byte_on_its_own_partition_and_the_list_knows(case: Case):
    """To the ledger's retry topic, partition 17 although it has no key; who, when and why stay known."""
    kept = case.park()
    assert [(1, "open", None)] == [(one["attempt"], one["state"], one["resolved"]) for one in case.listed()]
    said = case.do("retry", *WHO, *WHY)
    assert (0, True) == (said.returncode, said.stdout.startswith("1 given back to the ledger."))
    assert [(PARTITION, kept.key, kept.value, kept.headers)] == case.given_back()
    [one] = case.listed()
    assert ("retried", "ada", "issue 17") == (one["state"], one["resolved"]["by"], one["resolved"]["reason"])
    assert [] == case.listed("--open")


def test_refused_again_it_is_open_again_one_attempt_on(case: Case):
    """One row a record, its latest refusal, at the place it first came on; the deed of the first attempt does not speak for the second."""
    kept = case.park()
    assert 0 == case.do("retry", *WHO).returncode
    case.park(Unreadable("again"), headers=kept.headers, topic_name=retry_topic("ledger"))
    first = case.record
    [one] = case.listed()
    assert (2, "open", "unreadable") == (one["attempt"], one["state"], one["reason"])
    assert (first.topic, first.partition, first.offset) == (one["topic"], one["partition"], one["offset"])
    page = case.do("show").stdout
    assert "totals: planted" in page
    assert "The value is missing or is not JSON text: again" in page
    assert 0 == case.do("retry", *WHO).returncode
    assert 2 == len(case.given_back())


def test_a_second_time_needs_to_be_meant(case: Case):
    """Given back before: said, with by whom; --again gives it back all the same. Discarding it then is refused too."""
    case.park()
    assert 0 == case.do("retry", *WHO).returncode
    for word, words in (("retry", WHO), ("discard", (*WHO, *WHY))):
        refused = case.do(word, *words)
        assert (1, True) == (refused.returncode, "was given back by ada on 20" in refused.stderr), refused.stderr
        assert "→ Given back in vain it would be parked again" in refused.stderr
    assert 1 == len(case.given_back())
    assert 0 == case.do("retry", *WHO, "--again").returncode
    assert 2 == len(case.given_back())


def test_discarded_it_is_resolved_and_nothing_is_sent(case: Case):
    """Nor is it given back with --all afterwards."""
    case.park()
    assert 0 == case.do("discard", *WHO, *WHY).returncode
    [one] = case.listed()
    assert ("discarded", "ada", "issue 17") == (one["state"], *((one["resolved"] or {}).get(name) for name in ("by", "reason")))
    assert 0 == achats(case.bootstrap, "retry", "ledger", "--all", "--reason", "contract_broken", *WHO).returncode
    assert [] == case.given_back()


def test_all_of_one_reason(case: Case):
    """What was refused for another reason stays."""
    case.park(Unreadable("no value"))
    other = replace(
        case, record=replace(case.record, offset=case.record.offset + 1, headers=(("ce_companyid", b"co-" + uuid.uuid4().hex.encode()),))
    )
    other.park()
    assert 0 == achats(case.bootstrap, "retry", "ledger", "--all", "--reason", "contract_broken", *WHO).returncode
    assert (["open"], ["retried"]) == ([one["state"] for one in case.listed()], [one["state"] for one in other.listed()])
    assert (0, 1) == (len(case.given_back()), len(other.given_back()))


def test_a_copy_that_was_parked_twice_is_one_record(case: Case):
    """The classifier may park a record twice after a crash: one row, and one deed for both."""
    case.park()
    case.park()
    assert 0 == case.do("retry", *WHO).returncode
    assert ["retried"] == [one["state"] for one in case.listed()]


def test_show_says_all_and_writes_the_bytes(case: Case, tmp_path: Path):
    """Text as text, bytes as Python writes them, and nothing that a terminal would obey."""
    shown = replace(case, record=replace(case.record, key=b"C-1", value='{"label": "é\x9b31m"}'.encode()))
    shown.park()
    said = shown.do("show", "--value", str(tmp_path / "value")).stdout
    expected = (
        "ledger ",
        ": open",
        "refused   1:",
        "contract_broken",
        "key       C-1",
        r"header    odd: b'\xff\x00'",
        "header    null: none",
    )
    assert [] == [words for words in expected if words not in said]
    assert r'"label": "é\x9b31m"' in said
    assert shown.record.value == (tmp_path / "value").read_bytes()


def test_what_somebody_put_there_by_hand_is_shown_too(case: Case):
    """No service said why; given back, it goes to the partition it stands on."""
    producer = Producer({"bootstrap.servers": case.bootstrap})
    producer.produce(parked_topic("ledger"), b"{", None, partition=1, headers=[("ce_companyid", case.company.encode())])
    assert 0 == producer.flush(30)
    assert ["unsaid"] == [one["reason"] for one in case.listed()]
    assert 0 == case.do("retry", *WHO).returncode
    assert [1] == [partition for partition, *_ in case.given_back()]


@pytest.mark.parametrize(
    ("arguments", "status", "sentence", "next_action"),
    [
        (("show", "ledger", "3", "0"), 1, "achats.parked.ledger.v1 has no partition 3.", "Take the record's two numbers"),
        (("show", "ledger", "0", "123456789"), 1, "holds the offsets from 0 up to, not including,", "Take the record's two numbers"),
        (("retry", "ledger", "0", "123456789", *WHO), 1, "not 123456789.", "Take the record's two numbers"),
        (("show", "accountant", "0", "0"), 2, "accountant is none of fetcher, classifier, ledger, notifier", ""),
        (("list", "accountant"), 2, "accountant is none of fetcher, classifier, ledger, notifier", ""),
        (("retry", "ledger", *WHO), 2, "name one record by its two numbers", ""),
        (("retry", "ledger", "0", *WHO), 2, "name one record by its two numbers", ""),
        (("retry", "ledger", "0", "0", "--all", *WHO), 2, "name one record by its two numbers", ""),
        (("retry", "ledger", "--all"), 2, "Missing option '--by'", ""),
        (("discard", "ledger", "0", "0", *WHO), 2, "Missing option '--why'", ""),
        (("retry", "ledger", "zero", "0", *WHO), 2, "Invalid value for 'partition'", ""),
    ],
)
def test_what_cannot_be_meant_is_refused(bootstrap: str, arguments: tuple[str, ...], status: int, sentence: str, next_action: str):
    """A place where nothing stands, a service that is none, a name or a reason that is missing."""
    said = achats(bootstrap, *arguments)
    words = " ".join(said.stderr.replace("│", " ").split())
    assert (status, True) == (said.returncode, sentence in words), said.stderr
    assert not next_action or f"→ {next_action}" in said.stderr


@pytest.mark.parametrize(("by", "why"), [(" ", "issue 17"), ("ada", "\t"), ("ada", ""), ("ada", "x" * 501)])
def test_a_name_and_a_reason_say_something(case: Case, by: str, why: str):
    """Empty, blank, or longer than the contract keeps: refused, and nothing is done."""
    case.park()
    for word in ("discard", "retry"):
        said = case.do(word, "--by", by, "--why", why)
        assert (1, True) == (said.returncode, "→ Say who you are with --by and why with --why" in said.stderr), said.stderr
    assert (["open"], []) == ([one["state"] for one in case.listed()], case.given_back())


def test_no_broker_is_said():
    """In a sentence."""
    said = achats("127.0.0.1:1", "list", "ledger")
    assert (1, True) == (said.returncode, "→ Start it, or correct ACHATS_KAFKA." in said.stderr), said.stderr
