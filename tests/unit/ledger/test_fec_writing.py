"""What the book writes is a FEC, and the strict checks find nothing in it."""

import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from services.ledger.domain.fec.checking import Check
from services.ledger.domain.fec.layout import amount_text, file_name, read_amount, read_day
from services.ledger.domain.fec.postings import Year
from services.ledger.domain.fec.records import LATIN, UTF8
from services.ledger.domain.fec.writing import BookLine, Characters, Written, description, fec_line, first_line, one_line
from tests.unit.ledger.fec_files import said

NEW_YEAR = date(2026, 1, 1)
LINE = BookLine(
    journal="AC",
    number=12,
    entry_date=date(2026, 3, 10),
    account="401000",
    account_label="Fournisseurs",
    auxiliary="AMAZON",
    auxiliary_label="Amazon Business",
    piece_ref="FR-1",
    piece_date=date(2026, 3, 9),
    label="Amazon Business — Papeterie Lyon — FR-1",
    cents=-1_234_05,
    validated_on=date(2026, 4, 1),
    own_date=date(2026, 3, 10),
)


def test_the_eighteen_fields_in_their_order():
    """Journal in the number, dates AAAAMMJJ, a comma and two decimals, 0,00 on the other side."""
    assert (
        "AC\tAchats\tAC-12\t20260310\t401000\tFournisseurs\tAMAZON\tAmazon Business\tFR-1\t20260309\t"
        "Amazon Business — Papeterie Lyon — FR-1\t0,00\t1234,05\t\t\t20260401\t\t\r\n"
    ) == fec_line(LINE)
    assert first_line().startswith("JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\t")
    assert first_line().endswith("\tValidDate\tMontantdevise\tIdevise\r\n")


def test_an_entry_that_was_moved_says_its_own_day():
    """Posted on the first open day: the label ends with the day it is of, once, whoever wrote it (PCG 1031-4)."""
    late = LINE._replace(entry_date=date(2026, 4, 1))
    assert "\t20260401\t" in fec_line(late)
    assert "\tAmazon Business — Papeterie Lyon — FR-1 — opération du 10/03/2026\t" in fec_line(late)
    assert "\tSans libellé — opération du 10/03/2026\t" in fec_line(late._replace(label="|"))
    assert "\tX — opération du 28/02/2026\t" in fec_line(late._replace(label="X — opération du 28/02/2026"))


def test_an_auxiliary_stands_only_beside_a_supplier_s_account():
    """Another account has none; a supplier whose name is not known is named by its code."""
    assert "606400\tFournitures\t\t\tFR-1" in fec_line(LINE._replace(account="606400", account_label="Fournitures", cents=5))
    assert "\tAMAZON\tAMAZON\t" in fec_line(LINE._replace(auxiliary_label=None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb|c\r\nd", "a b c d"),
        ("  a \u2028\x00\x85 b ", "a b"),
        ("e\u0301", "é"),
        ("|", ""),
    ],
)
def test_a_label_is_one_line_without_separators(text: str, expected: str):
    """A space stands for tabs, pipes, line ends and control characters."""
    assert expected == one_line(text)


def test_a_journal_that_is_not_known_is_named_by_its_code():
    """A label is never empty."""
    assert fec_line(LINE._replace(journal="VT")).startswith("VT\tJournal VT\tVT-12\t")
    assert "\tSans référence\t20260309\tSans libellé\t" in fec_line(LINE._replace(piece_ref="|", label=" \t"))


def test_characters_that_the_encoding_has_not_are_replaced_and_counted():
    """Typographic signs by plain ones, letters without their accent, anything else by a question mark; € and œ are in ISO 8859-15."""
    characters = Characters(LATIN)
    assert "L'été à 5 € - œuf ceska ? ?".encode(LATIN) == characters.encode("L’été à 5 € — œuf česka Ж 🚚")
    assert {"’": 1, "—": 1, "č": 1, "Ж": 1, "🚚": 1} == characters.replaced
    assert "Ж".encode() == Characters(UTF8).encode("Ж")


def test_a_stand_in_is_never_a_separator():
    """The full-width vertical line is a pipe without its width: in ISO 8859-15 it becomes a question mark, not a pipe."""
    assert b"a?b" == Characters(LATIN).encode("a\uff5cb")


def test_the_name_has_siren_and_closing_day():
    """SirenFECAAAAMMJJ.txt, also for a year that ends in June."""
    assert "732829320FEC20260630.txt" == file_name("732829320", date(2026, 6, 30))


def test_the_description_says_what_the_file_does_not():
    """Year, encoding, numbering, journals, sums, and which characters were replaced."""
    written = Written()
    written.count(LINE._replace(cents=5))
    written.count(LINE._replace(cents=-5))
    text = "\n".join(description("x.txt", Year(NEW_YEAR, date(2026, 12, 31)), "ISO-8859-15", written, ["Ж (1)"]))
    assert "Exercice : du 01/01/2026 au 31/12/2026." in text
    assert "Journal AC (Achats) : 1 écriture.\n2 lignes, 1 écriture, débit 0,05, crédit 0,05.\n" in text
    assert text.endswith("remplacés (signe simple, lettre sans accent, sinon ?) : Ж (1)")


@given(st.integers(0, 10**14))
def test_amounts_are_read_as_written(cents: int):
    """Every cent from zero to a thousand billion euros."""
    assert cents == read_amount(amount_text(cents))


