"""Documents for the VAT officer: sound ones by kind, changed by a path, and clean ones drawn from a seed (tests/cases/vat/README.md)."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from schemas.invoice_collected.v1 import EvidenceLine, InvoiceCollected, VatGroup
from services.classifier.domain.vat.rates import vat_on
from tests.support.collected import collected, evidence, fact, german_seller, line, party, seller, settings, stated, vat

FOLDER = Path(__file__).parents[1] / "cases" / "vat"
ITALIAN = party("Arredo Quattro Venti S.r.l.", "IT04738120965", None, "IT")
CHINESE = party("Shenzhen Lianqiao Co., Ltd", None, None, "CN")
BRITISH = party("Hartwell Trading Ltd", "GB980780684", None, "GB")
CRAFTSMAN = party("Ateliers Bois-Clair", None, "909177051", "FR")
PAPER = (
    "Papier A4 80 g",
    "Classeur à levier",
    "Stylos bille bleus",
    "Enveloppes C5",
    "Cartouche d'encre noire",
    "Câble HDMI 2 m",
    "Câble USB 1 m",
)
BOOKS = ("Livre de comptabilité", "Code du travail", "Dictionnaire anglais")

type Row = tuple[str, int, str]
"""Label, net cents and rate."""


def of(rows: Sequence[Row], category: str | None = "s", **changes: Any) -> InvoiceCollected:
    """A document of these lines, its table by rate; a zero rate beside others is exempt."""
    bases: dict[str, int] = {}
    for _, net, rate in rows:
        bases[rate] = bases.get(rate, 0) + net
    table = [vat(rate, base, vat_on(base, rate), category if rate != "0" or category != "s" else "e") for rate, base in bases.items()]
    return around([line(*row) for row in rows], table, **changes)


def around(lines: Sequence[EvidenceLine], table: Sequence[VatGroup], **changes: Any) -> InvoiceCollected:
    """The event of these lines and this table; `company` = other settings, `api_type` what Amazon calls the document."""
    ours, kind = changes.pop("company", {}), changes.pop("api_type", "invoice")
    return collected(evidence(lines, table, **changes), stated(kind=kind), settings=settings(**ours))


BASES: dict[str, Callable[[], InvoiceCollected]] = {
    "domestic": lambda: of([("Papier A4 80 g", 200_00, "20"), ("Livre de comptabilité", 50_00, "5.5")]),
    "old_rate": lambda: of([("Papier A4 80 g", 200_00, "19.6")]),
    "rate_25": lambda: of([("Papier A4 80 g", 200_00, "25")]),
    "book_at_20": lambda: of([("Livre de comptabilité", 200_00, "20")]),
    "paper_at_5.5": lambda: of([("Papier A4 80 g", 200_00, "5.5")]),
    "paper_at_10": lambda: of([("Papier A4 80 g", 200_00, "10")]),
    "german_vat": lambda: of([("Papier A4 80 g", 200_00, "19")], seller=german_seller()),
    "british_vat": lambda: of([("Papier A4 80 g", 200_00, "20")], seller=BRITISH),
    "intra_eu": lambda: of([("Papier A4 80 g", 200_00, "0")], None, seller=german_seller(), mentions=("intra_eu_supply",)),
    "reverse_charge": lambda: of([("Papier A4 80 g", 200_00, "0")], "ae", seller=ITALIAN),
    "import": lambda: of([("Papier A4 80 g", 200_00, "0")], "g", seller=CHINESE),
    "small_business": lambda: of([("Papier A4 80 g", 200_00, "0")], None, seller=CRAFTSMAN, mentions=("small_business_exempt",)),
}


def defects() -> list[dict[str, Any]]:
    """The documents with one defect each, as the file has them."""
    return json.loads((FOLDER / "defects.json").read_text(encoding="utf-8"))


def with_defect(defect: dict[str, Any]) -> InvoiceCollected:
    """A sound document, changed."""
    page = json.loads(BASES[defect["base"]]().model_dump_json())
    for path, value in defect["set"].items():
        *way, last = path.split(".")
        place: Any = page
        for step in way:
            place = place[_key(step)]
        place[_key(last)] = value
    return InvoiceCollected.model_validate_json(json.dumps(page))


def _key(step: str) -> int | str:
    """A step of a path: the place in a list, or a name."""
    return int(step) if step.isdecimal() else step


def clean(seed: int) -> tuple[InvoiceCollected, set[str]]:
    """A document nothing is wrong with, and the flags its kind always has."""
    random = Random(seed)
    return KINDS[seed % len(KINDS)](random)


def _rows(random: Random, *rates: str, most: int = 480_00, labels: dict[str, Sequence[str]] | None = None) -> list[Row]:
    """One to six lines, at least one of each rate."""
    drawn = [*rates, *random.choices(rates, k=random.randint(0, 6 - len(rates)))]
    named = labels or {"5.5": BOOKS, "2.1": BOOKS}
    return [(random.choice(named.get(rate, PAPER)), random.randint(1_00, most), rate) for rate in drawn]


def _domestic(*rates: str, **changes: Any) -> Callable[[Random], tuple[InvoiceCollected, set[str]]]:
    def draw(random: Random) -> tuple[InvoiceCollected, set[str]]:
        rows = _rows(random, *rates)
        return (_rounded_by_line(rows, **changes) if random.random() < 1 / 3 else of(rows, **changes)), set()

    return draw


def _rounded_by_line(rows: Sequence[Row], **changes: Any) -> InvoiceCollected:
    """The VAT of each line is rounded, and summed."""
    bases: dict[str, tuple[int, int]] = {}
    for _, net, rate in rows:
        base, tax = bases.get(rate, (0, 0))
        bases[rate] = base + net, tax + vat_on(net, rate)
    return around([line(*row) for row in rows], [vat(rate, base, tax) for rate, (base, tax) in bases.items()], **changes)


def _exempt_beside(random: Random) -> tuple[InvoiceCollected, set[str]]:
    return of([*_rows(random, "20"), ("Timbre-poste", random.randint(1_00, 90_00), "0")]), set()


def _shipping(random: Random) -> tuple[InvoiceCollected, set[str]]:
    return of([*_rows(random, "20"), ("Frais de port", random.randint(1_00, 30_00), "20")]), set()


def _discount(random: Random) -> tuple[InvoiceCollected, set[str]]:
    rows = _rows(random, "20")
    return of([*rows, ("Remise", -random.randint(1, sum(net for _, net, _ in rows) // 2), "20")]), set()


def _asset(random: Random) -> tuple[InvoiceCollected, set[str]]:
    rows = [("Ordinateur portable", random.randint(500_01, 3_000_00), "20"), ("Frais de port", random.randint(1_00, 30_00), "20")]
    return of(rows), {"fixed_asset"}


def _small(random: Random) -> tuple[InvoiceCollected, set[str]]:
    who, ours = party("Vendeur", None, None, "FR"), party("Dupont SARL")
    return of([("Papier A4 80 g", random.randint(1_00, 150_00), "20")], seller=who, buyer=ours), {
        "seller_unidentified",
        "buyer_not_checked",
    }


def _credit_note(random: Random) -> tuple[InvoiceCollected, set[str]]:
    said: dict[str, Any] = {"type": fact("credit_note"), "credited_number": fact("FR-0001"), "api_type": "credit_note"}
    return of(_rows(random, "20", "5.5"), **said), set()


def _untaxed(category: str | None, flags: frozenset[str] = frozenset(), labels: Sequence[str] = PAPER, **changes: Any) -> Any:
    def draw(random: Random) -> tuple[InvoiceCollected, set[str]]:
        return of(_rows(random, "0", labels={"0": labels}), category, **changes), set(flags)

    return draw


def _one_cent_off(random: Random) -> tuple[InvoiceCollected, set[str]]:
    rows = _rows(random, "20")
    net = sum(net for _, net, _ in rows)
    return of(rows, gross_cents=fact(net + vat_on(net, "20") + random.choice((-1, 1)))), set()


KINDS: tuple[Callable[[Random], tuple[InvoiceCollected, set[str]]], ...] = (
    _domestic("20"),
    _domestic("20", "5.5"),
    _domestic("8.5", "2.1", seller=seller("RE")),
    _exempt_beside,
    _shipping,
    _discount,
    _asset,
    _small,
    _credit_note,
    _domestic("20", company={"deduction_coefficient": "0.6"}),
    _domestic("20", company={"vat_regime": "franchise"}),
    _untaxed("k", seller=german_seller()),
    _untaxed("k", labels=(*PAPER, *BOOKS), seller=german_seller()),
    _untaxed("ae", seller=ITALIAN),
    _untaxed("ae", labels=("Licence antivirus 1 an",), seller=ITALIAN),
    _untaxed("g", frozenset({"import_vat_to_come"}), seller=CHINESE),
    _untaxed(None, frozenset({"no_vat_invoice"}), seller=CHINESE, type=fact("receipt")),
    _untaxed(None, seller=CRAFTSMAN, mentions=("small_business_exempt",)),
    _untaxed(None, seller=seller(), mentions=("margin_scheme",)),
    _one_cent_off,
)
