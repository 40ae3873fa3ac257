"""Entries of four lines, as the text that COPY takes; made by number, so that any amount of them needs no room."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

COMPANY, SMALLER = "C-1", "C-2"
BATCH = 1000
FIRST_DAY, A_DAY = date(2026, 1, 1), 10_000  # entries arrive in the order of their days, as purchases do
ACCOUNTS, AUXILIARIES, CENTS, RATES = "606400,606300,445660,401000", "NULL,NULL,NULL,AMAZON", "10000,5000,3000,-18000", "NULL,NULL,20,NULL"
LINES = tuple(zip(range(1, 5), ACCOUNTS.split(","), AUXILIARIES.split(","), CENTS.split(","), RATES.split(","), strict=True))


def headings(batch: int, company: str = COMPANY) -> list[str]:
    """Id, company, invoice, … key of each entry of the batch, as written in both shapes."""
    return [_heading((batch << 20) + place, batch * BATCH + place, company) for place in range(BATCH)]


def _heading(entry: int, number: int, company: str) -> str:
    day = FIRST_DAY + timedelta(days=number // A_DAY)
    midnight_ms = int(datetime.combine(day, time(), UTC).timestamp()) * 1000
    key = UUID(int=(midnight_ms << 80) | (number * 0x9E3779B97F4A7C15 & (1 << 76) - 1))
    return f"{entry}\t{company}\tinv-{number:024x}\t1\tAC\t{day}\t{piece_ref(number)}\t{day}\t{label(number)}\t{key}"


def piece_ref(number: int) -> str:
    """The number of the invoice."""
    return f"FR-2026-{number:07}"


def label(number: int) -> str:
    """What the entry says."""
    return f"Amazon Business — Papeterie de Lyon — {piece_ref(number)}"


def entries(batch: int, company: str = COMPANY) -> bytes:
    """The batch with its lines as arrays."""
    lines = f"\t{{{ACCOUNTS}}}\t{{{AUXILIARIES}}}\t{{{CENTS}}}\t{{{RATES}}}\n"
    return "".join(heading + lines for heading in headings(batch, company)).encode()


def bare_entries(batch: int, company: str = COMPANY) -> bytes:
    """The batch without its lines."""
    return "".join(f"{heading}\n" for heading in headings(batch, company)).encode()


def bare_lines(batch: int) -> bytes:
    """The lines of the batch, a row each."""
    shared = [f"\t{n}\t{account}\t{_null(auxiliary)}\t{cents}\t{_null(rate)}\n" for n, account, auxiliary, cents, rate in LINES]
    return "".join(f"{(batch << 20) + place}{line}" for place in range(BATCH) for line in shared).encode()


def _null(text: str) -> str:
    return "\\N" if text == "NULL" else text
