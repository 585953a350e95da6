"""Makes a large dump in the shape of the arXiv metadata snapshot: real papers of a harvest under numbers of our own.

`python benchmarks/make_snapshot.py FOLDER [--papers 700000]` writes one JSON-lines file, a record at a time. The same
number gives the same bytes. When the harvest runs out it begins again: the papers come back under other identifiers,
with `part 2` and so on in their titles, without their DOIs, and with other endings on a third of the long words, so
that words which were rare stay rare.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import itertools
import json
import lzma
import re
import sys
import textwrap
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import format_datetime
from pathlib import Path

import measure

LICENCES = (None, "http://arxiv.org/licenses/nonexclusive-distrib/1.0/", "http://creativecommons.org/licenses/by/4.0/")
LONG_WORD = re.compile(r"[a-z]{7,}")
FIRST_MONTH = dt.date(2007, 4, 1)  # of identifiers such as 0704.0001
FIVE_DIGITS = dt.date(2015, 1, 1)


@dataclass(frozen=True)
class Paper:
    """What both shapes are made of."""

    number: int
    arxiv_id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: str
    comments: str
    doi: str
    created: dt.date
    updated: dt.date


def papers() -> Iterator[Paper]:
    """Papers without end."""
    used: Counter[dt.date] = Counter()
    numbers = itertools.count()
    for part in itertools.count(1):
        for paper in harvest():
            if part > 1:
                title = f"{varied(paper.title, part)}, part {part}"
                paper = replace(paper, title=title, abstract=varied(paper.abstract, part), doi="")
            yield replace(paper, number=next(numbers), arxiv_id=identifier(paper.created, used))


def varied(text: str, part: int) -> str:
    """The text with another ending on a third of the long words, the same ones each time."""
    ending = "aeiou"[part % 5] + "bdlmnrst"[part % 8]

    def vary(found: re.Match[str]) -> str:
        word = found[0]
        return word + ending if zlib.crc32(f"{part}{word}".encode()) % 3 == 0 else word

    return LONG_WORD.sub(vary, text)


def identifier(created: dt.date, used: Counter[dt.date]) -> str:
    """The next free identifier of the paper's month, or of a later one where that is full."""
    month = max(created.replace(day=1), FIRST_MONTH)
    while used[month] >= (99_999 if month >= FIVE_DIGITS else 9_999):
        month = (month + dt.timedelta(days=31)).replace(day=1)
    used[month] += 1
    return f"{month:%y%m}.{used[month]:0{5 if month >= FIVE_DIGITS else 4}d}"


def harvest() -> Iterator[Paper]:
    """Each paper of the harvest once; of the samples where there is no harvest."""
    seen: set[tuple[str, dt.date]] = set()
    found = sorted((measure.DUMPS / "arxiv_tsv").glob("*/*.tsv.xz"), reverse=True)
    for paper in itertools.chain.from_iterable(map(harvested, found)) if found else samples():
        if (paper.title, paper.created) not in seen:
            seen.add((paper.title, paper.created))
            yield paper


def harvested(path: Path) -> Iterator[Paper]:
    """The rows of one table of the harvest; its identifiers are damaged and left out."""
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            created = dt.date.fromisoformat(row["created"])
            yield Paper(
                number=0,
                arxiv_id="",
                title=" ".join(row["title"].split()),
                abstract=row["abstract"].strip(),
                authors=tuple(name.strip() for name in row["author_text"].split(",") if name.strip()),
                categories=row["categories"].replace(",", " "),
                comments=" ".join(row["comments"].split()),
                doi=row["doi"],
                created=created,
                updated=dt.date.fromisoformat(row["updated"]) if row["updated"] else created,
            )


