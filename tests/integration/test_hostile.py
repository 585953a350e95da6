"""Hostile files through the command, in child processes that are watched: time, memory, network, files, and counts."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from etl import ledger
from etl.ledger import Outcome
from etl.settings import MIB, Settings
from tests.factories import daily, daily_row, snapshot_lines, snapshot_record
from tests.hostile import (
    END,
    Zipped,
    forged_zip,
    overlapping_zip,
    tar_header,
    tar_member,
    tarred,
    zipped,
    zstd_zeros,
)

PROJECT = Path(__file__).resolve().parents[2]
BADINPUT = PROJECT.parent / "shared" / "badinput"
MOST_SECONDS = 30
MOST_BYTES = 1 << 30


@dataclass
class Watched:
    """A warehouse in a folder of its own, and what the processes did that filled it."""

    folder: Path
    limits: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    peak: int = 0
    said: str = ""

    @property
    def settings(self) -> Settings:
        return Settings(warehouse=self.folder / "warehouse", inbox=self.folder / "inbox")

    def etl(self, *args: object) -> str:
        """Runs the command; checks that it ends well or with problems, and says what it printed."""
        assert self.python("-m", "etl", *args) in (0, 1), self.said
        assert "Traceback" not in self.said
        assert "error: unexpected" not in self.said
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", self.said)
        return self.said

    def python(self, *args: object) -> int:
        """Runs Python under watch, with folders of its own to write to where it must not."""
        places = {name: self.folder / name for name in ("warehouse", "site", "home", "tmp", "cwd")}
        for place in places.values():
            place.mkdir(exist_ok=True)
        shutil.copy(PROJECT / "tests" / "watch_site.py", places["site"] / "sitecustomize.py")
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, (places["site"], PROJECT))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(places["home"]),
            "TMPDIR": str(places["tmp"]),
            "ETL_WAREHOUSE": str(places["warehouse"]),
            "ETL_WORKERS": "2",
            "ETL_KEYPHRASES": "0",
            "ETL_TEST_AUDIT": str(self.folder / "audit.txt"),
            "ETL_TEST_ROOTS": str(places["warehouse"]),
            **self.limits,
        }
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *map(str, args)],
            env=environment,
            cwd=places["cwd"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        watch = threading.Thread(target=self._watch, args=(process.pid,))
        watch.start()
        self.said, _ = process.communicate(timeout=120)
        watch.join()
        self.seconds = max(self.seconds, time.monotonic() - begun)
        return process.returncode

    def _watch(self, pid: int) -> None:
        """The most memory that the process, or one of those that it started, held at a time."""
        while psutil.pid_exists(pid):
            try:
                owner = psutil.Process(pid)
                if owner.status() == psutil.STATUS_ZOMBIE:
                    return
                tree = [owner, *owner.children(recursive=True)]
                self.peak = max(self.peak, *(process.memory_info().rss for process in tree))
            except psutil.Error:
                pass
            time.sleep(0.02)

    def normalise(self, *paths: Path) -> dict[str, Outcome]:
        """Brings files in and normalises them; the outcome of each by its name."""
        self.etl("ingest", *paths)
        self.etl("normalise")
        names = {delivery.dump_id: delivery.name for delivery in ledger.deliveries(self.settings)}
        return {names[outcome.dump_id]: outcome for outcome in self.outcomes()}

    def outcomes(self) -> list[Outcome]:
        return [outcome for commit in ledger.commits(self.settings) for outcome in commit.outcomes]

    def frame(self, table: str) -> pl.DataFrame:
        """All staged or rejected rows."""
        root = self.settings.rejected if table == "rejected" else self.settings.staging / table
        parts = sorted(root.glob("batch=*/*.parquet"))
        return pl.concat([pl.read_parquet(part) for part in parts]) if parts else pl.DataFrame()

    def check(self) -> None:
        """Holds what always holds: every byte accounted for, no harm done, little time and memory taken."""
        outcomes = self.outcomes()
        deliveries = ledger.deliveries(self.settings)
        assert {outcome.dump_id for outcome in outcomes} == {delivery.dump_id for delivery in deliveries}
        rejected, papers = counted(self.frame("rejected")), counted(self.frame("papers"))
        for outcome in outcomes:
            assert outcome.reason is None or (not outcome.members and outcome.detail)
            for counts in outcome.members:
                key = (outcome.dump_id, counts.member)
                assert counts.records == counts.accepted + counts.rejected + counts.duplicates > 0, key
                assert (counts.accepted, counts.rejected) == (papers.pop(key, 0), rejected.pop(key, 0)), key
        assert (papers, rejected) == ({}, {})
        audit = self.folder / "audit.txt"
        assert audit.read_text(encoding="utf-8").splitlines() == []
        for name in ("home", "tmp", "cwd"):
            assert sorted((self.folder / name).rglob("*")) == []
        assert self.seconds < MOST_SECONDS
        assert self.peak < MOST_BYTES


def counted(frame: pl.DataFrame) -> dict[tuple[str, str], int]:
    if not frame.height:
        return {}
    rows = frame.group_by("dump_id", "member").len().iter_rows()
    return {(dump_id, member): number for dump_id, member, number in rows}


DOCUMENTED = set(re.findall(r"^\| `([a-z0-9_]+)`", (PROJECT / "docs" / "hostile-input.md").read_text("utf-8"), re.M))


HARM = """
import os, pathlib, socket, subprocess, sys
pathlib.Path("here.txt").write_text("x")
os.symlink("/etc/passwd", "link")
try:
    socket.create_connection(("127.0.0.1", 9), 0.1)
