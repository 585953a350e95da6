from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl import ledger
from etl.errors import ExpectationFileError
from etl.schemas import STAGED
from etl.settings import Settings
from etl.steps import validate
from etl.steps.normalise import parser_version
from etl.validation import Validator, fingerprint
from tests.factories import daily, daily_row, normalised

ROWS = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "upvotes", "max_value": 60},
    "severity": "critical",
    "notes": "More votes than readers.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder with one file of the given expectations."""

    def make(*entries: Any, file: str = "papers.json") -> Path:
        target = tmp_path / "expectations"
        target.mkdir(exist_ok=True)
        (target / file).write_text(json.dumps({"expectations": entries}), encoding="utf-8")
        return target

    return make


def entry(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (ROWS | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (entry(type="expect_column_values_to_be_wet"), "expect_column_values_to_be_wet"),
        (entry(type="expect_column_values_to_be_betwen"), "betwen"),
        (entry(kwargs={"column": "upvote", "max_value": 60}), "upvote"),
        (entry(kwargs={"column": "upvotes", "max_value": 60, "mostly": 0.9}), "critical"),
        (entry(type="expect_column_mean_to_be_between"), "critical"),
        (entry(severity="fatal"), "severity"),
        (entry(severity=None), "severity"),
        (entry(notes=None), "notes"),
        (entry(kwargs={"column": "upvotes", "maximum": 60}), "expect_column_values_to_be_between"),
    ],
)
def test_a_broken_entry_is_refused_by_name(broken: dict[str, Any], said: str, folder: Callable[..., Path]) -> None:
    with pytest.raises(ExpectationFileError, match=said) as raised:
        Validator(folder(broken))
    assert "papers.json" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_for_no_table_is_refused(folder: Callable[..., Path]) -> None:
    with pytest.raises(ExpectationFileError, match="paper"):
        Validator(folder(ROWS, file="paper.json"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "{'expectations': []}",
        '{"expectations": 5}',
        '{"expectations": [5]}',
    ],
)
def test_a_file_of_another_shape_is_refused(text: str, folder: Callable[..., Path]) -> None:
    target = folder()
    (target / "papers.json").write_text(text, encoding="utf-8")
    with pytest.raises(ExpectationFileError, match=r"papers\.json"):
        Validator(target)


def test_a_misspelt_column_in_a_pair_is_refused(folder: Callable[..., Path]) -> None:
    pair = {"column_A": "updated_on", "column_B": "publishd_on"}
    broken = entry(type="expect_column_pair_values_a_to_be_greater_than_b", kwargs=pair, severity="warning")
    with pytest.raises(ExpectationFileError, match="publishd_on"):
        Validator(folder(broken))


def test_the_fingerprint_follows_the_files(folder: Callable[..., Path]) -> None:
    before = fingerprint(folder(ROWS))
    assert fingerprint(folder(ROWS)) == before
    assert fingerprint(folder(entry(notes="Another word."))) != before


@pytest.fixture
def staged(tmp_path: Path) -> tuple[list[str], list[str]]:
    """The parts and ids of three dumps of which the second has a paper with 90 votes."""
    parts, dump_ids = [], []
    for number, votes in ((1, 10), (2, 90), (3, 20)):
        data = daily([daily_row(number, upvotes=votes), daily_row(number + 10, upvotes=5)])
        outcome, _ = normalised(tmp_path / str(number), "hf_daily", data)
        parts += [str(path) for path in (tmp_path / str(number) / "papers").glob("*.parquet")]
        dump_ids.append(outcome.dump_id)
    return parts, dump_ids


def test_a_critical_failure_names_the_guilty_dump_alone(
    staged: tuple[list[str], list[str]], folder: Callable[..., Path]
) -> None:
    parts, dump_ids = staged
    results, refused = Validator(folder(ROWS)).validate("papers", parts, dump_ids, "batch")
    assert list(refused) == [dump_ids[1]]
    assert "upvotes" in refused[dump_ids[1]]
    missed = [result for result in results if not result.is_met]
    assert [(result.severity, "upvotes" in result.expectation) for result in missed] == [("critical", True)]


def test_a_warning_refuses_nothing_and_is_seen(
    staged: tuple[list[str], list[str]], folder: Callable[..., Path]
) -> None:
    parts, dump_ids = staged
    results, refused = Validator(folder(entry(severity="warning"))).validate("papers", parts, dump_ids, "batch")
    assert refused == {}
    assert [result.severity for result in results if not result.is_met] == ["warning"]


def test_a_query_of_rows_can_refuse(staged: tuple[list[str], list[str]], folder: Callable[..., Path]) -> None:
    parts, dump_ids = staged
    query = {"unexpected_rows_query": "SELECT dump_id, title FROM {batch} WHERE upvotes > 60"}
    wet = entry(type="unexpected_rows_expectation", kwargs=query)
    assert list(Validator(folder(wet)).validate("papers", parts, dump_ids, "batch")[1]) == [dump_ids[1]]


@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_an_error_in_evaluation_is_no_success(
    severity: str, staged: tuple[list[str], list[str]], folder: Callable[..., Path]
) -> None:
    parts, dump_ids = staged
    query = {"unexpected_rows_query": "SELECT dump_id, wetness FROM {batch} WHERE wetness > 1"}
    broken = entry(type="unexpected_rows_expectation", kwargs=query, severity=severity)
    with pytest.raises(ExpectationFileError, match="cannot be evaluated"):
        Validator(folder(broken)).validate("papers", parts, dump_ids, "batch")


def test_the_structure_is_derived_from_the_schema(
    staged: tuple[list[str], list[str]], folder: Callable[..., Path]
) -> None:
    validator = Validator(folder(ROWS))
    assert set(validator.suites) == set(STAGED)
    types = [expectation.expectation_type for expectation in validator.suites["papers"].expectations]
    required = [name for name, column in STAGED["papers"].columns().items() if not column.nullable]
    assert types.count("expect_column_values_to_not_be_null") == len(required)
    assert "expect_table_columns_to_match_set" in types
    parts, dump_ids = staged
    for part in parts:
        pl.read_parquet(part).drop("venue").write_parquet(part)
    results, refused = validator.validate("papers", parts, dump_ids, "batch")
    assert "expect_table_columns_to_match_set" in [
        result.expectation.split()[0] for result in results if not result.is_met
    ]
    assert set(refused) == set(dump_ids)


def test_data_docs_are_written(
    staged: tuple[list[str], list[str]], folder: Callable[..., Path], tmp_path: Path
) -> None:
    validator = Validator(folder(ROWS))
    validator.validate("papers", *staged, "batch")
    validator.write_docs(tmp_path / "docs")
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "docs").iterdir()}
    assert {"papers-results.html", "papers-expectations.html", "links-expectations.html"} <= set(pages)
    assert "upvotes" in pages["papers-results.html"]


def test_what_an_earlier_parser_wrote_is_not_validated_again(tmp_path: Path) -> None:
    configured = Settings(warehouse=tmp_path, inbox=tmp_path)
    now = parser_version("hf_daily")
    for version in (now - 1, now):
        ledger.write_commit(configured, ledger.Commit(f"version-{version}", "hf_daily", version, ()))
    assert [commit.parser_version for commit in validate.due(configured)] == [now]
