"""Files with some of their bytes changed: whatever comes of them, it is a verdict, the same each time, and soon."""

from __future__ import annotations

import io
import random
import time
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from etl.inspection import Dump, diagnosed
from etl.settings import MIB, Limits
from etl.workers import Ended, Pool
from tests.factories import daily, daily_row, snapshot_lines, snapshot_record
from tests.unit.test_containers import FORMATS, SMALL

CORPORA = Path(__file__).resolve().parents[2].parent / "shared" / "badinput"
LIMITS = Limits(members=500, expanded_bytes=50 * MIB, ratio_from=4 * MIB, inner_bytes=4 * MIB, record_bytes=MIB)
MUTANTS = 2_000
ODD = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"PK\x05\x06", b"\x01\0\0\0", b'"', b"]")


def originals() -> list[bytes]:
    buffer = io.BytesIO()
    pl.DataFrame({"id": ["1", "2"], "title": ["One", "Two"]}).write_parquet(buffer)
    made = [make(SMALL) for make in FORMATS.values()]
    made += [
        buffer.getvalue(),
        daily([daily_row(1)]),
        snapshot_lines([snapshot_record(1)]),
        b'id,title\n1,"One\nmore"\n',
    ]
    folders = ("libarchive/bin", "libarchive/oss-fuzz-seeds", "parquet-testing/bad_data", "defusedxml/xmltestdata")
    found = [path for folder in folders for path in sorted((CORPORA / folder).glob("*"))]
    return made + [path.read_bytes() for path in found if path.is_file() and 0 < path.stat().st_size < 60_000]


def mutated(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 4, 16])):
        place = chance.randrange(len(changed) + 1)
        kind = chance.randrange(5)
        if kind == 0 and place < len(changed):
            changed[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del changed[place : place + chance.choice([1, 4, 30, 512])]
        elif kind == 2:
            changed[place:place] = changed[chance.randrange(len(changed) + 1) :][: chance.choice([1, 4, 60, 512])]
        elif kind == 3:
            changed[place : place + 4] = chance.choice(ODD)
        elif kind == 4:
            other = chance.choice(others)
            changed[place:] = other[chance.randrange(len(other)) :]
    return bytes(changed)


@pytest.mark.slow
def test_mutants_get_a_verdict(tmp_path: Path) -> None:
    chance, others = random.Random(20250610), originals()
    dumps = []
    for number in range(MUTANTS):
        path = tmp_path / f"{number:05d}"
        path.write_bytes(mutated(chance.choice(others), chance, others))
        dumps.append(Dump(path, path.name, LIMITS))
    with Pool(2, Limits(stall_seconds=30)) as pool:
        begun = time.monotonic()
        found = list(pool.map(diagnosed, dumps))
        assert time.monotonic() - begun < 60
        assert found[::10] == list(pool.map(diagnosed, dumps[::10]))
    assert [path.name for path, said in zip(dumps, found, strict=True) if isinstance(said, Ended)] == []
    reasons = Counter(said.reason for said in found if said)
    assert "parser_failed" not in reasons
    assert len(reasons) > 10
