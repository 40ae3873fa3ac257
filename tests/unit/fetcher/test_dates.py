"""Printed days become dates; an ambiguous one waits for a proof."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.fetcher.domain.reading.dates import basic_day, days_in, month_first


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (date(2015, 7, 2), "Facture n°562044387 du 02 Juillet 2015"),
        (date(2020, 8, 1), "le 1er août 2020"),
        (date(2014, 8, 3), "August 3 , 2014"),
        (date(2026, 2, 17), "17 February 2026"),
        (date(2026, 3, 3), "3. März 2026"),
        (date(2026, 12, 24), "24 déc. 2026"),
        (date(2018, 3, 5), "vom 05.03.2018"),
        (date(2018, 3, 5), "2018-03-05"),
        (date(2022, 11, 28), "28/11/2022"),
        (date(2022, 11, 28), "28-11-22"),
        (date(2017, 11, 17), "11/17/2017"),
        (date(2017, 5, 5), "05/05/2017"),
    ],
)
def test_days_that_have_one_meaning_are_read(expected: date, text: str):
    """Words, ISO, points, and numbers above twelve."""
    assert [expected] == [found.day for found in days_in(text, month_first=None)]


@pytest.mark.parametrize(("expected", "order"), [(None, None), (date(2017, 11, 3), True), (date(2017, 3, 11), False)])
def test_an_ambiguous_day_follows_the_document(expected: date | None, order: bool | None):
    """`11/03/2017`: unknown, American, European."""
    assert [expected] == [found.day for found in days_in("Invoice Date 11/03/2017", month_first=order)]


@pytest.mark.parametrize(
    ("expected", "texts"),
    [
        (True, ["11/03/2017", "11/17/2017"]),
        (False, ["11/03/2017", "31/12/2017"]),
        (None, ["11/03/2017"]),
        (None, ["11/17/2017", "17/11/2017"]),
        (None, ["05.13.2017"]),
    ],
)
def test_the_order_shows_where_a_number_is_no_month(expected: bool | None, texts: list[str]):
    """One date above twelve decides for all; two that contradict each other decide nothing."""
    assert expected == month_first(texts)


@pytest.mark.parametrize(
    "text", ["99/99/2020", "31 février 2020", "2020-13-01", "404-1234567-1234567", "FA-2017-0010", "1.2.3.4", "04 72 07 08 55"]
)
def test_what_is_no_day_is_not_read(text: str):
    """No such day, order numbers, versions, phones."""
    assert [] == [found.day for found in days_in(text, month_first=False) if found.day]


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)), st.sampled_from(["%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d", "%d-%m-%Y"]))
def test_every_day_survives_being_printed(day: date, form: str):
    """Round trip through European and ISO print."""
    assert [day] == [found.day for found in days_in(f"Date : {day.strftime(form)}", month_first=False)]


@pytest.mark.parametrize(
    ("expected", "text"),
    [(date(2017, 11, 16), "20171116"), (None, "20171399"), (None, "00010101"), (None, "99991231"), (None, "2017-11-16"), (None, None)],
)
def test_format_102_is_eight_digits(expected: date | None, text: str | None):
    """UN/CEFACT qualifier 102; a day outside what a contract takes is unknown."""
    assert expected == basic_day(text)
