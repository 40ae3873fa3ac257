"""Worked cases of purchase accounting as events: one adapter from the cases' own keys to evidence, settings and a company's rules.

The format is the one of `tests/cases/booking/reference.json`, explained in its `conventions`. What ships never sees a case's keys: a `kind`
becomes a company rule on the line's words, facts of a supplier become what the document prints of its seller.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from schemas.invoice_collected.v1 import Answers, Evidence, EvidenceLine, InvoiceCollected, Party, VatGroup
from schemas.values import CompanySettings
from services.classifier.domain.nature.company_rules import CompanyRule, CompanyRules
from services.classifier.domain.nature.rulebook import Nature, Rulebook
from services.classifier.domain.nature.wording import fold
from services.classifier.domain.vat.rates import vat_on
from services.fetcher.domain.reading.mentions import mentions_in
from tests.support.collected import collected, evidence, fact, line, party, settings, stated, vat

FOLDER = Path(__file__).parents[1] / "cases" / "booking"
TYPES = ("invoice", "credit_note", "receipt", "invoice_set")
GIVEN = ("given_entries", "given_documents", "events")
NUMBERS = {  # well formed, of nobody in particular
    "FR": "FR88902100478", "DE": "DE813470268", "IT": "IT04738120965", "ES": "ESB67184028", "LU": "LU30271425", "IE": "IE3417205VH",
    "NL": "NL004495445B01", "BE": "BE0428759497", "PL": "PL8567346215", "AT": "ATU13585627", "PT": "PT501964843", "SE": "SE123456789701",
}  # fmt: skip
SIRENS = ("902100478", "903172666", "904885134", "907311849", "908246721")

type Page = dict[str, Any]
"""A piece of a case, as JSON has it."""


@dataclass(frozen=True)
class Case:
    """One case and the page it stands on, whose profiles, suppliers and kinds it names."""

    page: Page
    body: Page
    file: str

    def __str__(self) -> str:
        """The case's id."""
        return self.body["id"]

    @property
    def is_left_out(self) -> bool:
        """Whether the case belongs to the ledger: its type, what was booked before, or what happens after."""
        return self.body["document"].get("type") not in TYPES or any(key in self.body for key in GIVEN)

    @property
    def documents(self) -> list[Page]:
        """The documents of the case: of a set, each."""
        document = self.body["document"]
        return document["documents"] if document["type"] == "invoice_set" else [document]

    @property
    def outcome(self) -> str:
        """What becomes of the documents."""
        return self.body.get("expected_outcome", "recorded")


def cases() -> list[Case]:
    """Every case of the folder and of the file that BOOKING_CASES names."""
    files = [*sorted(FOLDER.glob("*.json")), *(Path(name) for name in [os.environ.get("BOOKING_CASES", "")] if name)]
    pages = [(file.name, json.loads(file.read_text(encoding="utf-8"))) for file in files]
    return [Case(page, body, name) for name, page in pages for body in page["cases"]]


def event_of(case: Case, document: Page) -> InvoiceCollected:
    """The document as the fetcher would say it."""
    return collected(
        _evidence(case, document),
        stated(number=document["number"], kind=None).model_copy(update={"issue_date": None}),
        invoice_id=re.sub(r"[^A-Za-z0-9._-]", "-", f"inv-{document['number']}"),
        settings=_settings(case, document),
        answers=_answers(document),
    )


def rulebook_of(case: Case, document: Page, shipped: Rulebook) -> Rulebook:
    """The company's rulebook: beside the shipped rules, one of its own for each line's title."""
    natures, rules = dict(shipped.natures), list[CompanyRule]()
    for number, (label, row) in enumerate(_labelled(document), 1):
        code = "unknown" if _kind(row) == "unknown" else f"{_kind(row)}_case_{number}"
        natures[code] = _nature(case, row, shipped)
        rules.append(CompanyRule(id=f"C{number}", nature=code, products=(label,), owner="the case", origin="written", edition=1))
    return shipped.model_copy(update={"natures": natures}).for_company(CompanyRules(edition=1, rules=tuple(rules)))


def closed_through(document: Page) -> date | None:
    """The last closed day."""
    return date.fromisoformat(document["closed_until"]) if "closed_until" in document else None


def _labelled(document: Page) -> Iterator[tuple[str, Page]]:
    """Each line with a title that names it alone: the same words for two kinds are numbered."""
    meant: dict[str, str] = {}
    for number, row in enumerate(document["lines"], 1):
        label = row["description"]
        meaning = json.dumps([row.get(key) for key in ("kind", "fr_rate", "goods_kind", "service")])
        if meant.setdefault(fold(label.strip()), meaning) != meaning:
            label = f"{label} ({number})"
        yield label, row


def _kind(row: Page) -> str:
    """The kind of a line in the letters of a code; nobody knows what none is said of."""
    return re.sub(r"[^a-z0-9_]", "_", str(row.get("kind") or "unknown").lower())


