"""What people know better than identifiers and titles do: a CSV of papers to merge or to part, see docs/identity.md."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from etl import configuration
from etl.errors import OverrideError
from etl.settings import Settings
from etl.transforms import identifiers
from etl.transforms.components import components

COLUMNS = ("action", "paper", "other", "who", "why", "when", "until")
ACTIONS = ("merge", "split")
# Identifiers that are ours: of a title with its authors, or of a text.
_OURS = re.compile(r"(?:title|text):[0-9a-f]{16}")
_MOST_BYTES = 16 << 20


@dataclass(frozen=True, order=True)
class Override:
    """One line: `paper` and `other` are, or are not, one paper. It acts up to the day `until`, if there is one."""

    action: str
    paper: str
    other: str
    made_on: dt.date
    who: str
    why: str
    until: dt.date | None = None

    def acts_on(self, day: dt.date | None) -> bool:
        """Whether it acts when `day` is the last that was observed."""
        return self.until is None or day is None or day <= self.until


def read(settings: Settings) -> list[Override]:
    """The lines of the file that the settings or the configuration name, if any, in a fixed order.

    Raises OverrideError for the first line that cannot be used; ConfigurationError or SettingsError for its place.
    """
    path = settings.overrides or configuration.overrides_file()
    return read_file(path) if path else []


def read_file(path: Path) -> list[Override]:
    """The lines of one file, see `read`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OverrideError(str(path), 0, error.strerror or str(error), "a readable file") from None
    if len(data) > _MOST_BYTES:
        raise OverrideError(str(path), 0, f"{len(data)} bytes", f"at most {_MOST_BYTES}")
    try:
        found = list(_lines(path, data.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise OverrideError(str(path), 0, "bytes that are no UTF-8", "CSV in UTF-8") from None
    except csv.Error as error:
        raise OverrideError(str(path), 0, str(error), "CSV") from None
    first: dict[tuple[object, ...], int] = {}
    for line, override in found:
        said = (override.action, *sorted((override.paper, override.other)), override.made_on)
        if first.setdefault(said, line) != line:
            raise OverrideError(str(path), line, f"what line {first[said]} says", "each override once")
    _refuse_contradictions(path, [(line, each) for line, each in found if each.until is None])
    return sorted(override for _, override in found)


def _lines(path: Path, text: str) -> Iterator[tuple[int, Override]]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = tuple(name.strip() for name in next(rows, ()))
    if header != COLUMNS:
        raise OverrideError(str(path), 1, f"the header {','.join(header)!r}", ",".join(COLUMNS))
    for row in rows:
        if row:
            yield rows.line_num, _override(path, rows.line_num, [cell.strip() for cell in row])


def _override(path: Path, line: int, row: list[str]) -> Override:
    if len(row) != len(COLUMNS):
        raise OverrideError(str(path), line, f"{len(row)} cells", f"{len(COLUMNS)}: {', '.join(COLUMNS)}")
    cells = dict(zip(COLUMNS, row, strict=True))
    if cells["action"] not in ACTIONS:
        raise OverrideError(str(path), line, repr(cells["action"]), " or ".join(ACTIONS))
    for name in ("who", "why"):
        if not cells[name]:
            raise OverrideError(str(path), line, f"nothing in {name}", "who says so, and why")
    paper, other = (_identifier(path, line, cells[name]) for name in ("paper", "other"))
    if paper == other:
        raise OverrideError(str(path), line, f"{paper} twice", "two papers")
    until = _day(path, line, cells["until"]) if cells["until"] else None
    made_on = _day(path, line, cells["when"])
    return Override(cells["action"], paper, other, made_on, cells["who"], cells["why"], until)


def _identifier(path: Path, line: int, text: str) -> str:
    """An identifier as `core.paper_aliases` has it."""
    if _OURS.fullmatch(text):
        return text
    cell, bare = pl.col("text"), re.sub(r"^doi:\s*", "", text, flags=re.IGNORECASE)
    arxiv_id, doi = (
        pl.DataFrame({"text": [bare]})
        .select(identifiers.arxiv_id(cell).alias("a"), identifiers.doi(cell).alias("d"))
        .row(0)
    )
    if arxiv_id or doi:
        return f"arxiv:{arxiv_id}" if arxiv_id else f"doi:{doi}"
    raise OverrideError(
        str(path), line, repr(text[:80]), "an identifier such as arxiv:2506.00001, doi:10.5555/x or title:…"
    )


def _day(path: Path, line: int, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise OverrideError(str(path), line, repr(text[:80]), "a day as YYYY-MM-DD") from None


def _refuse_contradictions(path: Path, lines: list[tuple[int, Override]]) -> None:
    """Raises OverrideError for a split of what merges join."""
    roots = dict(merged(override for _, override in lines).iter_rows())
    for line, each in lines:
        if each.action == "split" and roots.get(each.paper, each.paper) == roots.get(each.other, each.other):
            raise OverrideError(
                str(path), line, f"a split of {each.paper} and {each.other}, which merges join", "one of them"
            )


def acting(path: str, overrides: Iterable[Override], day: dt.date | None) -> list[Override]:
    """Those that act when `day` is the last that was observed; raises OverrideError where they contradict."""
    found = [override for override in overrides if override.acts_on(day)]
    _refuse_contradictions(Path(path), [(0, each) for each in found])
    return found


def merged(overrides: Iterable[Override]) -> pl.DataFrame:
    """Each `alias` that merges name, and the `root` by which all that they join goes: arXiv before others."""
    pairs = _pairs(overrides, "merge")
    return components(pairs).rename({"node": "alias", "component": "root"})


def splits(overrides: Iterable[Override]) -> pl.DataFrame:
    """The pairs `one` and `other` that splits keep apart, under the names that merges give them."""
    said = list(overrides)
    roots = dict(merged(said).iter_rows())
    return _pairs(said, "split").with_columns(pl.all().replace(roots)).unique()


def _pairs(overrides: Iterable[Override], action: str) -> pl.DataFrame:
    pairs = [(each.paper, each.other) for each in overrides if each.action == action]
    return pl.DataFrame(pairs, schema=dict.fromkeys(("one", "other"), pl.String), orient="row")
