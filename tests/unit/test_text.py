from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transforms import text
from etl.transforms.enrich import with_keys


def value(expression: pl.Expr, given_text: str | None) -> str | None:
    found = pl.DataFrame({"text": pl.Series([given_text], dtype=pl.String)}).select(expression).item()
    assert found is None or isinstance(found, str)
    return found


@pytest.mark.parametrize(
    ("given_text", "wanted"),
    [
        ("A  title\n  over lines", "A title over lines"),
        (" \t\r\n ", None),
        ("", None),
        (None, None),
        ("a\x00b\x07c", "abc"),
        ("a\u202eb\u200bc\ufeff", "abc"),
        ("a\u2028b\u00a0c", "a b c"),
        ("e\u0301", "é"),
        ("one\rtwo\r\nthree", "one two three"),
        ("<script>x</script>", "<script>x</script>"),
        ("=1+1", "=1+1"),
    ],
)
def test_a_title_stands_on_one_line(given_text: str | None, wanted: str | None) -> None:
    assert value(text.one_line(pl.col("text")), given_text) == wanted


@pytest.mark.parametrize(
    ("given_text", "wanted"),
    [
        ("hard\nwrapped\n  text", "hard wrapped text"),
        ("one paragraph\n\nanother", "one paragraph\nanother"),
        ("one\n \n\n another", "one\nanother"),
        ("  lead and trail \n", "lead and trail"),
        ("see https://github.com/owner/\nname now", "see https://github.com/owner/ name now"),
        ("state-of-the-\nart", "state-of-the- art"),
        ("a\x1eb", "ab"),
        ("\n\n", None),
        (None, None),
    ],
)
def test_hard_wraps_are_undone_and_paragraphs_kept(given_text: str | None, wanted: str | None) -> None:
    assert value(text.paragraphs(pl.col("text")), given_text) == wanted


@given(st.text(max_size=80))
def test_cleaning_twice_is_cleaning_once(given_text: str) -> None:
    for clean in (text.one_line, text.paragraphs):
        once = value(clean(pl.col("text")), given_text)
        assert value(clean(pl.col("text")), once) == once
        assert once is None or (once == once.strip() and once != "")


@given(st.text(alphabet=st.characters(categories=["Cc", "Cf", "L"]), max_size=40))
def test_no_control_character_is_left(given_text: str) -> None:
    found = value(text.paragraphs(pl.col("text")), given_text) or ""
    assert not any((ord(char) < 32 and char != "\n") or 127 <= ord(char) < 160 for char in found)


SAME_TITLE = [
    "Mapping Tidal Pools by Naïve Listening",
    "mapping tidal pools by naive listening",
    "Mapping  Tidal Pools, by Naïve Listening!",
    'Mapping Tidal-Pools by Na\\"ive Listening*',
    "\\textbf{Mapping} Tidal Pools by Naïve Listening",
    "Mapping Tidal Pools by Nai\u0308ve Listening",
]


@pytest.mark.parametrize("title", SAME_TITLE)
def test_spellings_of_one_title_share_a_key(title: str) -> None:
    assert value(text.title_key(pl.col("text")), title) == "mappingtidalpoolsbynaivelistening"


@pytest.mark.parametrize("title", ["Editorial", "Reply to comment", "A of b", "Introduction", "1 2 3 4 5", ""])
def test_a_title_that_names_many_papers_has_no_key(title: str) -> None:
    assert value(text.title_key(pl.col("text")), title) is None


def test_different_titles_have_different_keys() -> None:
    titles = ["Mapping Tidal Pools Part 1", "Mapping Tidal Pools Part 2", "Mapping Tidal Pools Part 11"]
    assert len({value(text.title_key(pl.col("text")), title) for title in titles}) == 3


def thoroughly(given_text: pl.Expr, quick: pl.Expr, is_right: pl.Expr, thorough: pl.Expr) -> pl.Expr:
    return given_text.map_batches(lambda texts: texts.to_frame("given").select(thorough).to_series(), pl.String)


PIECES = (
    "a Wet-Day rain, .;() 1 \\alpha é e\u0301 ß ﬁ 雨 \u00a0 \u2028 \ufeff \x00 \x1e \x7f \x85 \t \r \r\n \n \n\n "
    "github.com/ gitlab.com/owner/ name- - /"
).split(" ")


