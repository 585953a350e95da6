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
    'Mapping Tidal Pools by Na{\\"i}ve Listening',
    "Mapping Tidal $\\mathbf{Pools}$ by Naïve Listening†",
    "Mapping Tidal Pools by Nai\u0308ve Listening",
]


@pytest.mark.parametrize("title", SAME_TITLE)
def test_spellings_of_one_title_share_a_key(title: str) -> None:
    assert value(text.title_key(pl.col("text")), title) == "mappingtidalpoolsbynaivelistening"


@pytest.mark.parametrize(
    "title",
    [
        *("Editorial", "Guest Editorial", "Reply to comment", "Introduction", "Preface 2", "PREFACE.", "Front Matter"),
        *(
            "Introduction to the Special Issue",
            "List of Reviewers",
            "Editor’s Note",
            "Errata",
            "Book Reviews",
            "***",
            "",
        ),
    ],
)
def test_a_title_that_names_a_part_of_a_volume_has_no_key(title: str) -> None:
    assert value(text.title_key(pl.col("text")), title) is None


def is_specific(title: str) -> bool:
    return bool(
        pl.DataFrame({"text": [title]}).select(text.is_specific(pl.col("text"), text.title_key(pl.col("text")))).item()
    )


@pytest.mark.parametrize(
    "title",
    [
        *("A of b", "1 2 3 4 5", "Rain", "Rain Gauges", "雨の研究"),
        *("Reply to the Comment on Rain and Snow by A. Beispiel", "Comment on “Rain and Snow in Harbours”"),
        *("Erratum: Rain and Snow in Harbours", "Guest Editorial: Rain and Snow in Harbours"),
        *("Proceedings of the Third Workshop on Rain", "Report on the Third Workshop on Rain", "Preface to the Issue"),
    ],
)
def test_a_title_that_others_may_have_is_not_specific(title: str) -> None:
    assert not is_specific(title)


@pytest.mark.parametrize(
    "title", ["Rain and Snow in Harbours", "A Note on Rain and Snow", "$\\beta$-Rain in $\\ell_1$ Harbours"]
)
def test_a_title_of_three_words_is_specific(title: str) -> None:
    assert is_specific(title)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$\\beta$-decay of rain", "β-Decay of Rain"),
        ("{\\mu}-rain", "Mu-Rain"),
        ("\\ell_1 rain", "ℓ₁ rain"),
        ("Rain in Łódź and Tromsø", "Rain in {\\L}\\'od\\'z and Troms{\\o}"),
        ("Rain ﬁelds, H₂O", "Rain fields, H$_2$O"),
        ("Strasse im Regen", "Straße im Regen"),
    ],
)
def test_letters_are_the_same_however_they_are_written(one: str, other: str) -> None:
    assert value(text.title_fingerprint(pl.col("text")), one) == value(text.title_fingerprint(pl.col("text")), other)


def test_greek_letters_tell_titles_apart() -> None:
    titles = ["$\\alpha$-rain", "$\\beta$-rain", "-rain"]
    assert len({value(text.title_fingerprint(pl.col("text")), title) for title in titles}) == 3


def author_words(*names: str | None) -> set[str]:
    frame = pl.DataFrame({"names": [list(names)]}, schema={"names": pl.List(pl.String)})
    return set((frame.select(text.author_key(pl.col("names"))).item() or "").split())


@pytest.mark.parametrize(
    ("names", "others"),
    [
        (["Jane Doe", "Jan Łukas"], ["Łukas, Jan", "Doe, Jane"]),
        (["Xiao-Ming Müller"], ['Xiaoming M\\"uller']),
        (["Miles O'Rain"], ["Miles O’Rain"]),
        (["Jane\nDoe", None], ["JANE DOE"]),
    ],
)
def test_spellings_of_names_share_their_words(names: list[str | None], others: list[str | None]) -> None:
    assert author_words(*names) == author_words(*others) != set()


def test_without_names_there_is_no_key_of_authors() -> None:
    lists = pl.DataFrame({"names": [[], None, ["*"]]}, schema={"names": pl.List(pl.String)})
    assert lists.select(text.author_key(pl.col("names"))).to_series().to_list() == [None, None, None]


def test_each_list_of_names_keeps_its_place() -> None:
    lists = pl.DataFrame({"names": [["A. B"], None, ["É. F"], ["G\nH"], []]}, schema={"names": pl.List(pl.String)})
    keys = lists.select(text.author_key(pl.col("names"))).to_series().to_list()
    assert [key and key.split() for key in keys] == [["a", "b"], None, ["e", "f"], ["g", "h"], None]


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
