"""Tables of the page: cut, written and found again as the scripts of the page do it."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
import shutil
from collections.abc import Callable
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from etl import dashboard, database, queries
from etl.dashboard import chunks, page
from etl.errors import SqlFileError
from etl.settings import SQL, Settings

Rows = list[tuple[Any, ...]]


def read(folder: Path, name: str) -> tuple[dict[str, Any], list[Rows]]:
    """A table's directory, and its rows file by file, undone as `page/data.js` does it."""
    directory = json.loads(gzip.decompress((folder / chunks.TABLES).read_bytes()))[name]
    files = []
    for number in range(len(directory["starts"])):
        parts = json.loads(gzip.decompress((folder / name / f"{number}.json.gz").read_bytes()))
        heads, columns = (parts[:2], parts[2:]) if directory["key"] else ([], parts)
        named = dict(zip(directory["columns"], columns, strict=True))
        ends = list(accumulate(heads[1])) if heads else []
        if directory["delta"]:
            steps = named[directory["delta"]]
            named[directory["delta"]] = [
                value for start, end in pairwise([0, *ends]) for value in accumulate(steps[start:end])
            ]
        if heads:
            keys = [key for key, count in zip(heads[0], heads[1], strict=True) for _ in range(count)]
            named = {directory["key"]: keys, **named}
        for day in directory["days"]:
            named[day] = [value if value is None else dt.date(1970, 1, 1) + dt.timedelta(value) for value in named[day]]
        files.append(list(zip(*named.values(), strict=True)))
    return directory, files


def written(folder: Path, grain: tuple[str, ...], *frames: pl.DataFrame) -> tuple[dict[str, Any], list[Rows]]:
    table = chunks.Table("found", grain, "What is found.", dict.fromkeys(frames[0].columns, "a column"))
    with chunks.Writer(folder) as writer:
        assert writer.add(table, frames[0].clear(), frames) == sum(map(len, frames))
        writer.finish()
    return read(folder, "found")


def test_rows_come_back_whatever_the_frames_they_came_in(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "key": [f"k{number // 7:05d}" for number in range(30_000)],
            "number": [number % 7 * 3 - 5 for number in range(30_000)],
            "text": [f"<b>{number}</b>" for number in range(30_000)],
        }
    )
    directory, files = written(tmp_path / "one", ("key", "number"), rows)
    assert [row for file in files for row in file] == rows.rows()
    assert (directory["key"], directory["delta"], directory["rows"]) == ("key", "number", 30_000)
    assert len(files) > 1
    assert directory["keys"] == [file[0][0] for file in files]
    assert directory["starts"] == [0, *accumulate(len(file) for file in files[:-1])]
    for file, following in pairwise(files):
        assert file[-1][0] < following[0][0]
    pieces = [rows.slice(start, 1_237) for start in range(0, rows.height, 1_237)]
    directory, files = written(tmp_path / "many", ("key", "number"), *pieces)
    assert [row for file in files for row in file] == rows.rows()


def test_a_key_of_very_many_rows_stands_in_one_file(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {"key": ["a"] * 10 + ["b"] * 200_000 + ["c"] * 10, "number": [*range(10), *range(200_000), *range(10)]}
    )
    _, files = written(
        tmp_path / "out", ("key", "number"), *(rows.slice(start, 9_999) for start in range(0, 200_020, 9_999))
    )
    assert [row for file in files for row in file] == rows.rows()
    assert sum(any(row[0] == "b" for row in (file[0], file[-1])) for file in files) == 1


def test_a_table_by_place_leaves_its_numbers_out(tmp_path: Path) -> None:
    rows = pl.DataFrame({"place": range(5_000), "text": [f"text {number}" * 9 for number in range(5_000)]})
    directory, files = written(tmp_path / "out", ("place",), rows)
    assert directory["columns"] == ["text"]
    assert [text for file in files for (text,) in file] == rows.get_column("text").to_list()
    assert len(files) > 3


def test_days_shares_nulls_and_lists_are_kept(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "key": ["a", "a", "b"],
            "day": [dt.date(2025, 1, 1), dt.date(2025, 2, 1), dt.date(1969, 12, 1)],
            "share": [1 / 3, None, 1e-9],
            "list": [[1, 2], [], None],
            "is": [True, None, False],
        }
    )
    _, files = written(tmp_path / "out", ("key", "day"), rows)
    assert files == [
        [
            ("a", dt.date(2025, 1, 1), 0.333333, [1, 2], True),
            ("a", dt.date(2025, 2, 1), None, [], None),
            ("b", dt.date(1969, 12, 1), 1e-9, None, False),
        ]
    ]


def test_a_table_without_rows_has_no_file(tmp_path: Path) -> None:
    directory, files = written(tmp_path / "out", ("key",), pl.DataFrame(schema={"key": pl.String, "day": pl.Date}))
    assert (directory["rows"], files) == (0, [])


@pytest.fixture(scope="module")
def made(sample_warehouse: Settings) -> Path:
    return next((sample_warehouse.current.resolve() / "dashboard" / "data").iterdir())