def samples() -> Iterator[Paper]:
    """The papers of the invented snapshot."""
    for path in sorted((measure.SAMPLES / "arxiv_snapshot").glob("*.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            try:
                row = json.loads(line)
                updated = dt.date.fromisoformat(row["update_date"])
                names = tuple(" ".join(filter(None, (name[1], name[0]))) for name in row["authors_parsed"])
                yield Paper(
                    0, "", row["title"], row["abstract"].strip(), names, row["categories"], row["comments"] or "",
                    row["doi"] or "", updated, updated,
                )  # fmt: skip
            except (ValueError, KeyError, TypeError):
                continue  # the samples hold hostile rows


def snapshot_record(paper: Paper) -> dict[str, object]:
    """A line of the snapshot."""
    versions = [paper.created] if paper.updated == paper.created else [paper.created, paper.updated]
    return {
        "id": paper.arxiv_id,
        "submitter": paper.authors[0] if paper.authors else None,
        "authors": ", ".join(paper.authors),
        "title": "\n  ".join(textwrap.wrap(paper.title, 74)),
        "comments": paper.comments or None,
        "journal-ref": None,
        "doi": paper.doi or None,
        "report-no": None,
        "categories": paper.categories,
        "license": LICENCES[paper.number % 3],
        "abstract": f"  {wrapped(paper.abstract)}\n",
        "versions": [
            {"version": f"v{number}", "created": format_datetime(noon(day), usegmt=True)}
            for number, day in enumerate(versions, 1)
        ],
        "update_date": paper.updated.isoformat(),
        "authors_parsed": [parsed(name) for name in paper.authors],
    }


def daily_record(paper: Paper, day: dt.date) -> dict[str, object]:
    """A row of the Daily Papers API."""
    listed = f"{noon(day):%Y-%m-%dT%H:%M:%S}.000Z"
    return {
        "paper": {
            "id": paper.arxiv_id,
            "authors": [{"_id": f"{paper.number:024x}", "name": name, "hidden": False} for name in paper.authors],
            "publishedAt": listed,
            "submittedOnDailyAt": listed,
            "title": paper.title,
            "summary": wrapped(paper.abstract),
            "upvotes": paper.number * 7 % 101,
            "discussionId": f"{paper.number:024x}",
        },
        "publishedAt": listed,
        "title": paper.title,
        "summary": wrapped(paper.abstract),
        "numComments": paper.number % 5,
    }


def wrapped(text: str) -> str:
    """The text broken into lines, as quickly as can be."""
    lines, start = [], 0
    while len(text) - start > 79:
        end = text.rfind(" ", start, start + 80)
        end = end if end > start else start + 79
        lines.append(text[start:end])
        start = end + 1
    return "\n".join([*lines, text[start:]])


def parsed(name: str) -> list[str]:
    """`First Last` as `["Last", "First", ""]`."""
    first, _, last = name.rpartition(" ")
    return [last, first, ""]


def noon(day: dt.date) -> dt.datetime:
    """A moment of the day."""
    return dt.datetime.combine(day, dt.time(12), dt.UTC)


def write_snapshot(folder: Path, number: int) -> Path:
    """One snapshot of this many papers."""
    path = folder / f"arxiv-metadata-oai-snapshot-{number}.json"
    with path.open("w", encoding="utf-8") as file:
        for paper in itertools.islice(papers(), number):
            file.write(json.dumps(snapshot_record(paper), separators=(",", ":")) + "\n")
    return path


def write_day(folder: Path, after: int, number: int, day: dt.date) -> Path:
    """One daily listing of the papers that come after those of a snapshot."""
    path = folder / f"{day}.json"
    rows = [daily_record(paper, day) for paper in itertools.islice(papers(), after, after + number)]
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def main() -> int:
    """Writes the snapshot and says how large it is."""
    parser = argparse.ArgumentParser(description="Make a dump in the shape of the arXiv metadata snapshot.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--papers", type=int, default=700_000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    path = write_snapshot(given.folder, given.papers)
    print(f"{path}: {given.papers:,} papers, {path.stat().st_size / 1e9:.2f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
