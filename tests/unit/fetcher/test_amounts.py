"""Decimal text becomes cents exactly or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fetcher.domain.reading.amounts import LARGEST_CENTS, amounts_in, cents, cents_of_decimal, rate


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (1_234_56, "1 234,56 €"),
        (1_234_56, "1\u00a0234,56\u00a0€"),
        (1_234_56, "1\u202f234,56"),
        (1_234_56, "1.234,56"),
        (1_234_56, "1,234.56"),
        (1_234_56, "1'234.56 CHF"),
        (1_234_567_89, "1.234.567,89"),
        (12_30, "EUR 12,3"),
        (147_00, "147"),
        (0, "0 €"),
        (9_90, "9,9000"),
        (-20_48, "-20,48 €"),
        (-20_48, "\u221220,48"),
        (-20_48, "20,48-"),
        (-20_48, "(20.48)"),
        (-20_48, "-$20.48"),
        (-20_48, "€ -20.48"),
    ],
)
def test_amounts_as_printed_in_europe_are_read(expected: int, text: str):
    """French spaces, German points, English commas, signs on either side."""
    assert expected == cents(text)


@pytest.mark.parametrize(
    "text",
    [
        "1.234",
        "1,234",
        "9,901",
        "12,3456",
        "1,2,3",
        "1.23.45",
        "1.234.56",
        "(12,00",
        "12,00)",
        "",
        "€",
        "abc",
        "12,00 x",
        "1234567890123456789,00",
    ],
)
def test_what_may_mean_two_things_or_has_parts_of_a_cent_is_no_amount(text: str):
    """`1.234` is a thousand or one and a bit; `9,901` has a tenth of a cent; the last is larger than a contract holds."""
    assert cents(text) is None


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        ([9_34], "TVA 20% : 9,34 €"),
        ([4_55, 81_90], "20 Unit(s) 4,55 € 10% 81,90 €"),
        ([24_99, 5_00, 29_99], "Total facture 24.99 5.00 29.99"),
        ([1000_00, -100_00], "1000,00 -100,00"),
        ([-20_48], "Remise :\t- 20,48 €"),
        ([20_48], "Total - 20,48"),
        ([275_00, 19_25], "275,00 7 19,25"),
        ([10_000_00], "SARL au capital de 10 000€"),
        ([], "Facture du 05.03.2018, taux 5,50 %, 9,9000 la pièce, 04 72 07 08 55, 3.441.812 Euros, n° 2017-0010"),
    ],
)
def test_amounts_are_found_in_a_line_and_dates_rates_and_phones_are_not(expected: list[int], line: str):
    """Two decimals, or a currency sign beside."""
    assert expected == [amount.cents for amount in amounts_in(line)]


def test_a_currency_stands_beside_its_amount():
    """Signs that name one currency become its code; a dollar may be of many countries; TTC is none."""
    assert ["EUR", "GBP", "$", "USD", "CHF", None] == [
        amount.sign for amount in amounts_in("1,00 €\t2.00 £\t$3.00\tUS$4.00\t5.00 CHF\t6,00 TTC")
    ]


@given(
    st.integers(-LARGEST_CENTS, LARGEST_CENTS), st.sampled_from([(" ", ","), ("\u202f", ","), (".", ","), (",", "."), ("", ","), ("", ".")])
)
def test_every_amount_survives_being_printed(amount: int, marks: tuple[str, str]):
    """Round trip through French, German and English print."""
    group, mark = marks
    whole = f"{abs(amount) // 100:,}".replace(",", group)
    printed = f"{'-' if amount < 0 else ''}{whole}{mark}{abs(amount) % 100:02d}"
    assert amount == cents(printed)


@given(st.text())
def test_any_text_has_amounts_or_none(text: str):
    """Total: no text raises, and every amount found lies inside the text."""
    assert all(0 <= amount.start < amount.end <= len(text) for amount in amounts_in(text))
    assert cents(text) is None or abs(cents(text) or 0) <= LARGEST_CENTS


@pytest.mark.parametrize(
    ("expected", "text"),
    [(529_87, "529.87"), (198_00, "198.0000"), (-20_48, "-20.48"), (None, "198.005"), (None, "1 000"), (None, "1e3"), (None, None)],
)
def test_decimals_of_xml_have_one_meaning(expected: int | None, text: str | None):
    """`xs:decimal`: a point, no groups, no exponent."""
    assert expected == cents_of_decimal(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("20", "20,00 %"),
        ("5.5", "5.50"),
        ("0", "0"),
        ("2.1", "2,1%"),
        ("8.5", "8.5"),
        (None, "100"),
        (None, "-1"),
        (None, "x"),
        (None, None),
        (None, "NaN"),
    ],
)
def test_a_rate_has_one_spelling(expected: str | None, text: str | None):
    """Shortest decimal text, below 100."""
    assert expected == rate(text)
