"""Ids that never change, and the hash that says whether an invoice changed."""

import hashlib
import json
from collections.abc import Sequence

from schemas.invoice_collected.v1 import Charge, Evidence

type Facts = dict[str, object]


def digest(*parts: str) -> str:
    """64 hexadecimal digits of SHA-256 over the parts, one a line."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def sha256_of(data: bytes) -> str:
    """64 hexadecimal digits of SHA-256 over the bytes."""
    return hashlib.sha256(data).hexdigest()


def issuer_of(evidence: Evidence, charges: Sequence[Charge]) -> str:
    """Who issued the document: VAT number, else SIREN, else the seller's name as printed, else the merchant the API names."""
    seller = evidence.seller
    printed = seller.vat_id or seller.siren or seller.name
    named = printed.value if printed else next((charge.merchant for charge in charges if charge.merchant), "unknown")
    return "".join(named.split()).upper()


def mint_invoice_id(company_id: str, issuer: str, number: str, kind: str) -> str:
    """The id of an invoice, to be stored with Amazon's own keys when the document is first collected and never computed again."""
    return f"inv-{digest(company_id, issuer, number, kind)[:24]}"


def facts_hash(number: str, kind: str, issue_date: str | None, sha256: str, charges: Sequence[Charge]) -> str:
    """The hash of what a booking rests on and of the PDF: a new value makes a new revision, an amended label does not."""
    facts: Facts = {
        "number": number,
        "type": kind,
        "issue_date": issue_date,
        "sha256": sha256,
        "charges": sorted(_amounts(charge) for charge in charges),
    }
    return digest(json.dumps(facts, sort_keys=True))


def token_seal(company_id: str, connection_id: str) -> str:
    """What a refresh token is sealed to: it opens for this company, connection and column only."""
    return f"{company_id}/{connection_id}/refresh_token"


def run_id_of(connection_id: str, kind: str, occasion: str) -> str:
    """The id of an import run: the same connection, kind and occasion (a day, a settings revision) is the same run."""
    return f"run-{digest(connection_id, kind, occasion)[:20]}"


def _amounts(charge: Charge) -> str:
    line = [charge.transaction_id, charge.kind, charge.order_id, charge.order_line_item_id, charge.shipment_id, charge.currency]
    return json.dumps([*line, charge.principal_cents, charge.discount_cents, charge.shipping_cents, charge.tax_cents, charge.total_cents])
