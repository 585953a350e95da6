from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from etl.transforms import dates

JUNE = dt.date(2025, 6, 10)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2025-06-10", JUNE),
        ("2025-06-10T23:59:59.000Z", JUNE),
        (" 2025-06-10 ", JUNE),
        ("2025-02-30", None),
        ("2025-13-01", None),
        ("10 June 2025", None),
        ("0001-01-01", None),
        ("2999-01-01", None),
        ("", None),
        (None, None),
    ],
)
def test_iso_days(text: str | None, wanted: dt.date | None) -> None:
    assert pl.select(dates.iso_day(pl.lit(text, dtype=pl.String))).item() == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Tue, 10 Jun 2025 12:00:00 GMT", JUNE),
        ("Mon, 2 Apr 2007 19:18:42 GMT", dt.date(2007, 4, 2)),
        ("Tue, 31 Feb 2025 12:00:00 GMT", None),
        ("2025-06-10", None),
        (None, None),
    ],
)
def test_days_of_mail_headers(text: str | None, wanted: dt.date | None) -> None:
    assert pl.select(dates.rfc2822_day(pl.lit(text, dtype=pl.String))).item() == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("2025-06-10.json", JUNE),
        ("listing-2025-06-10-page.txt.gz", JUNE),
        ("2025-06-10/2025-06-10.json", JUNE),
        ("2025-06-10_2025-06-11.json", None),
        ("2025-06-31.json", None),
        ("papers.json", None),
        ("1789-07-14.json", None),
        ("", None),
    ],
)
def test_the_only_day_in_a_name(name: str, wanted: dt.date | None) -> None:
    assert dates.day_in_name(name) == wanted


def test_a_week_is_no_day() -> None:
    assert dates.day_in_name("report-2025-W24-2.json") is None


def test_a_padded_year_is_no_day() -> None:
    given = ["2018-01-01", "2018-01-02", "2018-02-01", "2018", None]
    found = pl.DataFrame({"day": given}).select(dates.told_day(pl.col("day"))).to_series().to_list()
    assert found == [None, dt.date(2018, 1, 2), dt.date(2018, 2, 1), None, None]


def test_days_of_milliseconds() -> None:
    given = [0, 1_697_213_872_000, -1, 4_102_444_800_000, 2**62, None]
    found = pl.DataFrame({"at": given}).select(dates.epoch_day(pl.col("at"))).to_series().to_list()
    assert found == [dt.date(1970, 1, 1), dt.date(2023, 10, 13), None, None, None, None]
