"""How much of Amazon's awkwardness there is: shares between 0 and 1, drawn from the seed; three mixtures have names."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import cast

import yaml


class UnknownRate(Exception):
    """There is no such rate, or it is not between 0 and 1."""

    next_action = "The rates and what they mean stand in deploy/local/amazon/trouble.py."


@dataclass(frozen=True, slots=True)
class Rates:
    """The share of each kind of trouble. The first group shapes the account's purchases, the second answers to calls."""

    late: float = 0.0  # documents whose PDF is there two to nine days after their date
    mailed: float = 0.0  # documents whose seller mails the PDF: never there
    digital: float = 0.0  # orders of digital goods: no number, no PDF, ever
    null_details: float = 0.0  # documents whose details are all null for one to twelve days
    numberless: float = 0.0  # documents whose details stay null although the PDF is there
    slow_feed: float = 0.0  # transactions whose feed date is one to four days after the event
    back_dated: float = 0.0  # transactions that appear one to six days after their own feed date
    authorised: float = 0.0  # charges that state the authorised amount for one to five days
    split: float = 0.0  # charges paid in two legs
    over_refunded: float = 0.0  # refunds followed by an OVERREFUND of a tenth
    without_return: float = 0.0  # refunds for which nothing came back
    nameless: float = 0.0  # transactions without legal entity
    second_entity: float = 0.0  # orders of the account's second legal entity
    consolidated: float = 0.0  # orders of Amazon's own branch that are invoiced at the end of the month
    gift_wrapped: float = 0.0  # lines of whose delivery charge a third is gift wrap
    regulatory_fee: float = 0.0  # lines of whose goods a twentieth is stated as a regulatory fee
    free_line: float = 0.0  # invoices with one more line of amount zero
    marketplace: float = 0.0  # shipments of sellers beyond the three of a quiet account: exempt, foreign, outside the EU
    sellers_own: float = 0.0  # orders whose sellers upload documents of their own making
    scanned: float = 0.0  # PDFs that are an image
    factur_x: float = 0.0  # PDFs with Factur-X inside
    locked: float = 0.0  # PDFs behind a password
    corrected: float = 0.0  # PDFs replaced by other bytes five to fifteen days later
    fatal: float = 0.0  # reports that end FATAL
    cancelled: float = 0.0  # reports that end CANCELLED although there is something to return
    odd_payloads: float = 0.0  # payloads other than gzip(zip(pdf…)); which one is drawn
    server_error: float = 0.0  # calls answered 500, 503 or 504
    malformed: float = 0.0  # calls answered 200 with half of the JSON
    truncated: float = 0.0  # downloads cut in the middle
    slow: float = 0.0  # calls and downloads that take three to twenty virtual seconds

    @property
    def calm(self) -> bool:
        """Whether there is none at all."""
        return all(getattr(self, field.name) == 0 for field in fields(self))


CALM = Rates()
DAILY = Rates(
    late=0.06,
    mailed=0.01,
    digital=0.02,
    null_details=0.1,
    slow_feed=0.05,
    back_dated=0.02,
    authorised=0.05,
    split=0.03,
    over_refunded=0.02,
    without_return=0.1,
    nameless=0.01,
    second_entity=0.1,
    consolidated=0.1,
    gift_wrapped=0.1,
    regulatory_fee=0.05,
    free_line=0.02,
    marketplace=0.15,
    sellers_own=0.3,
    scanned=0.005,
    factur_x=0.1,
    corrected=0.005,
    fatal=0.01,
    cancelled=0.01,
    odd_payloads=0.02,
    server_error=0.005,
    malformed=0.002,
    truncated=0.005,
    slow=0.01,
)
HARSH = Rates(
    late=0.25,
    mailed=0.04,
    digital=0.06,
    null_details=0.35,
    slow_feed=0.25,
    back_dated=0.15,
    authorised=0.3,
    split=0.15,
    over_refunded=0.15,
    without_return=0.3,
    nameless=0.1,
    second_entity=0.3,
    consolidated=0.3,
    gift_wrapped=0.3,
    regulatory_fee=0.2,
    free_line=0.1,
    marketplace=0.4,
    sellers_own=0.4,
    scanned=0.03,
    factur_x=0.15,
    locked=0.02,
    corrected=0.05,
    fatal=0.08,
    cancelled=0.08,
    odd_payloads=0.25,
    server_error=0.05,
    malformed=0.03,
    truncated=0.05,
    slow=0.05,
)
MIXTURES = {"calm": CALM, "daily": DAILY, "harsh": HARSH}


def rates_from(mixture: str = "calm", file: Path | None = None, changes: Iterable[str] = ()) -> Rates:
    """A named mixture, changed by a YAML or JSON file `{late: 0.05, …}` and then by `late=0.05` texts. Raises UnknownRate."""
    given: object = yaml.safe_load(file.read_text(encoding="utf-8")) if file else {}
    if not isinstance(given, dict):
        raise UnknownRate(f"{file} is not a map of rates")
    parts = [change.partition("=") for change in changes]
    return changed(MIXTURES[mixture], cast(dict[str, object], given) | {name: value for name, _, value in parts})


def changed(rates: Rates, changes: dict[str, object]) -> Rates:
    """Other shares for some kinds. Raises UnknownRate."""
    known = {field.name for field in fields(Rates)}
    return replace(rates, **{name: _share(name, value, known) for name, value in changes.items()})


def _share(name: str, value: object, known: set[str]) -> float:
    try:
        share = float(str(value))
    except ValueError as malformed:
        raise UnknownRate(f"{name}={value}") from malformed
    if name not in known or not 0 <= share <= 1:
        raise UnknownRate(f"{name}={value}")
    return share
