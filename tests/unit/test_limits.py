"""What docs/hostile-input.md says is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from etl.errors import SettingsError
from etl.settings import MIB, Limits

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "hostile-input.md").read_text(encoding="utf-8")
CODES = set(re.findall(r"^\| `([a-z0-9_]+)` \|", PAGE, re.MULTILINE))


def shown(name: str, value: int) -> str:
    if name.endswith(("_bytes", "_from")):
        unit, word = (MIB << 10, "GiB") if value % (MIB << 10) == 0 else (MIB, "MiB")
        return f"{value // unit} {word}"
    return f"{value:,}"


def test_each_limit_is_documented_with_its_default() -> None:
    said = re.findall(r"^\| `ETL_LIMIT_(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert said == [(name.upper(), shown(name, value)) for name, value in vars(Limits()).items()]


def test_each_limit_can_be_set() -> None:
    for name in vars(Limits()):
        assert vars(Limits.from_env({f"ETL_LIMIT_{name.upper()}": "7"}))[name] == 7
        with pytest.raises(SettingsError):
            Limits.from_env({f"ETL_LIMIT_{name.upper()}": "0"})


_RAISED = re.compile(
    r"(?:DumpError|RecordError|Fault|_ended|_refused)\(\s*(?:name, stream, )?\"([a-z0-9_]+)\""
    r"|Outcome\([\w.]+, \"([a-z0-9_]+)\""
    r"|reason(?:=| = |, \w+\.detail = )\"([a-z0-9_]+)\""
    r"|return \"([a-z0-9_]+)\", \"",
)


@pytest.mark.parametrize(
    "path",
    sorted(path for path in (PROJECT / "etl").rglob("*.py") if path.parent.name != "sources"),
    ids=lambda path: str(path.relative_to(PROJECT)),
)
def test_each_reason_is_documented(path: Path) -> None:
    raised = {name for match in _RAISED.findall(path.read_text(encoding="utf-8")) for name in match if name}
    assert raised <= CODES


def test_the_reasons_are_found_at_all() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "etl").rglob("*.py"))
    found = {name for match in _RAISED.findall(text) for name in match if name}
    assert len(found) > 40
    assert len(CODES) == len(re.findall(r"^\| `[a-z0-9_]+` \|", PAGE, re.MULTILINE))
