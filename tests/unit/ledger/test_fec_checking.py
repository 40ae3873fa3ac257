"""Whatever can be wrong with a FEC is found on its line and in its field; what is right is left alone."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.fec.checking import Check
from services.ledger.domain.fec.findings import Rule
from services.ledger.domain.fec.layout import FIELDS, SIDED_FIELDS
from services.ledger.domain.fec.records import LONGEST_LINE, records
from tests.unit.ledger.fec_files import NAME, changed, found, good, joined, said

UNBALANCED = [(2, "Debit", "UNBALANCED"), (0, "Debit", "TOTAL_UNBALANCED")]


def with_line(n: int, text: str) -> bytes:
    """The good file with that text as its n-th line, the others after it."""
    lines = joined(good()).decode().splitlines()
    return "".join(f"{line}\r\n" for line in [*lines[: n - 1], text, *lines[n - 1 :]]).encode()


def with_header(change: str, into: str) -> bytes:
    """The good file with a field's name otherwise."""
    rows = good()
    rows[0][FIELDS.index(change)] = into
    return joined(rows)


def without(*numbers: int) -> bytes:
    """The good file without these lines."""
    return joined([row for n, row in enumerate(good(), 1) if n not in numbers])


def in_order(*numbers: int) -> bytes:
    """The good file with its lines in another order, or some of them twice."""
    rows = good()
    return joined([rows[n - 1] for n in numbers])


def swapped(one: str, other: str) -> bytes:
    """The good file with two columns in each other's place."""
    rows, first, second = good(), FIELDS.index(one), FIELDS.index(other)
    for row in rows:
        row[first], row[second] = row[second], row[first]
    return joined(rows)


def again() -> bytes:
    """The good file and its last entry once more, as AC-4."""
    rows = good()
    return joined([*rows, *([*row[:2], "AC-4", *row[3:]] for row in rows[9:])])


def closing() -> bytes:
    """The good file and an entry that empties class 6 into account 120."""
    fields = "OD;Divers;OD-1;20261231;{};Compte {};;;CLOTURE;20261231;Clôture;{};{};;;20270131;;"
    rows = [fields.format("606400", "606400", "0,00", "110,00"), fields.format("120000", "120000", "110,00", "0,00")]
    return joined([*good(), *(row.replace("Compte 606400", "Fournitures administratives").split(";") for row in rows)])


