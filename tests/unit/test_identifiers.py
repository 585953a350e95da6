from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.schemas import StagedPaper
from etl.transforms import identifiers


def value(expression: pl.Expr, text: str | None) -> str | None:
    found = pl.DataFrame({"text": pl.Series([text], dtype=pl.String)}).select(expression).item()
    assert found is None or isinstance(found, str)
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2506.00001", "2506.00001"),
        ("2506.00001v12", "2506.00001"),
        (" 2506.00001 ", "2506.00001"),
        ("arXiv:0704.0001", "0704.0001"),
        ("ARXIV:2506.00001V2", "2506.00001"),
        ("https://arxiv.org/abs/2506.00001v1", "2506.00001"),
        ("https://arxiv.org/pdf/2506.00001v2.pdf", "2506.00001"),
        ("http://arxiv.org/abs/cs/0112017", "cs/0112017"),
        ("https://doi.org/10.48550/arXiv.2506.00001", "2506.00001"),
        ("10.48550/ARXIV.CS/0112017", "cs/0112017"),
        ("math.GT/0309136v2", "math/0309136"),
        ("hep-th/9901001", "hep-th/9901001"),
        ("2513.00001", None),
        ("2500.00001", None),
        ("704.0967", None),
        ("2506.123", None),
        ("2506.123456", None),
        ("x2506.00001", None),
        ("2506.00001 2506.00002", None),
        ("10.5555/2506.00001x", None),
        ("", None),
        (None, None),
    ],
)
def test_arxiv_identifiers_lose_their_version(text: str | None, wanted: str | None) -> None:
    assert value(identifiers.arxiv_id(pl.col("text")), text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("10.5555/ABC.1", "10.5555/abc.1"),
        ("https://doi.org/10.5555/abc.1", "10.5555/abc.1"),
        ("doi:10.5555/abc.1.", "10.5555/abc.1"),
        ("10.5555/one 10.5555/two", "10.5555/one"),
        ("10.48550/arXiv.2506.00001", None),
        ("10.5/abc", None),
        ("10.5555/", None),
        ("10.5555/abc- 016-1673-z", "10.5555/abc-016-1673-z"),
        ("10.5555/abc-015-0144-", None),
        ("10.5555/a b", "10.5555/a"),
        ("10.5555/(a", "10.5555/(a"),
        ("10.48550/ab", "10.48550/ab"),
        ("none", None),
        (None, None),
    ],
)
def test_the_first_doi_stands_in_lower_case(text: str | None, wanted: str | None) -> None:
    assert value(identifiers.doi(pl.col("text")), text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("10.5555/ONE 10.5555/two", ["10.5555/one", "10.5555/two"]),
        ("10.5555/one; https://doi.org/10.5555/two,doi:10.5555/three", ["10.5555/one", "10.5555/two", "10.5555/three"]),
        ("10.5555/one 10.5555/One", ["10.5555/one"]),
        ("10.5555/a(sici)1:2<3::aid-4>3.0.co;2-r", ["10.5555/a(sici)1:2<3::aid-4>3.0.co;2-r"]),
        ("10.48550/arXiv.2506.00001 10.5555/one", ["10.5555/one"]),
        ("10.5555/abc- 016 10.5555/two", ["10.5555/abc-016", "10.5555/two"]),
        ("none", None),
        (None, None),
    ],
)
def test_all_dois_of_a_cell_are_told_apart(text: str | None, wanted: list[str] | None) -> None:
    frame = pl.DataFrame({"text": pl.Series([text], dtype=pl.String)})
    found = frame.select(identifiers.dois(pl.col("text"))).to_series().to_list()
    assert found == [wanted]


@given(st.text(alphabet="10.5/ab;,- \n(").map(lambda end: f"10.5555/{end}") | st.text(max_size=30))
def test_the_first_of_all_dois_is_the_doi(text: str) -> None:
    frame = pl.DataFrame({"text": [text]})
    dois = frame.select(identifiers.dois(pl.col("text"))).to_series().to_list()[0]
    assert value(identifiers.doi(pl.col("text")), text) == (dois[0] if dois else None)


def test_a_doi_keeps_a_bracket_that_it_opened() -> None:
    assert value(identifiers.doi(pl.col("text")), "10.5555/s0140-6736(20)") == "10.5555/s0140-6736(20)"


@given(st.text(max_size=30) | st.from_regex(r"[a-zA-Z.-]{0,8}/?[0-9]{4}\.?[0-9]{3,6}(v[0-9])?", fullmatch=True))
def test_what_comes_out_keeps_the_schema_and_reads_as_itself(text: str) -> None:
    found = value(identifiers.arxiv_id(pl.col("text")), text)
    if found is not None:
        assert value(identifiers.arxiv_id(pl.col("text")), found) == found
        column = StagedPaper.columns()["arxiv_id"]
        assert isinstance(column.regex, str)  # type: ignore[attr-defined]
        assert pl.Series([found]).str.contains(column.regex).item()  # type: ignore[attr-defined]


def test_dois_of_arxiv_tell_the_identifier_and_others_do_not() -> None:
    given = [
        "https://doi.org/10.48550/arXiv.2101.00001v2",
        "10.48550/arxiv.math/0605001",
        "10.5555/abs/2101.00001",
        None,
    ]
    found = pl.DataFrame({"doi": given}).select(identifiers.arxiv_id_of_doi(pl.col("doi"))).to_series().to_list()
    assert found == ["2101.00001", "math/0605001", None, None]
