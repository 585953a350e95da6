"""The command as people run it: a real process each time, and so as few as will do."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from etl import pipeline, published
from etl.cli import app
from etl.errors import EtlError, QueryError
from etl.settings import Settings
from tests.conftest import settings_at
from tests.factories import daily, daily_row, title

PROJECT = Path(__file__).resolve().parents[2]
CONTROL = {chr(code) for code in (*range(9), *range(11, 32), 127)}


def etl(warehouse: Path, *args: object, code: int | None = 0, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT),
        "ETL_WAREHOUSE": str(warehouse),
        "ETL_WORKERS": "1",
    }
    command = [sys.executable, "-m", "etl", *map(str, args)]
    done = subprocess.run(
        command, env=environment | options.pop("env", {}), capture_output=True, text=True, timeout=120, **options
    )
    said = done.stdout + done.stderr
    assert code is None or done.returncode == code, said
    assert "Traceback" not in said
    assert not CONTROL & set(said)
    return done


def errors(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line]


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, subprocess.CompletedProcess[str]]:
    """Every kind of bad input beside one good file, in one run."""
    folder = tmp_path_factory.mktemp("bad")
    good = daily([daily_row(1), daily_row(2)])
    files = {
        "good-2025-06-10.json": good,
        "empty.json": b"",
        "truncated.json": good[:-20],
        "truncated.json.gz": gzip.compress(good)[:-40],
        "truncated.jsonl": b'{"id":"1","submitter":"x","title":"x","abstract":"x","categories":"x"}\n{"id":"2","ti',
        "unrecognised.bin": b"\x00\x01\x02 none of ours",
        "not-utf8.json": good.replace(b"Rain", b"R\xffin"),
        "trailing.json": good + b" []",
        "no-rows.json": b'{"date": "2025-06-10", "count": 0, "data": []}',
    }
    (folder / "in").mkdir()
    for name, data in files.items():
        (folder / "in" / name).write_bytes(data)
    done = etl(folder / "warehouse", "run", folder / "in", folder / "missing", folder / "no-*.match", code=1)
    return folder, folder / "warehouse", done


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("empty.json", "empty"),
        ("truncated.json", "truncated"),
        ("truncated.json.gz", "truncated"),
        ("truncated.jsonl", "truncated"),
        ("unrecognised.bin", "none of the formats"),
        ("not-utf8.json", "not UTF-8"),
        ("trailing.json", "outside the document"),
        ("no-rows.json", "no record"),
        ("missing", "no such file or folder"),
        ("no-*.match", "no such file or folder"),
    ],
)
def test_each_bad_input_is_one_line_and_the_good_are_done(name: str, said: str, bad: Any) -> None:
    _, warehouse, done = bad
    about = [line for line in errors(done) if Path(line.removeprefix("error: ").split(": ")[0]).name == name]
    assert len(about) == 1, done.stderr
    assert said in about[0]
    assert about[0].startswith("error: ")
    assert len(errors(done)) == 10
    found = duckdb.connect(str(warehouse / "current" / "papers.duckdb"), read_only=True)
    assert found.execute("SELECT count(*) FROM core.papers").fetchall() == [(2,)]
    assert found.execute("SELECT count(*), count(reason) FROM core.dumps WHERE status = 'refused'").fetchall() == [
        (8, 8)
    ]
    found.close()
    assert len(list((warehouse / "raw").glob("??/*.json"))) == 9


def test_a_good_run_after_bad_ones_is_clean(bad: Any) -> None:
    folder, warehouse, _ = bad
    done = etl(warehouse, "run", "--json")
    assert errors(done) == []
    assert json.loads(done.stdout)["problems"] == []
    again = etl(warehouse, "run", folder / "in" / "truncated.json", code=1)
    assert len(errors(again)) == 1


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = etl(tmp_path / "warehouse", "ingest", tmp_path / "empty", code=1)
    assert len(errors(done)) == 1
    assert "no file in it" in done.stderr


UNREADABLE = Path("/proc/self/mem")


@pytest.mark.skipif(not UNREADABLE.exists(), reason="needs /proc")
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    good = tmp_path / "2025-06-10.json"
    good.write_bytes(daily([daily_row(1)]))
    done = etl(tmp_path / "warehouse", "ingest", UNREADABLE, good, "--json", code=1)
    assert len(errors(done)) == 1
    assert json.loads(done.stdout)["new"] == 1


def test_a_pipe_is_no_file_and_said_so_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = etl(tmp_path / "warehouse", "ingest", tmp_path / "pipe", code=1)
    assert len(errors(done)) == 1
    assert done.stderr.count("wanted") == 1


def test_odd_file_names_are_no_problem(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(["with blank.json", "ünï☔.json", "-dash.json", "a'b\"c;--.json", "[bold]x.json"], 1):
        (folder / name).write_bytes(daily([daily_row(number)]))
    done = etl(tmp_path / "warehouse", "ingest", folder, "--json")
    assert json.loads(done.stdout)["new"] == 5


ODD_BYTES = [
    pytest.param(b"latin-\xe9.json", id="not UTF-8"),
    pytest.param(b"two\nlines\x1b[31mred.json", id="a line break and an escape sequence"),
]


@pytest.mark.parametrize("name", ODD_BYTES)
def test_a_hostile_file_name_is_no_problem_and_shown_safely(name: bytes, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = os.fsencode(tmp_path / "in") + b"/" + name
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(b"no dump at all")
    etl(tmp_path / "warehouse", "ingest", tmp_path / "in")
    done = etl(tmp_path / "warehouse", "normalise", code=1)
    assert len(errors(done)) == 1
    assert "none of the formats" in done.stderr


HOLD = """
import sys
from pathlib import Path
from etl import storage
with storage.writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_held_lock_ends_the_command_with_75(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", HOLD, str(tmp_path / "warehouse" / ".lock")]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        for step in ("run", "load", "publish"):
            done = etl(tmp_path / "warehouse", step, code=75)
            assert len(errors(done)) == 1
            assert "lock" in done.stderr
        holder.kill()


@pytest.mark.parametrize(
    "args",
    [
        ["unknown"],
        ["run", "--unknown"],
        ["run", "--observed-on", "2025-13-01"],
        ["query"],
        ["query", "SELECT 1", "--format", "xml"],
        ["trace"],
        ["trace", "--paper", "x", "--keyword", "y"],
    ],
)
def test_usage_errors_end_with_2(args: list[str], tmp_path: Path) -> None:
    etl(tmp_path / "warehouse", *args, code=2)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["status"], "nothing is published"),
        (["query", "SELECT 1"], "nothing is published"),
        (["withdraw", "2025-06-10.json"], "not known"),
        (["validate", "0123456789abcdef"], ""),
        (["normalise", "0123456789abcdef"], "not known"),
    ],
)
def test_an_empty_warehouse_says_what_to_do(args: list[str], said: str, tmp_path: Path) -> None:
    done = etl(tmp_path / "warehouse", *args, code=None)
    assert done.returncode == (1 if said else 0)
    assert len(errors(done)) == (1 if said else 0)
    assert said in done.stderr


