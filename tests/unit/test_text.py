from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transforms import text


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
        ("see https://github.com/owner/\nname now", "see https://github.com/owner/name now"),
        ("see github.com/owner/long-\nname now", "see github.com/owner/long-name now"),
        ("see https://github.com/\n owner/name", "see https://github.com/owner/name"),
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
