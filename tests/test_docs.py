from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from etl import marts, queries, sources
from etl.cli import app
from etl.pipeline import STEPS
from etl.schemas import CORE

PROJECT = Path(__file__).resolve().parent.parent
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]
DOCS = [
    path
    for path in (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")), PROJECT / "warehouse" / "README.md")
    if path.exists()
]
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in DOCS)
needs_docs = pytest.mark.skipif(not (PROJECT / "README.md").exists(), reason="needs README.md")
DICTIONARY = PROJECT / "warehouse" / "README.md"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example_that_it_takes(name: str) -> None:
    said = COMMANDS[name].help
    assert said
    example = re.search(r"Example: etl (\S+)", said)
    assert example, said
    assert example[1] == name
    options = set(re.findall(r"(--[a-z-]+)", said))
    known = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert options <= known


def test_each_step_is_a_command() -> None:
    assert set(STEPS) <= set(COMMANDS)


@needs_docs
@pytest.mark.parametrize("name", [*STEPS, *sources.names()])
def test_each_step_and_source_is_named_in_the_docs(name: str) -> None:
    assert re.search(rf"\b{name}\b", TEXT)


QUERIES = [query.table for query in queries.read("marts", "mart") if query.is_published]
MARTS = sorted({table for table in QUERIES if table.startswith("mart.")} | {f"mart.{name}" for name in marts.names()})


@pytest.mark.skipif(not DICTIONARY.exists(), reason="needs warehouse/README.md")
@pytest.mark.parametrize("table", [*CORE, *MARTS])
def test_each_table_is_in_the_data_dictionary(table: str) -> None:
    assert table in DICTIONARY.read_text(encoding="utf-8")


@needs_docs
def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(PROJECT)}: {target}"
        for path in DOCS
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []


GENERATOR = PROJECT / "docs" / "make_docs.py"


@pytest.mark.skipif(not GENERATOR.exists(), reason="needs docs/make_docs.py")
def test_generated_documents_are_fresh(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(GENERATOR), "--check"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(PROJECT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
