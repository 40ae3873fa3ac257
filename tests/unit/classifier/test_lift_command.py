"""`achats-classifier decide lift`: what its options give, and which decisions it does not let through."""

from datetime import date

import pytest

from schemas.hold_lifted.v1 import Given, HoldLifted
from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.adapters.command_line import parser
from services.classifier.adapters.lifting import NotLifted, given_in, refuse_unliftable, stage_of, try_out
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain import holds
from services.classifier.domain.classification import classify
from tests.support.collected import domestic_invoice
from tests.support.decisions import AT, BY
from tests.support.provoked import PROVOKED

RULEBOOK = read_rulebook()


def given_by(*options: str) -> Given | None:
    """What these options give."""
    return given_in(parser().parse_args(["decide", "lift", "inv-1", "reason", "--by", BY, *options]))


def lifting(document: InvoiceCollected, reason: str, **changes: object) -> HoldLifted:
    """A decision about the document."""
    usual: dict[str, object] = {
        "company_id": document.company_id,
        "decision_id": "dec-1",
        "invoice_id": document.invoice_id,
        "revision": document.revision,
        "reason": reason,
        "account": None,
        "because": "vu",
        "by": BY,
        "decided_at": AT,
    }
    return HoldLifted.model_validate({**usual, **changes})


def test_each_option_gives_one_thing() -> None:
    """Goal: every field has its option; amounts are cents, days are days."""
    words = "--type invoice --number FR-9 --issue-date 2026-03-10 --currency EUR --exchange-rate 1.25 --net 100 --vat 20,5 --gross 120.50"
    assert Given(
        type="invoice",
        number="FR-9",
        issue_date=date(2026, 3, 10),
        currency="EUR",
        exchange_rate="1.25",
        net_cents=100_00,
        vat_cents=20_50,
        gross_cents=120_50,
        vat_rate="20",
        regime="foreign",
        delivery_date=date(2026, 3, 12),
    ) == given_by(*words.split(), "--vat-rate", "20", "--regime", "foreign", "--delivery-date", "2026-03-12")


def test_no_option_gives_nothing() -> None:
    """Goal: null = nothing was given."""
    assert given_by("--because", "vu", "--account", "658000") is None


@pytest.mark.parametrize(("text", "cents"), [("0,05", 5), ("-1,5", -1_50), ("1234567890123.99", 123456789012399)])
def test_an_amount_is_written_as_people_write_it(text: str, cents: int) -> None:
    """Goal: comma or point, one decimal or two."""
    given = given_by(f"--gross={text}")
    assert given is not None
    assert cents == given.gross_cents


@pytest.mark.parametrize("text", ["1 000", "1,234", "douze", "", "1e3"])
def test_what_is_no_amount_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Goal: never a guess."""
    with pytest.raises(SystemExit):
        given_by(f"--gross={text}")
    assert "n’est pas un montant" in capsys.readouterr().err


def test_a_reason_is_refused_before_anything_is_read() -> None:
    """Case: unknown, and lifted by nobody; one that somebody lifts passes, whoever holds for it."""
    for reason, sentence in (
        ("spaceship", "n’existe pas"),
        ("conflict", "Garder la première écriture"),
        ("other_entity", "pas encore collecté"),
    ):
        with pytest.raises(NotLifted, match=sentence):
            refuse_unliftable(reason)
    refuse_unliftable("no_rate")
    refuse_unliftable("same_document")


def test_who_holds_the_document() -> None:
    """Goal: the classifier, as it says itself, else the ledger; never for another reason than it has."""
    held, free = classify(PROVOKED[holds.OtherBuyer], RULEBOOK), classify(domestic_invoice(), RULEBOOK)
    assert ("classification", "booking") == (stage_of("other_buyer", held), stage_of("same_document", free))
    with pytest.raises(NotLifted, match="est retenu pour « other_buyer », non pour « same_document »"):
        stage_of("same_document", held)
    with pytest.raises(NotLifted, match="n’est pas retenu pour « other_buyer »"):
        stage_of("other_buyer", free)


def test_a_decision_is_tried_out_before_it_is_said() -> None:
    """Case: a difference of one euro on the account of gains stays held, on that of losses not; one without account misses it."""
    document = PROVOKED[holds.TotalsMismatch]
    try_out(lifting(document, "totals_mismatch", account="658000"), document, RULEBOOK)
    with pytest.raises(NotLifted, match=r"Avec cette décision le document reste retenu\. Le total du document diffère"):
        try_out(lifting(document, "totals_mismatch", account="758000"), document, RULEBOOK)
    with pytest.raises(NotLifted, match="Il manque : --account"):
        try_out(lifting(document, "totals_mismatch"), document, RULEBOOK)


def test_a_decision_after_which_another_hold_shows_is_one() -> None:
    """Case: the PDF has no type and a wrong total; and a hold whose cure is elsewhere need not be cured in what the topic keeps."""
    document = PROVOKED[holds.TypeMissing]
    evidence = document.evidence.model_copy(update={"vat": ()})
    both = document.model_copy(update={"evidence": evidence})
    try_out(lifting(both, "type_missing", given=Given(type="invoice")), both, RULEBOOK)
    unnumbered = PROVOKED[holds.CompanyWithoutVatNumber]
    try_out(lifting(unnumbered, "company_without_vat_number"), unnumbered, RULEBOOK)
