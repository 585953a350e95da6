"""The example queries run on what is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl import published
from etl.settings import SQL, Settings

EXAMPLES = sorted((SQL / "examples").glob("*.sql"))
# The samples have dates on all papers, and were published once.
MAY_BE_EMPTY = {"figures_that_changed"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_it_asks_and_gives_rows(path: Path, sample_warehouse: Settings) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- ")
    assert "?" in text.split("\n\n")[0]
    rows = published.query(sample_warehouse, text)
    assert rows.height > 0 or path.stem in MAY_BE_EMPTY
    assert published.query(sample_warehouse, text).equals(rows)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5