def _nature(case: Case, row: Page, shipped: Rulebook) -> Nature:
    """The nature that a company's rule gives the line: the shipped one, with the account and rates that the case's page says."""
    kind, accounts = _kind(row), case.page.get("kind_to_account", {})
    nature = shipped.natures.get(f"rebate_{row['goods_kind']}" if kind == "rebate" and "goods_kind" in row else kind)
    said = re.findall(r"\d{6}", accounts.get(row.get("kind"), ""))
    changes: Page = {}
    if said and kind != "shipping":
        changes["account"] = said[0]
    if len(said) > 1 and kind != "shipping":
        changes["asset"] = said[1]
    if kind == "customs_duty" and "goods_kind" in row:
        changes["account"] = re.findall(r"\d{6}", accounts[row["goods_kind"]])[0]
    if "fr_rate" in row:
        changes["french_rate"] = str(row["fr_rate"])
    if row.get("service"):
        changes["role"] = "service"
    if nature is None:
        nature = Nature(account=shipped.waiting_account, role="goods" if said else "unknown")
    return nature.model_copy(update=changes)


def _evidence(case: Case, document: Page) -> Evidence:
    sign = -1 if document["total_gross_cents"] < 0 else 1
    rows = list(_labelled(document))
    lines = [_line(label, row, sign) for label, row in rows]
    mentions = [mention for text in _texts(document) for mention in mentions_in(text)]
    if any(row.get("vat_on_debits") is False for _, row in rows):
        mentions.append("vat_on_payment")
    rate, departure = document.get("fx_rate"), document.get("departure_country") or document.get("ship_from")
    return evidence(
        lines,
        _table(document, sign),
        number=fact(document["number"]),
        type=fact(document["type"]),
        issue_date=fact(date.fromisoformat(document["invoice_date"])),
        delivery_date=fact(date.fromisoformat(document["delivery_date"])) if document.get("delivery_date") else None,
        departure=fact(departure) if departure else None,
        currency=fact(document.get("currency", "EUR")),
        exchange_rate=fact(str(rate)) if rate else None,
        credited_number=fact(document["original"]) if document.get("original") else None,
        seller=_seller(case, document),
        net_cents=fact(sign * document["total_net_cents"]),
        vat_cents=fact(sign * document["total_vat_cents"]),
        gross_cents=fact(sign * document["total_gross_cents"]),
        mentions=tuple(dict.fromkeys(mentions)),
    )


def _texts(document: Page) -> Iterator[str]:
    """What the document or a line prints as a legal mention."""
    for place in (document, *document["lines"]):
        for key, value in place.items():
            if re.search("mention|exempt|note|regime", key) and isinstance(value, str):
                yield value


def _line(label: str, row: Page, sign: int) -> EvidenceLine:
    return line(label, sign * row["net_cents"], str(row["vat_rate"]), str(row.get("quantity", 1)))


def _table(document: Page, sign: int) -> tuple[VatGroup, ...]:
    """The rates of the lines; what printing rounded stands in the largest row, so that the table adds up to the printed VAT."""
    bases: dict[tuple[str, str | None], int] = {}
    for row in document["lines"]:
        rate, category = str(row["vat_rate"]), row.get("vat_category")
        key = rate, category.lower() if category else ("s" if float(rate) else None)
        bases[key] = bases.get(key, 0) + sign * row["net_cents"]
    taxes = {key: vat_on(base, key[0]) for key, base in bases.items()}
    gap = sign * document["total_vat_cents"] - sum(taxes.values())
    if taxes:
        taxes[max(bases, key=lambda key: abs(taxes[key]))] += gap
    return tuple(vat(rate, base, taxes[rate, category], category) for (rate, category), base in bases.items())


def _seller(case: Case, document: Page) -> Party:
    """What the document prints of its supplier: name, seat, and the VAT number of the country whose VAT it charges or leaves out."""
    code = document["supplier"]
    supplier = case.page["suppliers"][code]
    country = "FR" if supplier.get("established_in_FR") else supplier["country"]
    charged = {row["vat_country"] for row in document["lines"] if "vat_country" in row}
    numbered = charged.pop() if len(charged) == 1 else country
    if supplier.get("vat_id") or numbered not in NUMBERS:
        return party(supplier["name"], supplier.get("vat_id"), None, country)
    if numbered == "FR":
        siren = SIRENS[sorted(case.page["suppliers"]).index(code) % len(SIRENS)]
        return party(supplier["name"], f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}", siren, country)
    return party(supplier["name"], NUMBERS[numbered], None, country)


def _settings(case: Case, document: Page) -> CompanySettings:
    profile = case.page["profiles"][case.body["profile"]]
    words = profile["vat"]
    coefficient = re.search(r"coefficient (\d(?:\.\d+)?)", words)
    basis = "gross" if "asset_threshold_gross_cents" in profile else "net"
    return settings(
        vat_regime="franchise" if words.startswith("franchise") else "normal",
        deduction_coefficient=_shortest(coefficient[1]) if coefficient else "1",
        supplier_mode="legal_seller",
        asset_limit_cents=profile.get(f"asset_threshold_{basis}_cents", 50000),
        asset_limit_basis=basis,
        freight_policy=document.get("freight_policy", "goods"),
        vat_timing=document.get("vat_timing", "invoice"),
        cut_over=date(2020, 1, 1),
    )


def _shortest(coefficient: str) -> str:
    return coefficient.rstrip("0").rstrip(".") if "." in coefficient else coefficient


def _answers(document: Page) -> Answers | None:
    """First equipment and sets: what a person answered."""
    sets: dict[str, list[int]] = {}
    for number, row in enumerate(document["lines"], 1):
        if "set_id" in row:
            sets.setdefault(str(row["set_id"]), []).append(number)
    if not sets and "initial_equipment" not in document:
        return None
    return Answers(
        initial_equipment=bool(document.get("initial_equipment")), sets=tuple(tuple(some) for some in sets.values() if len(some) > 1)
    )
