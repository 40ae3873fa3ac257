"""What people say to the classifier and hear from it, on real parts: decisions that become rules, and the commands around them."""

import json
import re
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.adapters.command_line import run_command
from services.classifier.adapters.decisions import PostgresDecisions
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.config import PeoplesConfig
from services.classifier.handler import DECISIONS, SERVICE, Rulebooks
from services.kernel.envelope import Outgoing, Record, encode
from services.kernel.postgres import PostgresStore
from tests.adapters.teachings import recoded, said
from tests.integration.classifier.bench import CLASSIFIED, PARKED, Bench, published, wait_until
from tests.integration.classifier.test_worker import ran_by_reference, wire
from tests.support.collected import collected, domestic_invoice, evidence, line, stated, vat

pytestmark = pytest.mark.timeout(300)
LABEL = "Classeur à levier A4, lot de 10"
type Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def company() -> str:
    """A company no other test knows."""
    return f"co-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def decisions(bench: Bench) -> Generator[PostgresDecisions]:
    """The classifier's schema, looked at from beside it."""
    with closing(PostgresStore(bench.database_url, SERVICE, pool_size=1)) as store:
        yield PostgresDecisions(store)


@pytest.fixture
def say(bench: Bench, capsys: pytest.CaptureFixture[str]) -> Say:
    """`achats-classifier WORDS…`: exit code, output, errors."""
    config = PeoplesConfig({"ACHATS_KAFKA": bench.kafka.bootstrap, "ACHATS_CLASSIFIER_DATABASE_URL": bench.database_url})

    def run(*words: str) -> tuple[int, str, str]:
        code = run_command(words, config)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def binders(company: str, invoice_id: str, label: str = LABEL) -> InvoiceCollected:
    """An invoice of one line, 40 € of binders."""
    return collected(
        evidence((line(label, 40_00),), (vat("20", 40_00, 8_00),)), stated(), company_id=company, invoice_id=f"{company}-{invoice_id}"
    )


def recoded_record(company: str, nature: str) -> Outgoing:
    """A decision for always, as the relay sends it."""
    data = recoded(nature, nature, company_id=company, always=True)
    return encode(said(data), DECISIONS)


def answers(records: Sequence[Record]) -> list[tuple[str, str, str]]:
    """Nature, rule and rulebook of the first line of each."""
    heard = [InvoiceClassified.model_validate_json(record.value or b"") for record in records]
    return [(one.lines[0].nature, one.lines[0].rule, one.rulebook_version) for one in heard]


def test_three_corrections_change_the_next_answer(bench: Bench, company: str, say: Say, decisions: PostgresDecisions) -> None:
    """
    Goal: a correction goes from a person over the outbox, the relay and the topic to a rule that the next document meets.
    Case: three invoices of binders recoded to resale; then two more, one of another kind of binder.
    """
    bench.publish(*published([binders(company, str(number)) for number in range(3)]))
    with bench.worker() as worker:
        assert [("supplies", "words-supplies", "2026_11_4")] * 3 == answers(bench.read(CLASSIFIED, company, seen=3))
        for number in range(3):
            assert 0 == say("decide", "recode", f"{company}-{number}", "1", "resale", "--company", company, "--by", "Mme Lefèvre")[0]
        wait_until("the rule is there", lambda: decisions.rules(company).edition == 1)
        assert 3 == len(bench.read(DECISIONS, company, seen=3))
        bench.publish(*published([binders(company, "3"), binders(company, "4", "CLASSEURS à levier, dos 50 mm")], "run-2"))
        heard = bench.read(CLASSIFIED, company, seen=5)
        assert [("resale", "words:classeur a levier", "2026_11_4_c1")] * 2 == answers(heard[3:])
        assert 0 == worker.stop(), worker.log


