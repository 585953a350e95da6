from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.transforms import links, repositories
from etl.transforms.urls import NOT_OWNERS

PARTS = st.text("aZ9_.-/ ", min_size=0, max_size=8) | st.sampled_from(["topics", "rain", "roof.git", ".", "..", "a_"])
CELLS = st.builds(
    lambda start, owner, name, end: f"{start}{owner}/{name}{end}",
    st.sampled_from(["https://github.com/", "http://github.com/", "github.com/", "https://GitHub.com/", ""]),
    PARTS,
    PARTS,
    st.sampled_from(["", "/", ".git", "\n", "/tree/main", " https://gitlab.com/c/d", "?tab=readme", "_", "."]),
)


def first(cell: str) -> str | None:
    return next((link.repository_url for link in links.links_in_cell(cell) if link.repository_url), None)


@given(st.lists(st.none() | CELLS | st.text(max_size=12)))
def test_whole_columns_are_read_as_cells_are(cells: list[str | None]) -> None:
    found = repositories.in_cells(pl.Series(cells, dtype=pl.String)).to_list()
    assert found == [None if cell is None else first(cell) for cell in cells]


@given(CELLS)
def test_the_short_way_finds_what_the_long_way_finds(cell: str) -> None:
    # A blank in front turns the short way off and says nothing else.
    assert links.links_in_cell(cell) == links.links_in_cell(f" {cell}")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("rain/roof", "https://github.com/rain/roof"),
        ("Rain-1/.github", "https://github.com/Rain-1/.github"),
        ("rain/ends.", "https://github.com/rain/ends."),
        ("rain/_under_", "https://github.com/rain/_under_"),
        ("rain/roof.git", "https://github.com/rain/roof.git"),
        ("rain/..", None),
        ("rain/.", None),
        ("rain", None),
        ("rain/roof/wall", None),
        ("/", None),
        ("rain/ro of", None),
        ("rain/roof\n", None),
        ("rain/röof", None),
        ("", None),
        (None, None),
    ],
)
def test_a_name_of_github_is_taken_as_it_is(name: str | None, wanted: str | None) -> None:
    frame = pl.DataFrame({"name": [name]}, schema={"name": pl.String})
    assert frame.select(repositories.github_url(pl.col("name"))).item() == wanted


def test_parts_of_the_site_are_no_owners() -> None:
    cells = [f"https://github.com/{part}/{name}" for part in sorted(NOT_OWNERS) for name in ("roof", "ROOF")]
    assert repositories.in_cells(pl.Series(cells)).null_count() == len(cells)
    assert all(first(cell) is None for cell in cells)