DEFECTS: list[tuple[str, bytes, list[tuple[int, str, str]]]] = [
    ("an empty file", b"", [(0, "", "EMPTY")]),
    ("only the header", joined(good()[:1]), [(0, "", "EMPTY")]),
    ("another separator", joined(good(), ";"), [(1, "", "SEPARATOR")]),
    ("no header", without(1), [(1, "", "NO_HEADER"), *UNBALANCED]),
    ("a lower-case header", with_header("CompteNum", "comptenum"), [(1, "CompteNum", "FIELD_CASE")]),
    ("columns in another order", swapped("CompteLib", "CompteNum"), [(1, "CompteLib", "FIELD_ORDER")]),
    ("a column missing", joined([row[:17] for row in good()]), [(1, "Idevise", "MISSING_FIELD")]),
    ("an unknown column", joined([[*row, "x"] for row in good()]), [(1, "", "UNKNOWN_FIELD")]),
    ("a column twice", joined([[*row, row[0]] for row in good()]), [(1, "JournalCode", "FIELD_TWICE")]),
    ("a BOM", b"\xef\xbb\xbf" + joined(good()), [(1, "", "BOM")]),
    ("an empty line in the middle", with_line(5, ""), [(5, "", "BLANK_LINE")]),
    ("a field too many", joined([*good()[:3], [*good()[3], ""], *good()[4:]]), [(4, "", "FIELD_COUNT"), *UNBALANCED]),
    ("a pipe in a tab file", changed(3, EcritureLib="Ramettes|A4"), [(3, "EcritureLib", "OTHER_SEPARATOR")]),
    ("a control character", changed(3, EcritureLib="Ram\x07ettes"), [(3, "", "CONTROL")]),
    ("an unfinished last line", joined(good())[:-2], [(11, "", "LAST_LINE")]),
    ("another line end", joined(good()[:6]) + joined(good()[6:7], end="\n") + joined(good()[7:]), [(7, "", "LINE_ENDS")]),
    (
        "quotes of Windows",
        joined(good()).replace(b"Ramettes", b"Ram\x92ettes", 1).replace("é".encode(), b"\xe9"),
        [(2, "", "ENCODING")],
    ),
    ("two encodings", joined(good()).replace("Clés".encode(), b"Cl\xe9s", 1), [(5, "", "MIXED_ENCODINGS")]),
    ("a character that was lost", changed(5, EcritureLib="Cl\ufffds"), [(5, "", "ENCODING")]),
    ("a debit with a point", changed(2, Debit="100.00"), [(2, "Debit", "AMOUNT"), *UNBALANCED]),
    ("thousands", changed(2, Debit="1 000,00"), [(2, "Debit", "AMOUNT"), *UNBALANCED]),
    ("three decimals", changed(2, Debit="100,000"), [(2, "Debit", "DECIMALS"), *UNBALANCED]),
    ("a negative amount", changed(4, Debit="-120,00", Credit="0,00"), [(4, "Debit", "NEGATIVE")]),
    ("a sign at the end", changed(4, Debit="120,00-", Credit="0,00"), [(4, "Debit", "NEGATIVE")]),
    ("a blank amount", changed(2, Credit=""), [(2, "Credit", "BLANK_AMOUNT")]),
    ("both sides", changed(2, Debit="101,00", Credit="1,00"), [(2, "Credit", "BOTH_SIDES")]),
    ("no amount", changed(2, Debit="0,00"), [(2, "Debit", "NO_AMOUNT"), *UNBALANCED]),
    ("an unbalanced entry", changed(2, Debit="100,01"), UNBALANCED),
    ("month 13", changed(2, PieceDate="20261301"), [(2, "PieceDate", "DAY")]),
    ("30 February", changed(2, PieceDate="20260230"), [(2, "PieceDate", "DAY")]),
    ("an ISO date", changed(2, PieceDate="2026-03-10"), [(2, "PieceDate", "DAY")]),
    ("a French date", changed(2, PieceDate="10/03/2026"), [(2, "PieceDate", "DAY")]),
    ("a year before 1900", changed(2, PieceDate="18990310"), [(2, "PieceDate", "DAY")]),
    (
        "an entry of another year",
        changed(10, EcritureDate="20270101"),
        [(10, "EcritureDate", "OUTSIDE_YEAR"), (11, "EcritureDate", "TWO_DATES")],
    ),
    ("a piece after its entry", changed(2, PieceDate="20260311"), [(2, "PieceDate", "PIECE_LATER")]),
    ("two dates in an entry", changed(3, EcritureDate="20260312"), [(3, "EcritureDate", "TWO_DATES")]),
    ("two validations", changed(3, ValidDate="20260402"), [(3, "ValidDate", "TWO_VALIDATIONS")]),
    (
        "validated before its date",
        changed(11, ValidDate="20261230"),
        [(11, "ValidDate", "VALIDATED_EARLIER"), (11, "ValidDate", "TWO_VALIDATIONS")],
    ),
    ("validation dates that decrease", joined(good()).replace(b"20260402", b"20270402"), [(10, "ValidDate", "VALIDATED_BACKWARDS")]),
    ("a gap", joined(good()).replace(b"AC-3", b"AC-4"), [(10, "EcritureNum", "NUMBER_GAP")]),
    ("a number twice", joined(good()).replace(b"AC-3", b"AC-2"), [(10, "EcritureNum", "NUMBER_BACK")]),
    (
        "entries in disorder",
        in_order(1, 2, 3, 4, 8, 9, 10, 11, 5, 6, 7),
        [
            (7, "EcritureNum", "NUMBER_GAP"),
            (9, "EcritureNum", "NUMBER_BACK"),
            (9, "ValidDate", "VALIDATED_BACKWARDS"),
        ],
    ),
    ("a start that is not 1", without(2, 3, 4), [(2, "EcritureNum", "NUMBER_START")]),
    ("no number", joined(good()).replace(b"BQ-1", b"BQ-X"), [(8, "EcritureNum", "NO_NUMBER")]),
    ("an entry twice in a row", in_order(*range(1, 12), 10, 11), [(10, "EcritureNum", "LINES_TWICE")]),
    ("an entry twice", in_order(*range(1, 12), 8, 9), [(12, "EcritureNum", "NUMBER_BACK"), (12, "EcritureLet", "LETTER_UNBALANCED")]),
    ("an entry under two numbers", again(), [(12, "EcritureNum", "SAME_ENTRY")]),
    ("account 999999", changed(2, CompteNum="999999"), [(2, "CompteNum", "ACCOUNT")]),
    ("an account of two digits", changed(2, CompteNum="60"), [(2, "CompteNum", "ACCOUNT")]),
    ("an account of letters", changed(2, CompteNum="FRAIS"), [(2, "CompteNum", "ACCOUNT")]),
    ("an auxiliary without label", changed(4, CompAuxLib=""), [(4, "CompAuxLib", "AUXILIARY_PAIR")]),
    ("a label without auxiliary", changed(4, CompAuxNum=""), [(4, "CompAuxNum", "AUXILIARY_PAIR")]),
    ("an auxiliary elsewhere", changed(2, CompAuxNum="AMAZON", CompAuxLib="Amazon Business"), [(2, "CompAuxNum", "AUXILIARY_ELSEWHERE")]),
    ("a supplier without auxiliary", changed(4, CompAuxNum="", CompAuxLib=""), [(4, "CompAuxNum", "AUXILIARY_ABSENT")]),
    ("an account with two labels", changed(6, CompteLib="TVA"), [(6, "CompteLib", "LABEL_CHANGED")]),
    ("a journal with two labels", changed(6, JournalLib="Achats 2"), [(6, "JournalLib", "LABEL_CHANGED")]),
    ("a letter without date", changed(7, DateLet=""), [(7, "DateLet", "LETTER_PAIR")]),
    ("a date without letter", changed(4, DateLet="20260420"), [(4, "EcritureLet", "LETTER_PAIR")]),
    ("a letter that is not settled", changed(4, EcritureLet="B", DateLet="20260420"), [(4, "EcritureLet", "LETTER_UNBALANCED")]),
    ("a currency amount without code", changed(5, Idevise=""), [(5, "Idevise", "CURRENCY_PAIR")]),
    ("a code without currency amount", changed(5, Montantdevise=""), [(5, "Montantdevise", "CURRENCY_PAIR")]),
    ("a code that is none", changed(5, Idevise="US$"), [(5, "Idevise", "CURRENCY")]),
    ("a currency amount with a point", changed(5, Montantdevise="100.00"), [(5, "Montantdevise", "AMOUNT")]),
    ("classes 6 and 7 closed", closing(), [(12, "CompteNum", "CLASSES_CLOSED")]),
    *(
        (f"{field} empty", changed(2, **{field: ""}), [(2, field, "BLANK")])
        for field in ("JournalLib", "CompteNum", "CompteLib", "PieceRef", "PieceDate", "EcritureLib", "EcritureDate", "ValidDate")
    ),
]
NAMES: list[tuple[str, list[str]]] = [
    ("732829320FEC20261231.csv", ["NAME_EXTENSION"]),
    ("732829320FEC20261231", ["NAME_EXTENSION"]),
    ("732829321FEC20261231.txt", ["NAME_SIREN"]),
    ("73282932FEC20261231.txt", ["NAME"]),
    ("73282932AFEC20261231.txt", ["NAME"]),
    ("732829320FEC20260230.txt", ["NAME_DAY"]),
    ("732829320_20261231.txt", ["NAME"]),
    ("export.txt", ["NAME"]),
    ("732829320FEC20261231_1.txt", []),
]


