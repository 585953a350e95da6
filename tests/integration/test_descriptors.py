"""The descriptions of a snapshot, read by the tools of those who made their standards."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from etl import pipeline
from etl.settings import SQL, Settings
from etl.steps import publish
from tests.factories import daily, daily_row
from tests.warehouses import Small


@pytest.fixture(scope="module")
def snapshot(sample_warehouse: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the snapshot at another place, as a static host has it."""
    place = tmp_path_factory.mktemp("host") / "anywhere"
    shutil.copytree(sample_warehouse.current.resolve(), place)
    return place


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    small = Small(tmp_path)
    small.settle()
    publish.publish(small.settings)
    return small.settings.current.resolve()


def data_package_errors(folder: Path) -> list[str]:
    from frictionless import Package

    report = Package(str(folder / "datapackage.json")).validate()
    return [f"{task.name}: {error.message}" for task in report.tasks for error in task.errors]


def croissant(folder: Path) -> Any:
    import mlcroissant

    return mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))


@pytest.mark.slow
def test_the_data_package_is_valid(snapshot: Path) -> None:
    assert data_package_errors(snapshot) == []


def test_the_data_package_of_an_empty_warehouse_is_valid(empty: Path) -> None:
    assert data_package_errors(empty) == []


def test_a_wrong_data_package_is_found_out(empty: Path, tmp_path: Path) -> None:
    """The validator is no ornament: it sees bytes that changed and columns that are not there."""
    place = tmp_path / "copy"
    shutil.copytree(empty, place)
    with (place / "tables" / "core.papers.parquet").open("ab") as file:
        file.write(b"x")
    document = json.loads((place / "datapackage.json").read_bytes())
    for resource in document["resources"]:
        if resource["path"] == "feeds/keyword_trends.csv":
            resource["schema"]["fields"][1]["name"] = "other"
    (place / "datapackage.json").write_text(json.dumps(document), encoding="utf-8")
    found = data_package_errors(place)
    assert any(error.startswith("core.papers: ") for error in found)
    assert any(error.startswith("feeds.keyword_trends.csv: ") for error in found)


def test_croissant_is_valid_and_its_records_can_be_read(snapshot: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        dataset = croissant(snapshot)
    assert dataset.metadata.issues.errors == set()
    assert dataset.metadata.issues.warnings == set()
    assert "not standard" not in caplog.text
    with duckdb.connect(str(snapshot / "papers.duckdb"), read_only=True) as connection:
        expected = connection.execute("SELECT paper_id, len(authors) FROM core.papers ORDER BY paper_id").fetchall()
    records = list(dataset.records(record_set="core.papers"))
    found = [
        (record["core.papers/paper_id"].decode(), len(record["core.papers/authors"]))
        for record in records
        if record["core.papers/authors"] is not None
    ]
    assert sorted(found) == [row for row in expected if row[1] is not None]


def test_croissant_of_an_empty_warehouse_is_valid(empty: Path) -> None:
    dataset = croissant(empty)
    assert dataset.metadata.issues.errors == set()
    assert list(dataset.records(record_set="core.papers")) == []


def test_descriptions_name_every_table_and_data_file(snapshot: Path) -> None:
    data = {
        str(path.relative_to(snapshot))
        for path in snapshot.rglob("*")
        if path.suffix in (".parquet", ".csv", ".duckdb")
    }
    package = json.loads((snapshot / "datapackage.json").read_bytes())
    described = json.loads((snapshot / "croissant.json").read_bytes())
    assert {resource["path"] for resource in package["resources"]} == data
    assert {file["contentUrl"] for file in described["distribution"]} == data
    assert len({resource["name"] for resource in package["resources"]}) == len(data)
    fields = [field for resource in package["resources"] for field in resource.get("schema", {}).get("fields", [])]
    assert len(fields) > 300
    assert [field["name"] for field in fields if not field["description"]] == []


def test_the_licence_of_every_source_goes_along(snapshot: Path) -> None:
    page = (snapshot / "ATTRIBUTION.md").read_text(encoding="utf-8")
    package = json.loads((snapshot / "datapackage.json").read_bytes())
    described = json.loads((snapshot / "croissant.json").read_bytes())
    for name, words in (("arxiv_snapshot", "Cornell University on Kaggle"), ("hf_daily", "Daily Papers API")):
        assert f"| {name} |" in page
        assert words in page
        assert any(words in source["title"] for source in package["sources"])
        assert words in described["citeAs"]
    assert "CC0-1.0" in page
    assert [licence["name"] for licence in package["licenses"]] == ["CC0-1.0"]
    assert described["license"] == ["https://spdx.org/licenses/CC0-1.0.html"]


def test_nothing_in_a_snapshot_leads_outside_or_to_this_machine(snapshot: Path, sample_warehouse: Settings) -> None:
    """It works from any folder of any host."""
    for path in snapshot.rglob("*"):
        assert not path.is_symlink()
        if path.is_file() and path.suffix not in (".parquet", ".duckdb"):
            assert str(sample_warehouse.warehouse).encode() not in path.read_bytes(), path
    for name in ("datapackage.json", "croissant.json", "manifest.json"):
        document = json.loads((snapshot / name).read_bytes())
        items = document.get("resources") or document.get("distribution") or document.get("files")
        for item in items:
            relative = item.get("path") or item.get("contentUrl")
            assert (snapshot / relative).resolve().is_relative_to(snapshot), relative
            assert (snapshot / relative).is_file(), relative


EXAMPLES = sorted((SQL / "examples").glob("*.sql"))


@pytest.mark.skipif(not EXAMPLES, reason="there are no examples in sql/examples")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run_on_the_published_database(example: Path, snapshot: Path) -> None:
    with duckdb.connect(str(snapshot / "papers.duckdb"), read_only=True) as connection:
        connection.execute(example.read_text(encoding="utf-8")).fetchall()


def test_a_file_names_the_snapshot_where_there_are_no_links(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "2025-06-10.json"
    path.write_bytes(daily([daily_row(1), daily_row(2)]))
    snapshot = pipeline.run(settings, [path]).snapshot
    pointer = settings.published / "current.json"
    said = json.loads(pointer.read_bytes())
    assert said == {"schema_version": 1, "snapshot": snapshot, "manifest": f"{snapshot}/manifest.json"}
    assert (settings.published / said["manifest"]).is_file()
    modified = pointer.stat().st_mtime_ns
    pipeline.publish(settings)
    assert pointer.stat().st_mtime_ns == modified
    pointer.unlink()
    pipeline.publish(settings)
    assert json.loads(pointer.read_bytes()) == said
