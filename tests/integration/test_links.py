"""Links and statements about code from the dump to the marts: what is carried from one delivery to the next."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.factories import abstract, daily, daily_row
from tests.warehouses import Small

MONDAY, FRIDAY, NEXT = dt.date(2026, 9, 7), dt.date(2026, 9, 11), dt.date(2026, 9, 18)
PROMISE = "Our code will be released."
LINK = "Our code is available at https://github.com/invented/rain."
USED = "It is based on Roof (https://github.com/invented/roof)."


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


def listing(small: Small, day: dt.date, *sentences: str, **fields: str) -> None:
    small.deliver(daily([daily_row(1, summary=abstract(1, *sentences), **fields)]), f"{day}.json", day)
    small.settle()


def promises(small: Small) -> list[tuple[object, ...]]:
    return small.rows("SELECT promised_on, kept_on, days_to_code, repository_url FROM mart.code_promises")


def statements(small: Small) -> list[tuple[object, ...]]:
    return small.rows("SELECT statement, sentence, promised_on FROM core.code_statements")


def test_a_promise_is_open_until_a_link_comes(small: Small) -> None:
    listing(small, MONDAY, PROMISE)
    assert statements(small) == [("promised", PROMISE, MONDAY)]
    assert promises(small) == [(MONDAY, None, None, None)]


def test_a_newer_abstract_with_the_link_keeps_the_promise_of_the_older(small: Small) -> None:
    listing(small, MONDAY, PROMISE)
    listing(small, FRIDAY, LINK)
    assert statements(small) == [("linked", LINK, MONDAY)]
    assert promises(small) == [(MONDAY, FRIDAY, 4, "https://github.com/invented/rain")]


def test_the_order_of_arrival_does_not_matter(small: Small) -> None:
    listing(small, FRIDAY, LINK)
    listing(small, MONDAY, PROMISE)
    assert statements(small) == [("linked", LINK, MONDAY)]
    assert promises(small) == [(MONDAY, FRIDAY, 4, "https://github.com/invented/rain")]


def test_a_field_of_a_later_listing_keeps_a_promise(small: Small) -> None:
    listing(small, MONDAY, PROMISE)
    listing(small, NEXT, PROMISE, githubRepo="https://github.com/invented/rain")
    assert promises(small) == [(MONDAY, NEXT, 11, "https://github.com/invented/rain")]


def test_what_is_merely_used_keeps_no_promise(small: Small) -> None:
    listing(small, MONDAY, PROMISE)
    listing(small, FRIDAY, PROMISE, USED)
    assert statements(small) == [("promised", PROMISE, MONDAY)]
    assert promises(small) == [(MONDAY, None, None, None)]
    assert small.rows("SELECT url, kind, is_official FROM core.paper_links") == [
        ("https://github.com/invented/roof", "repository", False)
    ]


def test_a_promise_that_is_withdrawn_without_a_link_stays_open(small: Small) -> None:
    listing(small, MONDAY, PROMISE)
    listing(small, FRIDAY)
    assert statements(small) == [("none", None, MONDAY)]
    assert promises(small) == [(MONDAY, None, None, None)]


def test_a_wrapped_url_is_one_repository_and_a_doubtful_one_is_none(small: Small) -> None:
    listing(small, MONDAY, "Code is at github.com/invented/\nrain-on-\nroofs, and https://github.com/invented/\nsoon.")
    assert small.rows("SELECT url, kind FROM core.paper_links ORDER BY url") == [
        ("https://github.com/invented", "other"),
        ("https://github.com/invented/rain-on-roofs", "repository"),
    ]
    assert small.rows("SELECT repository_url FROM core.repositories") == [
        ("https://github.com/invented/rain-on-roofs",)
    ]