def test_the_good_file_has_no_fault():
    """Tab or pipe, UTF-8 or ISO 8859-15, CR, LF or both: all that the text allows."""
    assert [] == said(joined(good()))
    assert [] == said(joined(good(), "|", "\n", "iso8859-15"))
    assert [] == said(joined(good(), end="\r"))


@pytest.mark.parametrize(("content", "expected"), [case[1:] for case in DEFECTS], ids=[case[0] for case in DEFECTS])
def test_a_planted_defect_is_found_where_it_is(content: bytes, expected: list[tuple[int, str, str]]):
    """The good file with one defect: that one is found, on its line, in its field, and what follows from it; nothing else."""
    assert sorted(expected) == sorted(said(content))


def test_at_least_fifty_defects_are_planted_and_every_rule_is_met():
    """A rule that no test breaks might find nothing."""
    met = {name for _, _, expected in DEFECTS for _, _, name in expected} | {name for _, names in NAMES for name in names}
    assert len(DEFECTS) >= 50
    assert {"LONG_LINE", "SIDE"} == {rule.name for rule in Rule} - met  # tested below


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_the_name_of_the_file(name: str, expected: list[str]):
    """SIREN with its check digit, FEC, a closing date that exists, .txt; a part number is allowed."""
    assert expected == [rule for line, _, rule in said(joined(good()), name) if line == 0]


