"""A file of papers is rows or a sentence, whatever bytes it has."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.adapters.papers.files import MOST_PAPERS, FileRefused, Row, rows_in
from services.ledger.domain.papers.kinds import read_paper
from services.ledger.domain.papers.refusals import PaperRefused


def test_csv_and_json_say_the_same():
    """A spreadsheet's byte order mark, quotes, an empty line; numbers of JSON keep the digits they are written with."""
    table = 'kind;number;"paid"\r\n\r\npayment;"B;1";120,00\r\n'.encode("utf-8-sig")
    assert [Row(3, {"kind": "payment", "number": "B;1", "paid": "120,00"})] == rows_in(table, is_json=False)
    listed = b'[{"kind": "payment", "number": 7, "paid": 120.10}]'
    assert [Row(1, {"kind": "payment", "number": "7", "paid": "120.10"})] == rows_in(listed, is_json=True)


def test_a_file_has_a_limit():
    with pytest.raises(FileRefused, match="20001 lignes"):
        rows_in(b"kind\n" + b"bill\n" * (MOST_PAPERS + 1), is_json=False)


WORDS = st.text(alphabet='kind;number=|"\r\n\t\x00é[]{}:,0129.@', max_size=60)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda one: st.lists(one) | st.dictionaries(WORDS, one)
)


@given(st.binary(max_size=80) | WORDS.map(str.encode) | VALUES.map(lambda said: json.dumps(said).encode()), st.booleans())
def test_any_bytes_are_rows_or_a_sentence(content: bytes, is_json: bool):
    """And each row is a paper or a sentence."""
    try:
        rows = rows_in(content, is_json=is_json)
    except FileRefused:
        return
    for row in rows:
        with pytest.raises(PaperRefused):
            read_paper(row.said)
