"""What a FEC is made of: the names of its fields, of its file, its dates and its amounts (LPF A47 A-1)."""

import re
from datetime import date
from typing import NamedTuple

FIELDS = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
SIDED_FIELDS = tuple({"Debit": "Montant", "Credit": "Sens"}.get(name, name) for name in FIELDS)
CASH_FIELDS = ("DateRglt", "ModeRglt", "NatOp", "IdClient")  # more columns, of those who keep books by payments (A47 A-1 VIII)
MANDATORY = (*FIELDS[:6], "PieceRef", "PieceDate", "EcritureLib", "ValidDate")
DATES = ("EcritureDate", "PieceDate", "DateLet", "ValidDate")
THIRD_PARTIES = ("40", "41")  # suppliers and customers: the accounts that have auxiliaries
EARLIEST_YEAR = 1900
CLOSING_NAME = re.compile(r"(?P<siren>[^.]*?)FEC(?P<closing>[0-9]{8})(?P<part>_[0-9]+)?(?P<extension>\.[^.]*)?")
DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
AMOUNT = re.compile(r"(?P<before>[+-]?)(?P<whole>[0-9]{1,15})(?:,(?P<rest>[0-9]{1,2}))?(?P<after>[+-]?)")


class Name(NamedTuple):
    """What the name of a file says; `closing` = None when that day does not exist."""

    siren: str
    closing: date | None
    extension: str


def file_name(siren: str, closing: date) -> str:
    """SirenFECAAAAMMJJ.txt, the day being the last of the fiscal year."""
    return f"{siren}FEC{day_text(closing)}.txt"


def read_name(name: str) -> Name | None:
    """The parts of a file's name; None when it is not built like one."""
    found = CLOSING_NAME.fullmatch(name)
    return Name(found["siren"], read_day(found["closing"]), found["extension"] or "") if found else None


def day_text(day: date) -> str:
    """AAAAMMJJ."""
    return f"{day.year:04}{day.month:02}{day.day:02}"


def read_day(text: str) -> date | None:
    """The day that AAAAMMJJ says; None when it is no day of the calendar, or lies before 1900."""
    found = DAY.fullmatch(text)
    if found is None or int(found[1]) < EARLIEST_YEAR:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def amount_text(cents: int) -> str:
    """Cents as euros with a comma and two decimals: 1234,50. Never below zero."""
    return f"{cents // 100},{cents % 100:02}"


def read_amount(text: str) -> int | None:
    """The signed cents of an amount: decimal comma, sign first or last; None when it is not one, or has more than two decimals."""
    found = AMOUNT.fullmatch(text)
    if found is None or (found["before"] and found["after"]):
        return None
    cents = int(found["whole"]) * 100 + int((found["rest"] or "").ljust(2, "0"))
    return -cents if "-" in (found["before"], found["after"]) else cents