def test_the_plain_loop_says_the_same_bytes_once_people_have_decided(bench: Bench, company: str, decisions: PostgresDecisions) -> None:
    """Goal: worker and reference, with the same rulebook version, give the same bytes; what cannot be kept is parked, and no run hears."""
    odd = recoded_record(company, "spaceships")
    bench.publish(recoded_record(company, "resale"), odd)
    with bench.worker() as worker:
        wait_until("the rule is there", lambda: decisions.rules(company).edition == 1)
        bench.publish(*published([binders(company, "1"), domestic_invoice(company_id=company, invoice_id="inv-2"), binders(company, "3")]))
        ours = bench.read(CLASSIFIED, company, seen=3)
        assert ["2026_11_4_c1"] * 3 == [rulebook for _, _, rulebook in answers(ours)]
        (kept,) = bench.read(PARKED, company, seen=1)
        assert (odd.value, "nature_unknown") == (kept.value, json.loads(kept.headers[-1][1] or b"")["reason"])
        assert 0 == worker.stop(), worker.log
    both = ran_by_reference(bench, company, Rulebooks(read_rulebook(), decisions), seen=6)
    assert [wire(record) for record in ours] == [wire(record) for record in both[3:]]


def test_the_commands_tell_why_and_what_would_change(bench: Bench, company: str, say: Say, tmp_path: Path) -> None:
    """
    Goal: explain, diff, dry-run, publish, list and withdraw, in the order in which a person uses them.
    Case: three invoices of 40 € of binders that the company sells on.
    """
    bench.publish(*published([binders(company, str(number)) for number in range(3)]))
    code, told, _ = say("explain", f"{company}-0")
    assert 0 == code
    assert (
        f"├ ligne 1 « {LABEL} », 40,00 € HT → supplies, compte 606400\n│  ✓ words-supplies : « classeur a levier » dans le libellé" in told
    )
    assert "├ TVA 20 % : régime domestic (CGI 271 I-1), " in told
    file = tmp_path / "rules.yaml"
    file.write_text("- {id: binders, nature: resale, account: '607100', words: [classeur], owner: Mme Lefèvre}\n", encoding="utf-8")
    assert re.fullmatch(
        r"\+ binders: resale on 607100 where .*written, edition 1\n", say("rules", "diff", "--company", company, str(file))[1]
    )
    tried = say("rules", "dry-run", "--company", company, str(file))[1]
    assert f"{company}-1 line 1 « {LABEL} » 40,00 €: 606400 → 607100 (binders: « classeur » dans le libellé)" in tried
    assert tried.endswith("606400  -120,00 €\n607100  +120,00 €\n3 lines of 3 documents of the last 30 days would change\n")
    assert "edition 1\n" == say("rules", "publish", "--company", company, "--by", "Mme Lefèvre", str(file))[1]
    assert "→ resale, compte 607100" in say("explain", f"{company}-0", "--company", company)[1]
    assert "" == say("rules", "diff", "--company", company, str(file))[1]
    assert "company_product  binders: resale on 607100" in say("rules", "list", "--company", company)[1]
    assert "edition 2\n" == say("rules", "withdraw", "--company", company, "--by", "M. Petit", "binders")[1]
    assert "ended  binders  editions 1 to 1, by M. Petit\n" in say("rules", "list", "--company", company)[1]
    assert "→ supplies, compte 606400" in say("explain", f"{company}-0", "--company", company)[1]


def test_what_cannot_be_done_is_said(company: str, say: Say, tmp_path: Path) -> None:
    """Goal: exit code 2 and a sentence; nothing is changed."""
    file = tmp_path / "rules.yaml"
    file.write_text("- {id: x, nature: spaceships, words: [classeur], owner: me}\n", encoding="utf-8")
    for words in (
        ("explain", "nobody-knows-it", "--company", company),
        ("rules", "publish", "--company", company, "--by", "me", str(file)),
        ("rules", "withdraw", "--company", company, "--by", "me", "binders"),
        ("decide", "lift", "nobody-knows-it", "totals_mismatch", "--by", "me", "--company", company),
    ):
        code, told, trouble = say(*words)
        assert (2, "") == (code, told)
        assert trouble
    assert f"{company}, rules 2026_11_4\n" == say("rules", "list", "--company", company)[1]
