from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from etl.settings import SQL, Settings

README = Path(__file__).resolve().parents[2] / "README.md"
QUESTIONS = (
    re.findall(r"^```sql\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    if README.exists()
    else []
)


@pytest.mark.skipif(not README.exists(), reason="needs README.md")
def test_the_readme_asks_five_questions() -> None:
    assert len(QUESTIONS) >= 5


@pytest.mark.parametrize("question", QUESTIONS or [pytest.param("", marks=pytest.mark.skip(reason="needs README.md"))])
def test_a_question_of_the_readme_has_an_answer(question: str, sample_warehouse: Settings) -> None:
    with duckdb.connect(str(sample_warehouse.current / "papers.duckdb"), read_only=True) as connection:
        assert connection.execute(question).fetchall()


EXAMPLES = sorted((SQL / "examples").glob("*.sql"))


@pytest.mark.parametrize("path", EXAMPLES or [pytest.param(None, marks=pytest.mark.skip(reason="needs sql/examples"))])
def test_an_example_has_an_answer(path: Path, sample_warehouse: Settings) -> None:
    with duckdb.connect(str(sample_warehouse.current / "papers.duckdb"), read_only=True) as connection:
        assert connection.execute(path.read_text(encoding="utf-8")).fetchall()