@pytest.fixture(scope="module")
def wanted(sample_warehouse: Settings) -> Callable[[str], Rows]:
    """The rows of a table of the page, straight from the database."""
    with database.connect(sample_warehouse.current.resolve() / "papers.duckdb", read_only=True) as connection:
        found = {query.path.stem: relation.fetchall() for query, relation in dashboard.tables(connection)}
    return found.__getitem__


def about(value: Any) -> Any:
    """A value as near as six significant figures come to it."""
    if isinstance(value, list):
        return [about(part) for part in value]
    return pytest.approx(value, rel=1e-5) if isinstance(value, float) else value


@pytest.mark.parametrize("query", queries.read("dashboard", "page"), ids=lambda query: query.path.stem)
def test_each_file_holds_the_rows_of_its_query(query: queries.Query, made: Path, wanted: Callable[[str], Rows]) -> None:
    if not query.table.startswith("page."):
        assert not (made / query.path.stem).exists()
        return
    directory, files = read(made, query.path.stem)
    shown = [row for file in files for row in file]
    rows = wanted(query.path.stem)
    if not directory["key"]:
        assert [row[0] for row in rows] == list(range(len(rows)))
        rows = [row[1:] for row in rows]
    assert len(shown) == len(rows) == directory["rows"]
    for one, other in zip(shown, rows, strict=True):
        assert one == tuple(map(about, other))
    keys = [row[0] for row in shown] if directory["key"] else []
    assert keys == sorted(keys)


def test_every_column_is_described(made: Path) -> None:
    found = json.loads(gzip.decompress((made / chunks.TABLES).read_bytes()))
    for name, directory in found.items():
        assert directory["about"], name
        assert set(directory["columns"]) <= set(directory["meanings"]), name


def test_the_same_snapshot_gives_the_same_bytes(sample_warehouse: Settings, tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        shutil.copy(sample_warehouse.current / "papers.duckdb", tmp_path / name)
        dashboard.write(tmp_path / name)
    assert (tmp_path / "one/dashboard/files.json").read_bytes() == (
        tmp_path / "other/dashboard/files.json"
    ).read_bytes()
    own = json.loads((sample_warehouse.current / "dashboard/files.json").read_bytes())
    assert json.loads((tmp_path / "one/dashboard/files.json").read_bytes()) == own


def test_names_of_files_follow_from_no_text(made: Path) -> None:
    tables = {query.path.stem for query in queries.read("dashboard", "page")} | {made.name, chunks.TABLES}
    for path in made.rglob("*"):
        assert path.name in tables or path.name.removesuffix(".json.gz").isdigit(), path


def test_the_page_holds_no_script_or_style_of_its_own(sample_warehouse: Settings) -> None:
    text = (sample_warehouse.current / "dashboard/index.html").read_text(encoding="utf-8")
    assert f'content="{page.POLICY}"' in text
    assert "unsafe" not in page.POLICY
    assert (
        "style=" not in text
        and "<style" not in text
        and " on" not in text.split("<body>")[0].split("<head>")[1].replace(" only", "")
    )
    assert text.count("<script") == text.count('<script type="module" src="assets/') == 1
    assert "{{" not in text and "http:" not in text and "https:" not in text


@pytest.mark.parametrize("path", sorted(page.SOURCES.glob("*.js")), ids=lambda path: path.name)
def test_scripts_make_no_markup_of_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"):
        assert sink not in text, sink
    assert "http://www.w3.org/2000/svg" in text or "http://" not in text


def test_a_head_that_does_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SQL, tmp_path / "sql")
    path = tmp_path / "sql/dashboard/figures.sql"
    path.write_text(path.read_text(encoding="utf-8").replace("-- day:", "-- date:"), encoding="utf-8")
    monkeypatch.setattr(queries.read, "__defaults__", (tmp_path / "sql",))
    from etl import checks, validation

    monkeypatch.setattr(validation.Validator, "__init__", lambda self: setattr(self, "suites", {}))
    with pytest.raises(
        SqlFileError, match=r"figures\.sql: its head names place, figure, number, date, it selects .*day"
    ):
        checks.check()


COMMON = {"a", "an", "and", "by", "for", "from", "in", "of", "on", "the", "to", "with"}


def test_words_are_those_that_the_page_looks_for(wanted: Callable[[str], Rows], sample_warehouse: Settings) -> None:
    """Each word of a title leads to its paper, and to no other that lacks it."""
    words: dict[str, set[int]] = {}
    for word, number in wanted("paper_words"):
        words.setdefault(word, set()).add(number)
    titles = {row[0]: row[2] for row in wanted("papers")}
    with duckdb.connect() as connection:
        for number, title in list(titles.items())[::25]:
            plain = connection.execute("SELECT lower(strip_accents(?))", [title]).fetchall()[0][0]
            for word in "".join(letter if letter.isalnum() else " " for letter in plain).split():
                assert number in words.get(word, {number} if word in COMMON else set())
    assert not COMMON & set(words)
    script = (page.SOURCES / "search.js").read_text(encoding="utf-8")
    assert set(json.loads(re.findall(r"COMMON = new Set\((\[.*\])\)", script)[0])) == COMMON
