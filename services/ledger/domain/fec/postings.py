"""One line of a FEC by itself: its fields as dates and cents, and every rule that needs no other line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.ledger.domain.fec.currencies import CURRENCIES
from services.ledger.domain.fec.findings import Finding, Rule
from services.ledger.domain.fec.header import PIPE, TAB, Header
from services.ledger.domain.fec.layout import DATES, MANDATORY, THIRD_PARTIES, read_amount, read_day

ACCOUNT = re.compile(r"[1-8][0-9]{2}[0-9A-Za-z]*")
WITH_THIRD_PARTY = ("401", "404", "411")
TOO_PRECISE = re.compile(r"[+-]?[0-9]{1,15},[0-9]{3,15}[+-]?")
SIDES = {"D": 1, "C": -1, "+1": 1, "1": 1, "-1": -1}


class Year(NamedTuple):
    """A fiscal year, both days included."""

    opens: date
    closes: date


@dataclass(frozen=True, slots=True)
class Posting:
    """What a line says: its text by field, the days that could be read, its cents on each side (0 where they could not)."""

    n: int
    fields: Mapping[str, str]
    days: Mapping[str, date]
    debit_cents: int
    credit_cents: int

    def __getitem__(self, field: str) -> str:
        """The text of a field; nothing for a column that the file does not have."""
        return self.fields.get(field, "")


def read_posting(n: int, fields: Mapping[str, str], header: Header) -> tuple[Posting, list[Finding]]:
    """A line and what is wrong with its amounts; the rest is `faults`."""
    days = {field: day for field in DATES if (day := read_day(fields.get(field, "")))}
    read = _sided if header.sided else _two_columns
    debit, credit, wrong = read(n, fields)
    return Posting(n, fields, days, debit, credit), wrong


def faults(posting: Posting, header: Header, year: Year | None) -> Iterator[Finding]:
    """Every rule that the line breaks by itself, its amounts apart."""
    n = posting.n
    yield from (Finding(n, field, Rule.BLANK) for field in MANDATORY if field in posting.fields and not posting[field].strip())
    if header.separator == TAB:
        yield from (Finding(n, field, Rule.OTHER_SEPARATOR) for field, text in posting.fields.items() if PIPE in text)
    yield from _dates(posting, year)
    yield from _account(posting)
    yield from _auxiliary(posting)
    yield from _pair(posting, "EcritureLet", "DateLet", Rule.LETTER_PAIR)
    yield from _currency(posting)


def _dates(posting: Posting, year: Year | None) -> Iterator[Finding]:
    n, days = posting.n, posting.days
    yield from (Finding(n, field, Rule.DAY, (posting[field],)) for field in DATES if posting[field].strip() and field not in days)
    entry, piece, validated = days.get("EcritureDate"), days.get("PieceDate"), days.get("ValidDate")
    if entry and year and not year.opens <= entry <= year.closes:
        yield Finding(n, "EcritureDate", Rule.OUTSIDE_YEAR, (posting["EcritureDate"],))
    if entry and piece and piece > entry:
        yield Finding(n, "PieceDate", Rule.PIECE_LATER)
    if entry and validated and validated < entry:
        yield Finding(n, "ValidDate", Rule.VALIDATED_EARLIER)


def _account(posting: Posting) -> Iterator[Finding]:
    account = posting["CompteNum"]
    if account.strip() and not ACCOUNT.fullmatch(account):
        yield Finding(posting.n, "CompteNum", Rule.ACCOUNT, (account,))


def _auxiliary(posting: Posting) -> Iterator[Finding]:
    number, account = posting["CompAuxNum"].strip(), posting["CompteNum"]
    yield from _pair(posting, "CompAuxNum", "CompAuxLib", Rule.AUXILIARY_PAIR)
    if number and account and not account.startswith(THIRD_PARTIES):
        yield Finding(posting.n, "CompAuxNum", Rule.AUXILIARY_ELSEWHERE, (account,))
    if not number and not posting["CompAuxLib"].strip() and account.startswith(WITH_THIRD_PARTY):
        yield Finding(posting.n, "CompAuxNum", Rule.AUXILIARY_ABSENT, (account,))


def _currency(posting: Posting) -> Iterator[Finding]:
    amount, code = posting["Montantdevise"].strip(), posting["Idevise"].strip()
    yield from _pair(posting, "Montantdevise", "Idevise", Rule.CURRENCY_PAIR)
    if code and code not in CURRENCIES:
        yield Finding(posting.n, "Idevise", Rule.CURRENCY, (code,))
    if amount and read_amount(amount) is None:
        yield _bad_amount(posting.n, "Montantdevise", amount)


def _pair(posting: Posting, one: str, other: str, rule: Rule) -> Iterator[Finding]:
    """Both fields or neither; the empty one is named. A column that is missing has been said."""
    if one in posting.fields and other in posting.fields and bool(posting[one].strip()) != bool(posting[other].strip()):
        yield Finding(posting.n, other if posting[one].strip() else one, rule)


def _two_columns(n: int, fields: Mapping[str, str]) -> tuple[int, int, list[Finding]]:
    """Debit and credit in cents."""
    texts = {field: fields[field] for field in ("Debit", "Credit") if field in fields}
    cents = {field: read_amount(text) for field, text in texts.items()}
    wrong = [finding for field, text in texts.items() if (finding := _amount_fault(n, field, text, cents[field]))]
    debit, credit = cents.get("Debit") or 0, cents.get("Credit") or 0
    readable = len(cents) == len(texts) == 2 and all(cents[field] is not None or not texts[field].strip() for field in texts)
    if debit and credit:
        wrong.append(Finding(n, "Credit", Rule.BOTH_SIDES))
    elif readable and not debit and not credit:
        wrong.append(Finding(n, "Debit", Rule.NO_AMOUNT))
    return debit, credit, wrong


def _sided(n: int, fields: Mapping[str, str]) -> tuple[int, int, list[Finding]]:
    """The amount on the side that Sens says."""
    text, side = fields["Montant"], SIDES.get(fields["Sens"].strip())
    cents = read_amount(text)
    fault = _amount_fault(n, "Montant", text, cents)
    wrong = [fault] if fault else []
    if side is None:
        wrong.append(Finding(n, "Sens", Rule.SIDE, (fields["Sens"],)))
    if cents == 0:
        wrong.append(Finding(n, "Montant", Rule.NO_AMOUNT))
    return (cents or 0 if side == 1 else 0), (cents or 0 if side == -1 else 0), wrong


def _amount_fault(n: int, field: str, text: str, cents: int | None) -> Finding | None:
    if not text.strip():
        return Finding(n, field, Rule.BLANK_AMOUNT)
    if cents is None:
        return _bad_amount(n, field, text)
    return Finding(n, field, Rule.NEGATIVE, (text,)) if cents < 0 else None


def _bad_amount(n: int, field: str, text: str) -> Finding:
    return Finding(n, field, Rule.DECIMALS if TOO_PRECISE.fullmatch(text) else Rule.AMOUNT, (text,))