@pytest.mark.parametrize("value", ["none", "0", "-1", "1.5"])
def test_a_setting_that_is_no_number_is_one_line(value: str, tmp_path: Path) -> None:
    done = etl(tmp_path / "warehouse", "ingest", env={"ETL_WORKERS": value}, code=1)
    assert len(errors(done)) == 1
    assert "ETL_WORKERS" in done.stderr


def test_status_is_json_for_programs_and_plain_for_pipes(sample_warehouse: Settings) -> None:
    found = json.loads(etl(sample_warehouse.warehouse, "status", "--json").stdout)
    assert found["figures"]["papers"] > 500
    assert {row["source"] for row in found["sources"]} == {"hf_daily", "hf_papers_page", "arxiv_snapshot"}
    assert len(found["rejected"]) == 9
    assert Path(found["database"]).exists()
    shown = etl(
        sample_warehouse.warehouse, "status", env={"NO_COLOR": "1", "TERM": "xterm-256color", "FORCE_COLOR": ""}
    ).stdout
    assert "missing_title" in shown
    assert "test-time scaling" in shown


QUERY = (
    "SELECT paper_id, title, published_on, authors, 0.5::DOUBLE AS half, NULL AS nothing "
    "FROM core.papers ORDER BY paper_id LIMIT 3"
)


def test_query_has_three_formats(sample_warehouse: Settings) -> None:
    rows = json.loads(etl(sample_warehouse.warehouse, "query", QUERY, "--format", "json").stdout)
    assert len(rows) == 3
    assert list(rows[0]) == ["paper_id", "title", "published_on", "authors", "half", "nothing"]
    assert (rows[0]["half"], rows[0]["nothing"]) == (0.5, None)
    text = etl(sample_warehouse.warehouse, "query", QUERY, "--format", "csv").stdout
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row["paper_id"] for row in read] == [row["paper_id"] for row in rows]
    shown = etl(sample_warehouse.warehouse, "query", QUERY).stdout
    assert all(row["paper_id"] in shown for row in rows)
    formula = "SELECT '=1+1' AS cell"
    assert "\n'=1+1" in etl(sample_warehouse.warehouse, "query", formula, "--format", "csv").stdout


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM core.papers",
        "COPY core.papers TO '/tmp/never-written.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "ATTACH '/tmp/never-written.duckdb'",
        "INSTALL httpfs",
        "SELECT wetness FROM core.papers",
        "SELEC 1",
        "",
    ],
)
def test_a_query_that_is_refused_is_one_line(sql: str, sample_warehouse: Settings) -> None:
    with pytest.raises(QueryError) as raised:
        published.query(sample_warehouse, sql)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith("query: ")
    assert not Path("/tmp/never-written.csv").exists()