@given(st.dates(date(1900, 1, 1)))
def test_days_are_read_as_written(day: date):
    """Every day from 1900 on."""
    assert day == read_day(f"{day:%Y%m%d}".zfill(8))


texts = st.text(min_size=1, max_size=30).filter(lambda text: not text.isspace())
purchases = st.lists(
    st.tuples(
        st.sampled_from(["AC", "OD"]),
        st.lists(st.integers(1, 10**9), min_size=1, max_size=4),
        st.integers(0, 364),
        texts,
        st.sampled_from([1, -1]),
    ),
    max_size=8,
)


def lines_of(drawn: list[tuple[str, list[int], int, str, int]]) -> list[BookLine]:
    """Validated entries of these amounts, numbered without hole, by journal and number."""
    lines, last = list[BookLine](), {"AC": 0, "OD": 0}
    for journal, amounts, day, text, side in sorted(drawn, key=lambda entry: entry[0]):
        last[journal] += 1
        days = {
            "entry_date": NEW_YEAR + timedelta(day),
            "piece_date": NEW_YEAR,
            "validated_on": date(2027, 1, 1) + timedelta(last[journal]),
        }
        shared = LINE._replace(journal=journal, number=last[journal], label=text, piece_ref=f"P{journal}{last[journal]}{text}", **days)
        lines += [shared._replace(account="606400", account_label="Fournitures", auxiliary=None, cents=side * n) for n in amounts]
        lines.append(shared._replace(auxiliary_label="Amazon|\tBusiness", cents=-side * sum(amounts)))
    return lines


def looks_like_utf8(content: bytes) -> bool:
    """Whether bytes of ISO 8859-15 beyond ASCII could be UTF-8 just as well."""
    with suppress(UnicodeDecodeError):
        return not content.isascii() and bool(content.decode(UTF8))
    return False


def test_text_that_was_encoded_twice_is_pointed_out():
    """A seller's name that arrived as « CafÃ© »: in ISO 8859-15 its bytes are the UTF-8 of « Café », which a check cannot know is meant."""
    lines = [LINE._replace(number=1, label="Été", cents=5), LINE._replace(number=1, label="CafÃ©", cents=-5)]
    content = first_line().encode() + b"".join(Characters(LATIN).encode(fec_line(line)) for line in lines)
    assert [(3, "", "MIXED_ENCODINGS")] == said(content)


@given(purchases, st.sampled_from([UTF8, LATIN]))
@example([("AC", [1], 0, "\x1b", 1), ("AC", [1], 0, "Â¡", 1)], UTF8)
def test_nothing_is_found_in_what_the_book_writes(drawn: list[tuple[str, list[int], int, str, int]], encoding: str):
    """Any entries, labels of any characters, either encoding: not one finding, and sums and counts are the book's."""
    lines, characters, written = lines_of(drawn), Characters(encoding), Written()
    for line in lines:
        written.count(line)
    encoded = [characters.encode(fec_line(line)) for line in lines]
    assume(encoding == UTF8 or not any(looks_like_utf8(line) for line in encoded))
    content = first_line().encode() + b"".join(encoded)
    check = Check("732829320FEC20261231.txt")
    assert ([] if lines else ["EMPTY"]) == [finding.rule.name for finding in check.findings([content])]
    assert (written.lines, written.entries) == (check.lines, check.entries.count)
    assert (written.debit_cents, written.credit_cents) == (check.entries.debit_cents, check.entries.credit_cents)
    assert written.debit_cents == written.credit_cents


@given(purchases.filter(bool), st.data())
def test_a_line_that_is_lost_or_repeated_is_found(drawn: list[tuple[str, list[int], int, str, int]], data: st.DataObject):
    """Any one line taken out of a good file, or written twice, unbalances its entry."""
    lines = [fec_line(line).encode() for line in lines_of(drawn)]
    at = data.draw(st.integers(0, len(lines) - 1))
    for damaged in ([*lines[:at], *lines[at + 1 :]], [*lines[: at + 1], *lines[at:]]):
        rules = {finding.rule.name for finding in Check("732829320FEC20261231.txt").findings([first_line().encode(), *damaged])}
        assert {"UNBALANCED", "TOTAL_UNBALANCED"} <= rules


def peak_bytes(entries: int) -> int:
    """The most memory that a check of so many entries held at once."""

    def lines() -> Iterator[bytes]:
        yield first_line().encode()
        for n in range(1, entries + 1):
            line = LINE._replace(number=n, piece_ref=f"FR-{n}")
            yield fec_line(line._replace(account="606400", account_label="Fournitures", auxiliary=None, cents=1_234_05)).encode()
            yield fec_line(line).encode()

    tracemalloc.start()
    assert [] == list(Check("732829320FEC20261231.txt").findings(lines()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_file():
    """Ten times the entries, the same memory (a quarter of tolerance)."""
    peak_bytes(3_000)  # what is built once, and what the interpreter keeps for the next time
    assert peak_bytes(3_000) <= 1.25 * peak_bytes(300)


def test_what_is_written_is_also_right_in_small_pieces():
    """The same through the reader of files."""
    line = LINE._replace(number=1)
    expense = line._replace(account="606400", account_label="Fournitures", auxiliary=None, cents=1_234_05)
    assert [] == said((first_line() + fec_line(expense) + fec_line(line)).encode())