except OSError:
    pass
subprocess.run([sys.executable, "-c", "open('there.txt', 'w')"])
held = bytearray(300 << 20)
import time; time.sleep(0.5)
"""


def test_the_watch_sees_harm(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.python("-c", HARM)
    seen = (tmp_path / "audit.txt").read_text(encoding="utf-8")
    for harm in ("here.txt", "there.txt", "os.symlink", "socket.connect", "subprocess.Popen"):
        assert harm in seen
    assert watched.peak > 300 * MIB
    assert {path.name for path in (tmp_path / "cwd").iterdir()} == {"here.txt", "there.txt", "link"}


# The corpora, as they are.


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> tuple[Watched, dict[str, Outcome], dict[str, str]]:
    if not BADINPUT.exists():
        pytest.skip("needs ../shared/badinput")
    watched = Watched(tmp_path_factory.mktemp("corpora"))
    outcomes = watched.normalise(BADINPUT)
    folders = {path.name: path.relative_to(BADINPUT).parts[0] for path in BADINPUT.rglob("*") if path.is_file()}
    return watched, outcomes, folders


def test_the_corpora_do_no_harm(corpora: Any) -> None:
    watched, outcomes, _ = corpora
    watched.check()
    assert len(outcomes) > 600


def test_each_reason_is_documented(corpora: Any) -> None:
    _, outcomes, _ = corpora
    assert {outcome.reason for outcome in outcomes.values() if outcome.reason} <= DOCUMENTED


def test_a_second_run_over_the_corpora_finds_the_same(corpora: Any, tmp_path: Path) -> None:
    watched, outcomes, _ = corpora
    again = Watched(tmp_path)
    assert again.normalise(BADINPUT) == outcomes
    said = watched.etl("normalise")
    assert "0 dumps in 0 batches" in said


def reasons(corpora: Any, folder: str) -> Counter[str | None]:
    _, outcomes, folders = corpora
    return Counter(outcomes[name].reason for name, where in folders.items() if where == folder and name in outcomes)


def test_no_broken_document_of_the_suite_is_read(corpora: Any) -> None:
    _, outcomes, folders = corpora
    suite = [name for name, folder in folders.items() if folder == "JSONTestSuite" and name.startswith("n_")]
    assert len(suite) == 188
    assert all(outcomes[name].reason for name in suite if name in outcomes)


def test_attacks_on_xml_are_refused_for_what_they_are(corpora: Any) -> None:
    _, outcomes, folders = corpora
    found = {name: outcomes[name].reason for name, folder in folders.items() if folder == "defusedxml"}
    declared = "cyclic dtd_element external external_file quadratic xmlbomb xmlbomb2".split()
    assert {name: found[f"{name}.xml"] for name in declared} == dict.fromkeys(declared, "xml_dtd")


def test_archives_that_broke_readers(corpora: Any) -> None:
    found = reasons(corpora, "libarchive")
    assert sum(found.values()) > 170
    assert found["encrypted"] >= 5
    assert found["truncated"] >= 7
    assert found["unsupported_compression"] >= 30
    assert reasons(corpora, "cpython-testdata").total() > 40


def test_parquet_that_broke_readers(corpora: Any) -> None:
    assert reasons(corpora, "parquet-testing")["corrupt_parquet"] >= 7


# The same cases inside records that are sound but for them.

SUITE = BADINPUT / "JSONTestSuite"
needs_suite = pytest.mark.skipif(not SUITE.exists(), reason="needs ../shared/badinput/JSONTestSuite")


@needs_suite
def test_each_case_of_the_suite_spoils_its_own_record_alone(tmp_path: Path) -> None:
    cases = sorted([*SUITE.glob("test_parsing/*.json"), *SUITE.glob("test_transform/*.json")])
    lines, arrays = [], []
    for number, path in enumerate(cases):
        whole = orjson.dumps(snapshot_record(2 * number + 1, comments="@@"))
        lines.append(whole.replace(b'"@@"', path.read_bytes()) + b"\n")
        lines.append(orjson.dumps(snapshot_record(2 * number + 2)) + b"\n")
        row = orjson.dumps(daily_row(2, mark="@@")).replace(b'"@@"', path.read_bytes())
        sound = [orjson.dumps(daily_row(1)), orjson.dumps(daily_row(3))]
        arrays.append((f"array-{path.name}", b"[" + b",".join((sound[0], row, sound[1])) + b"]"))
    dumps = tmp_path / "in"
    dumps.mkdir()
    (dumps / "suite.jsonl").write_bytes(b"".join(lines))
    for name, data in arrays:
        (dumps / name).write_bytes(data)
    watched = Watched(tmp_path)
    outcomes = watched.normalise(dumps)
    watched.check()

    (counts,) = outcomes["suite.jsonl"].members
    papers, rejected = watched.frame("papers"), watched.frame("rejected")
    assert {f"2506.{2 * number + 2:05d}" for number in range(len(cases))} <= set(papers["arxiv_id"])
    assert counts.rejected >= 188
    accepted = set(papers["arxiv_id"])
    said = dict(rejected.select("record_offset", "reason").iter_rows())
    offsets = list(itertools.accumulate(map(len, lines), initial=0))
    for number, path in enumerate(cases):
        is_loaded = f"2506.{2 * number + 1:05d}" in accepted
        reason = said.get(offsets[2 * number])
        if path.name.startswith("n_"):
            assert not is_loaded, path.name
        elif path.name.startswith("y_") and b"\n" not in path.read_bytes():
            # A sound value is no text where a text is wanted, or a text that cannot be kept.
            assert is_loaded or reason in ("wrong_type", "nul_character"), (path.name, reason)

    for name, outcome in outcomes.items():
        kind = name.removeprefix("array-")[:2]
        if not name.startswith("array-"):
            continue
        if outcome.reason is None:
            # Rows on both sides are loaded, whatever the one between them is.
            assert outcome.total("accepted") >= 2, name
        if kind == "y_":
            assert outcome.reason is None, (name, outcome)
        if kind == "n_" and outcome.reason is None:
            assert outcome.total("rejected") >= 1, name


KUHN = BADINPUT / "utf8-kuhn" / "cases.jsonl"


@pytest.mark.skipif(not KUHN.exists(), reason="needs ../shared/badinput/utf8-kuhn")
def test_malformed_utf8_is_never_stored(tmp_path: Path) -> None:
    cases = [json.loads(line) for line in KUHN.read_bytes().splitlines()]
    lines = []
    for number, case in enumerate(cases, 1):
        whole = orjson.dumps(snapshot_record(number, abstract=f"Before @@ after, case {number}."))
        lines.append(whole.replace(b"@@", bytes.fromhex(case["hex"])) + b"\n")
    (tmp_path / "kuhn.jsonl").write_bytes(b"".join(lines))
    watched = Watched(tmp_path)
    (outcome,) = watched.normalise(tmp_path / "kuhn.jsonl").values()
    watched.check()
    papers, rejected = watched.frame("papers"), watched.frame("rejected")
    assert outcome.total("records") >= 82
    assert rejected.filter(pl.col("reason") == "invalid_utf8").height == 68
    stored = dict(papers.select("arxiv_id", "abstract").iter_rows())
    for number, case in enumerate(cases, 1):
        text = stored.get(f"2506.{number:05d}")
        if case["strict_utf8_valid"] and text:
            said = bytes.fromhex(case["hex"]).decode()
            assert "\ufffd" not in text or "\ufffd" in said
            assert said in text or not said.isprintable()
        else:
            assert text is None
    assert len(stored) >= 10


# Bombs and tricks, made here.


def spread(blanks: int) -> bytes:
    """A sound listing with many blanks between its rows."""
    return daily([daily_row(1)])[:-1] + b"," + b" " * blanks + daily([daily_row(2)])[1:]


def parquet_of_nothing(rows: int) -> bytes:
    buffer = io.BytesIO()
    table = pa.table({"id": pa.nulls(rows, pa.string()), "title": pa.nulls(rows, pa.string())})
    pq.write_table(table, buffer)
    return buffer.getvalue()


def parquet_of_one_text(rows: int, size: int) -> bytes:
    buffer = io.BytesIO()
    text = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * size]))
    pq.write_table(pa.table({"title": text}), buffer)
    return buffer.getvalue()


def links() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, target in (
            ("passwd.json", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard.json", tarfile.LNKTYPE, "/etc/passwd"),
            ("pipe.json", tarfile.FIFOTYPE, ""),
            ("../../../../escaped.json", tarfile.REGTYPE, ""),
            ("/absolute.json", tarfile.REGTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            data = daily([daily_row(len(name))]) if kind == tarfile.REGTYPE else b""
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def nested(depth: int) -> bytes:
    data = daily([daily_row(1)])
    for level in range(depth):
        data = zipped((f"{level}.zip" if level else "day.json", data))
    return data


def long_line() -> bytes:
    records = [snapshot_record(1), snapshot_record(2, abstract="x" * (12 * MIB)), snapshot_record(3)]
    return snapshot_lines(records)


def deep_record() -> bytes:
    odd = orjson.dumps(snapshot_record(2, comments="@@"))
    return b"\n".join(
        (
            orjson.dumps(snapshot_record(1)),
            odd.replace(b'"@@"', b"[" * 100_000 + b"]" * 100_000),
            odd.replace(b'"@@"', b"[" * 101 + b"]" * 101),
            orjson.dumps(snapshot_record(2) | {f"k{number}": number for number in range(50_000)}),
            orjson.dumps(snapshot_record(4, title="A text with \0 in it")),
            orjson.dumps(snapshot_record(3)),
            b"",
        )
    )


GOOD = daily([daily_row(1), daily_row(2)])
# What each becomes: the reason why all of it is refused, or how many records are accepted and why the others are not.
BOMBS: dict[str, tuple[Callable[[], bytes], str | tuple[int, dict[str, int]]]] = {
    "listing-of-blanks.json.gz": (lambda: gzip.compress(spread(100 * MIB), 6), "record_too_long"),
    "zeros.gz": (lambda: gzip.compress(bytes(100 * MIB), 6), "expands_too_much"),
    "terabyte.zst": (lambda: zstd_zeros(1 << 36), "expands_too_much"),
    "bomb-in-zip.zip": (lambda: zipped(("a.json", spread(100 * MIB))), "expands_too_much"),
    "absurd-size.zip": (
        lambda: forged_zip(Zipped(b"a", GOOD, 8, local={"size": 2**32 - 2}, central={"size": 2**32 - 2})),
        "expands_too_much",
    ),
    "many.zip": (lambda: zipped(*((f"{number}.json", b"[]") for number in range(20_000))), "too_many_members"),
    "overlap.zip": (lambda: overlapping_zip(250, GOOD), "overlapping_members"),
    "seven.zip": (lambda: nested(7), "nested_too_deep"),
    "two.zip": (lambda: nested(2), (1, {})),
    "three.zip": (lambda: zipped(("deep.zip", nested(2)), ("day.json", GOOD)), (2, {"nested_too_deep": 1})),
    "links.tar": (links, (2, {"not_a_regular_file": 3})),
    "sparse.tar": (
        lambda: tar_header(name=b"s", kind=b"S", size=0) + tar_member(GOOD, name=b"day.json") + END,
        (2, {"sparse_file": 1}),
    ),
    "absurd-size.tar": (lambda: tar_member(GOOD, name=b"day.json") + tar_header(size=1 << 32) + END, "truncated"),
    "attributes.tar": (
        lambda: tar_member(GOOD, name=b"day.json") + tar_header(size=1 << 32, kind=b"x") + END,
        "corrupt_archive",
    ),
    "locked.zip": (
        lambda: forged_zip(Zipped(b"day.json", GOOD, 8), Zipped(b"locked.json", GOOD, flags=1)),
        (2, {"encrypted": 1}),
    ),
    "strays.tar.gz": (
        lambda: gzip.compress(tarred(("a.json", GOOD), ("a.json", daily([daily_row(8), daily_row(9)])), ("b", b""))),
        (4, {"unrecognised_member": 1}),
    ),
    "half.tar": (lambda: tarred(("a.json", GOOD), ("b.json", GOOD))[:-1_500], "truncated"),
    "long-line.jsonl": (long_line, (2, {"record_too_long": 1})),
    "long-row.json": (
        lambda: daily([daily_row(1), daily_row(2, summary="x" * (12 * MIB)), daily_row(3)]),
        "record_too_long",
    ),
    "deep.jsonl": (deep_record, (2, {"too_deep": 2, "too_many_keys": 1, "nul_character": 1})),
    "nothing.parquet": (lambda: parquet_of_nothing(30_000_000), "expands_too_much"),
    "one-text.parquet": (lambda: parquet_of_one_text(50_000, 4 * MIB), "expands_too_much"),
    "good.json": (lambda: GOOD, (2, {})),
}


@pytest.fixture(scope="module")
def bombs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Watched, dict[str, Outcome]]:
    folder = tmp_path_factory.mktemp("bombs")
    (folder / "in").mkdir()
    for name, (make, _) in BOMBS.items():
        (folder / "in" / name).write_bytes(make())
    watched = Watched(folder)
    return watched, watched.normalise(folder / "in")


def test_bombs_do_no_harm(bombs: tuple[Watched, dict[str, Outcome]]) -> None:
    watched, outcomes = bombs
    watched.check()
    assert watched.peak < 512 * MIB
    assert set(outcomes) == set(BOMBS)
    assert {outcome.reason for outcome in outcomes.values() if outcome.reason} <= DOCUMENTED


@pytest.mark.parametrize("name", BOMBS)
def test_each_bomb_is_refused_for_what_it_is(name: str, bombs: tuple[Watched, dict[str, Outcome]]) -> None:
    watched, outcomes = bombs
    wanted = BOMBS[name][1]
    outcome = outcomes[name]
    if isinstance(wanted, str):
        assert outcome.reason == wanted, outcome
        return
    assert outcome.reason is None, outcome
    rejected = watched.frame("rejected").filter(pl.col("dump_id") == outcome.dump_id)
    assert (outcome.total("accepted"), Counter(rejected["reason"])) == wanted
    assert set(rejected["reason"]) <= DOCUMENTED


# Parsers that fall over: the guilty dump is refused, all others are loaded.


def test_a_dump_that_breaks_its_parser_is_refused_alone(tmp_path: Path) -> None:
    dumps = tmp_path / "in"
    dumps.mkdir()
    deeds = {3: "please crash", 17: "please grow", 18: "please crash", 31: "please hang"}
    for number in range(40):
        rows = [daily_row(2 * number + 1), daily_row(2 * number + 2, summary=deeds.get(number, "sound"))]
        (dumps / f"{number:02d}.json").write_bytes(daily(rows))
    (dumps / "stumble.json").write_bytes(daily([daily_row(99, summary="please stumble")]))
    limits = {
        "ETL_TEST_TRAPS": "1",
        "ETL_LIMIT_STALL_SECONDS": "5",
        "ETL_LIMIT_WORKER_BYTES": str(500 * MIB),
    }
    watched = Watched(tmp_path, limits)
    outcomes = watched.normalise(dumps)
    watched.check()
    found = {name: outcome.reason for name, outcome in outcomes.items() if outcome.reason}
    assert found == {
        "03.json": "parser_crashed",
        "17.json": "out_of_memory",
        "18.json": "parser_crashed",
        "31.json": "parser_timeout",
        "stumble.json": "parser_crashed",
    }
    assert set(found.values()) <= DOCUMENTED
    wanted = {f"2506.{2 * number + row:05d}" for number in range(40) if number not in deeds for row in (1, 2)}
    assert set(watched.frame("papers")["arxiv_id"]) == wanted
    assert "0 dumps in 0 batches" in watched.etl("normalise")