def test_a_refused_query_ends_with_1(sample_warehouse: Settings) -> None:
    done = etl(sample_warehouse.warehouse, "query", "SELECT wetness FROM core.papers", code=1)
    assert len(errors(done)) == 1
    assert done.stderr.startswith("error: query")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'nan'::DOUBLE AS x",
        "SELECT 1 AS x, 2 AS x",
        "SELECT INTERVAL 1 MONTH AS x",
        "SELECT MAP {'a': 1} AS x",
        "SELECT 'a'::BLOB AS x",
        "SELECT 1::HUGEINT AS x",
    ],
)
def test_any_row_is_printed_as_json(sql: str, sample_warehouse: Settings) -> None:
    # In this process, for a process each would take longer than all the rest.
    done = CliRunner().invoke(app, ["--warehouse", str(sample_warehouse.warehouse), "query", sql, "--format", "json"])

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    if isinstance(done.exception, EtlError):
        return
    assert done.exception is None
    assert len(json.loads(done.stdout, parse_constant=refuse)) == 1


def test_trace_leads_to_the_very_bytes(sample_warehouse: Settings) -> None:
    root = sample_warehouse.warehouse
    (found,) = json.loads(
        etl(
            root,
            "query",
            "SELECT paper_id FROM core.paper_observations GROUP BY ALL HAVING count(DISTINCT source) = 3",
            "--format",
            "json",
        ).stdout
    )
    records = json.loads(etl(root, "trace", "--paper", found["paper_id"], "--json").stdout)
    assert {record["source"] for record in records} == {"hf_daily", "hf_papers_page", "arxiv_snapshot"}
    for record in records:
        assert {"dump_id", "member", "record_offset", "record_length", "source", "observed_on"} <= record.keys()
    shown = etl(root, "trace", "--paper", found["paper_id"].removeprefix("arxiv:"), "--show").stdout
    assert found["paper_id"].removeprefix("arxiv:") in shown
    (daily_record,) = [record for record in records if record["source"] == "hf_daily"]
    raw = (root / "raw" / daily_record["dump_id"][:2] / daily_record["dump_id"]).read_bytes()
    start = daily_record["record_offset"]
    assert raw[start : start + daily_record["record_length"]].decode() in shown


@pytest.mark.parametrize(
    "args",
    [
        ["--paper", "arxiv:9999.99999"],
        ["--keyword", "no such keyword", "--period", "2025-06"],
        ["--keyword", "world models", "--period", "June"],
    ],
)
def test_trace_of_what_is_not_there_is_one_line(args: list[str], sample_warehouse: Settings) -> None:
    assert len(errors(etl(sample_warehouse.warehouse, "trace", *args, code=1))) == 1


def test_a_withdrawn_dump_is_gone_and_can_come_back(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse"
    for number in (1, 2):
        (tmp_path / f"2025-06-1{number}.json").write_bytes(daily([daily_row(number)]))
    assert pipeline.run(settings_at(warehouse), sorted(tmp_path.glob("*.json"))).problems == []
    counted = ("query", "SELECT title FROM core.papers", "--format", "json")
    etl(warehouse, "withdraw", "2025-06-11.json", "--reason", "for this test")
    etl(warehouse, "run")
    assert json.loads(etl(warehouse, *counted).stdout) == [{"title": title(2)}]
    told = json.loads(
        etl(
            warehouse, "query", "SELECT dump_id, status, reason FROM core.dumps ORDER BY name", "--format", "json"
        ).stdout
    )
    assert [(row["status"], row["reason"]) for row in told] == [("withdrawn", "for this test"), ("loaded", None)]
    etl(warehouse, "withdraw", told[0]["dump_id"][:12], "--restore")
    etl(warehouse, "withdraw", told[0]["dump_id"][:12], "--restore", code=1)


def _limit_files(size: int) -> Any:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize("size", [2_000, 500_000])
def test_a_full_disk_is_one_line_and_readers_keep_what_they_had(
    size: int, own_warehouse: Settings, tmp_path: Path
) -> None:
    """No file of the child may grow beyond a size: writing fails where that is met, as it does on a full disk."""
    before = own_warehouse.current.resolve()
    (tmp_path / "2025-08-15.json").write_bytes(daily(daily_row(number) for number in range(1, 200)))
    failed = etl(own_warehouse.warehouse, "run", tmp_path / "2025-08-15.json", code=1, preexec_fn=_limit_files(size))
    assert len(errors(failed)) == 1, failed.stderr
    assert "unexpected" not in failed.stderr
    assert own_warehouse.current.resolve() == before
    with duckdb.connect(str(before / "papers.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) > 500 FROM core.papers").fetchall() == [(True,)]
    assert pipeline.run(own_warehouse, [tmp_path / "2025-08-15.json"]).problems == []
    with duckdb.connect(str(own_warehouse.current / "papers.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM core.papers WHERE title LIKE 'Study 00%'").fetchall() == [
            (199,)
        ]


def test_a_reader_that_leaves_early_is_no_error(sample_warehouse: Settings) -> None:
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "ETL_WAREHOUSE": str(sample_warehouse.warehouse)}
    sql = "SELECT a.title FROM core.papers a, core.papers b LIMIT 50000"
    command = [sys.executable, "-m", "etl", "query", sql, "--format", "csv"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) in (0, 141)
    assert said == b""