@pytest.mark.parametrize("clean", [text.one_line, text.paragraphs, text.title_fingerprint, text.title_key])
@given(pieces=st.lists(st.sampled_from([*PIECES, " ", "  ", "\n  "]), max_size=10))
def test_the_quick_way_says_what_the_thorough_way_says(clean: Callable[[pl.Expr], pl.Expr], pieces: list[str]) -> None:
    given_text = "".join(pieces)
    with patch.object(text, "either", thoroughly):
        wanted = value(clean(pl.col("text")), given_text)
    assert value(clean(pl.col("text")), given_text) == wanted


def test_each_text_keeps_its_place_whichever_way_it_took() -> None:
    given_texts = ["plain", None, "a\x00b", "", "two\n  lines", "e\u0301", "two  blanks", "plain"]
    wanted = ["plain", None, "ab", None, "two lines", "é", "two blanks", "plain"]
    assert (
        pl.Series("text", given_texts).to_frame().select(text.one_line(pl.col("text"))).to_series().to_list() == wanted
    )


def test_columns_without_texts_stay_so() -> None:
    for column in (pl.Series("text", [], dtype=pl.String), pl.Series("text", [None, None], dtype=pl.String)):
        for clean in (text.one_line, text.paragraphs, text.title_fingerprint, text.title_key):
            assert column.to_frame().select(clean(pl.col("text"))).to_series().equals(column)


def keyed(*records: dict[str, Any]) -> pl.DataFrame:
    texts = dict.fromkeys(("title", "abstract", "arxiv_id", "doi", "venue", "comment"), pl.String)
    lists = dict.fromkeys(("authors", "categories", "page_links"), pl.List(pl.String))
    numbers = dict.fromkeys(("upvotes", "comments", "stars"), pl.Int64)
    days = dict.fromkeys(("published_on", "updated_on"), pl.Date)
    return with_keys(pl.DataFrame(records, schema={**texts, **lists, **numbers, **days}))


def test_votes_and_stars_make_another_repeat_but_no_other_content() -> None:
    counts: list[dict[str, Any]] = [{}, {"upvotes": 1}, {"comments": 1}, {"stars": 1}, {"upvotes": 1, "stars": 1}]
    keys = keyed(*({"title": "Rain", **count} for count in counts))
    assert keys["content_hash"].n_unique() == 1
    assert keys["repeat_hash"].n_unique() == len(counts)
    assert keyed({"title": "Rain"})["repeat_hash"].item() == keys["repeat_hash"][0]


def test_whatever_else_a_record_says_makes_other_content() -> None:
    day = dt.date(2025, 6, 10)
    said: list[dict[str, Any]] = [
        {},
        *({name: "x"} for name in ("abstract", "arxiv_id", "doi", "venue", "comment")),
        *({name: ["x"]} for name in ("authors", "categories", "page_links")),
        {"authors": ["x", "y"]},
        *({name: day} for name in ("published_on", "updated_on")),
    ]
    keys = keyed(*({"title": "Rain é", **one} for one in said))
    assert keys["content_hash"].n_unique() == len(said)


def test_a_content_hash_is_the_same_in_every_release() -> None:
    keys = keyed({"title": "Rain é", "authors": ["A", "B"], "arxiv_id": "2506.00001"})
    assert keys["content_hash"].item() == "9f9fc9f35351b520326aa74cfd7dc6d5"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("<i>In situ</i> H<sub>2</sub>O &amp; Ice", "In situ H2O & Ice"),
        ("&lt;i&gt;Twice&lt;/i&gt; &amp;amp; once", "Twice & once"),
        ('<jats:ext-link xlink:href="x">a</jats:ext-link><mml:mi>x</mml:mi><br/>', "ax"),
        ("a < b and c > d, <b or not b>, <unknown>", "a < b and c > d, <b or not b>, <unknown>"),
        (None, None),
    ],
)
def test_marks_are_taken_out_and_mathematics_is_not(given: str | None, wanted: str | None) -> None:
    frame = pl.DataFrame({"text": [given]}, schema={"text": pl.String})
    assert frame.select(text.without_marks(pl.col("text"))).item() == wanted
