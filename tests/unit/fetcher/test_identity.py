"""Ids and hashes: the same facts give the same value, other facts another."""

from schemas.invoice_collected.v1 import Charge, Party
from schemas.values import Fact
from services.fetcher.domain.identity import facts_hash, issuer_of, mint_invoice_id, run_id_of
from tests.unit.fetcher.known import NOBODY, evidence

CHARGE = Charge(
    transaction_id="T1",
    kind="charge",
    order_id="171-1",
    order_line_item_id="L1",
    shipment_id="S1",
    title="Stylos",
    asin=None,
    unspsc=None,
    quantity=1,
    currency="EUR",
    principal_cents=1000,
    shipping_cents=None,
    discount_cents=None,
    tax_cents=200,
    total_cents=1200,
    tax_rate="0.2",
    merchant="Papeterie des Trois Ormes",
    business_order_info={},
)


def said(value: str) -> Fact[str]:
    """A fact of the document."""
    return Fact(value=value, origin="document:text")


def test_the_issuer_is_the_best_identity_there_is() -> None:
    """VAT number before SIREN before printed name before the merchant of the API."""
    everything = Party(name=said("Papeterie"), vat_id=said("FR 12 903172660"), siren=said("903172660"), country=None)
    assert "FR12903172660" == issuer_of(evidence("1", seller=everything), [CHARGE])
    assert "903172660" == issuer_of(evidence("1", seller=everything.model_copy(update={"vat_id": None})), [CHARGE])
    assert "PAPETERIE" == issuer_of(evidence("1", seller=Party(name=said("Papeterie"), vat_id=None, siren=None, country=None)), [CHARGE])
    assert "PAPETERIEDESTROISORMES" == issuer_of(evidence("1", seller=NOBODY), [CHARGE])
    assert "UNKNOWN" == issuer_of(evidence("1", seller=NOBODY), [])


def test_an_invoice_id_depends_on_company_issuer_number_and_type() -> None:
    """Change one of the four, get another id; repeat the four, get the same."""
    ids = {
        mint_invoice_id("acme", "FR1", "N1", "invoice"),
        mint_invoice_id("acme", "FR1", "N1", "invoice"),
        mint_invoice_id("other", "FR1", "N1", "invoice"),
        mint_invoice_id("acme", "FR2", "N1", "invoice"),
        mint_invoice_id("acme", "FR1", "N2", "invoice"),
        mint_invoice_id("acme", "FR1", "N1", "credit_note"),
    }
    assert 5 == len(ids)
    assert "inv-63dc07b9d8951bc995b51e7b" == mint_invoice_id("acme", "FR1", "N1", "invoice")


def test_a_label_is_no_fact_and_an_amount_is() -> None:
    """Amending a title changes nothing; an amount, the PDF or the day makes other facts."""
    before = facts_hash("N1", "invoice", "2026-11-12", "a" * 64, [CHARGE])
    renamed = CHARGE.model_copy(update={"title": "Stylos bleus"})
    settled = CHARGE.model_copy(update={"total_cents": 1300})
    assert before == facts_hash("N1", "invoice", "2026-11-12", "a" * 64, [renamed])
    assert before != facts_hash("N1", "invoice", "2026-11-12", "a" * 64, [settled])
    assert before != facts_hash("N1", "invoice", "2026-11-12", "b" * 64, [CHARGE])
    assert before != facts_hash("N1", "invoice", "2026-11-13", "a" * 64, [CHARGE])


def test_the_order_of_charges_is_no_fact() -> None:
    """Amazon may list two charges in either order."""
    other = CHARGE.model_copy(update={"transaction_id": "T2"})
    assert facts_hash("N1", "invoice", None, "a" * 64, [CHARGE, other]) == facts_hash("N1", "invoice", None, "a" * 64, [other, CHARGE])


def test_the_same_occasion_is_the_same_run() -> None:
    """A slot deferred twice makes one run."""
    assert run_id_of("con-1", "daily", "2026-11-23") == run_id_of("con-1", "daily", "2026-11-23")
    assert run_id_of("con-1", "daily", "2026-11-23") != run_id_of("con-1", "daily", "2026-11-24")