def sided() -> list[list[str]]:
    """The good file with amounts and sides in place of debits and credits."""
    rows = good()
    amounts = [[*row[:11], *((row[11], "D") if row[11] != "0,00" else (row[12], "C")), *row[13:]] for row in rows[1:]]
    return [list(SIDED_FIELDS), *amounts]


def test_amounts_may_have_a_side():
    """The variant Montant and Sens of the text: D and C, or +1 and -1."""
    rows = sided()
    assert [] == said(joined(rows))
    assert [] == said(joined([[{"D": "+1", "C": "-1"}.get(field, field) for field in row] for row in rows]))
    rows[1][12] = "X"
    assert [(2, "Sens", "SIDE"), *UNBALANCED] == said(joined(rows))


def test_the_fiscal_year_may_have_another_length():
    """The first day is said; entries from then on are of the year. Without it, the year has twelve months."""
    long = joined(good()).replace(b"20260310", b"20250310")
    assert [(n, "EcritureDate", "OUTSIDE_YEAR") for n in (2, 3, 4)] == said(long)
    assert [] == list(Check(NAME, date(2025, 1, 1)).findings([long]))
    assert ["OUTSIDE_YEAR"] == [rule for _, _, rule in said(changed(10, EcritureDate="20251231")) if rule == "OUTSIDE_YEAR"]


def test_journals_may_share_their_numbers():
    """One sequence for all journals, in the order of validation, has no gap; a hole in it is one."""
    shared = joined(good()).replace(b"BQ-1", b"3").replace(b"AC-3", b"4").replace(b"AC-", b"")
    assert [] == said(shared)
    assert [(10, "EcritureNum", "NUMBER_GAP")] == said(joined(good()).replace(b"BQ-1", b"3").replace(b"AC-3", b"5").replace(b"AC-", b""))


def test_a_blank_number_or_journal_is_found():
    """It also tears the entry apart, which is said too."""
    assert (3, "EcritureNum", "BLANK") in said(changed(3, EcritureNum=""))
    assert (3, "JournalCode", "BLANK") in said(changed(3, JournalCode=""))


def test_an_endless_line_is_cut():
    """A line longer than 64 KB is said to be so, and the next one is read."""
    endless = "x" * (3 * LONGEST_LINE)
    chunks = [with_line(5, endless)[at : at + 10_000] for at in range(0, 4 * LONGEST_LINE, 10_000)]
    assert [(5, Rule.LONG_LINE)] == [(finding.line, finding.rule) for finding in Check(NAME).findings(chunks)]


def test_a_finding_is_a_sentence_that_a_terminal_can_show():
    """Line, field, weight, sentence, what to do; a stranger's control characters and long texts do not reach the screen."""
    (finding,) = found(changed(2, PieceDate="2026\x1b[2J" + "9" * 100))[1:]
    assert "ligne 2, PieceDate — non conforme (A47 A-1) : « 2026·[2J" + "9" * 32 + "… » n'est pas une date AAAAMMJJ qui existe. " in str(
        finding
    )
    assert str(finding).endswith("Écrire la date sur huit chiffres, comme 20261231.")


def test_every_rule_says_what_to_do_and_takes_its_particulars():
    """Two French sentences each, with their full stop; braces only where particulars go."""
    for rule in Rule:
        kind = rule.value
        assert kind.sentence.endswith(".")
        assert kind.next_action.endswith(".")
        assert [] == re.findall(r"[{}]", kind.sentence.replace("{}", ""))


@given(st.binary(max_size=400), st.text(max_size=40))
def test_no_bytes_and_no_name_raise(content: bytes, name: str):
    """Garbage gives findings."""
    assert found(content, name)


@given(st.lists(st.text(alphabet="0123456789,+-ACDéÀ \t|\x00\u2028²", max_size=12), min_size=18, max_size=18))
def test_no_fields_raise(fields: list[str]):
    """Neither do eighteen fields of garbage below a good header, which are never without fault."""
    assert found(joined([good()[0], fields]))


@given(st.lists(st.sampled_from([b"a", b"bc", b"\r", b"\n", b"\r\n", b""]), max_size=30), st.integers(1, 5))
def test_lines_do_not_depend_on_how_the_file_is_read(parts: list[bytes], size: int):
    """The same lines and ends in pieces of any size as at once; together they are the file."""
    content = b"".join(parts)
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    assert list(records([content])) == list(records(pieces))
    assert content == b"".join(record.content + record.ending for record in records(pieces))
