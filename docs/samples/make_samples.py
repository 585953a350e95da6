"""Write the invented sample dumps beside this file.

Usage: python docs/samples/make_samples.py

The same release of this file writes the same bytes each time: no clock, no network, one seed.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import textwrap
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from invent import ADDRESSES, DAYS, RNG, Paper, author_name, make_listed, make_old, make_undated, make_unlisted, moment

HERE = Path(__file__).resolve().parent

CODE_FIELDS, SUMMARY_OUTSIDE = date(2025, 3, 11), date(2025, 6, 17)  # fields that came later
PYTHON_ROWS = (date(2024, 12, 12), date(2024, 12, 18), date(2025, 1, 10))
WRAPPED_IN_OBJECT, BROKEN_ROW = date(2025, 1, 10), date(2024, 12, 18)
INDENTS = dict.fromkeys(DAYS[:3], 4) | dict.fromkeys((date(2025, 3, 17), *DAYS[-2:]), 2)
REPOSITORY = ADDRESSES["link"]
SPELLINGS = iter(
    (
        f"{REPOSITORY}/",
        f"{REPOSITORY}//",
        f"{REPOSITORY}.git",
        f"{REPOSITORY}/tree/main/sub",
        f"{REPOSITORY}\n",
        REPOSITORY.replace("/{s", "/\n{s"),
    )
)
REPOSITORY_FIELDS = {  # one repository in two spellings, and an address that names an owner only
    "2025-04-02": "https://github.com/Paper-Trends-Samples-09/Tarn-Atlas",
    "2025-04-15": "https://github.com/paper-trends-samples-09/tarn-atlas",
    "2025-04-24": "https://github.com/paper-trends-samples-07",
}


def wrap(text: str, join: str = "\n") -> str:
    """The text broken into lines, never inside a word."""
    return join.join(textwrap.wrap(text, 74, break_long_words=False, break_on_hyphens=False))


def stamp(when: datetime) -> str:
    """A moment as the daily listings write it."""
    return f"{when:%Y-%m-%dT%H:%M:%S}.000Z"


def object_id() -> str:
    """Twelve bytes in hexadecimal, as the daily listings number things."""
    return f"{RNG.getrandbits(96):024x}"


def to_json(content: Any, indent: int | None, is_ascii: bool = False) -> bytes:
    """JSON, indented or without a superfluous byte."""
    separators = (",", ":") if indent is None else None
    return json.dumps(content, ensure_ascii=is_ascii, indent=indent, separators=separators).encode()


def daily_row(paper: Paper, day: date) -> dict[str, Any]:
    """A paper as the daily listing of that day shows it: later days have more fields."""
    is_late, title, listed_at = day >= CODE_FIELDS, wrap(paper.title, "\n  "), stamp(moment(day))
    person = {"fullname": author_name(RNG.randint(1, 400)), "name": "placeholder", "type": "user", "isPro": False}
    row: dict[str, Any] = {
        "paper": daily_paper(paper, day, listed_at, person),
        "publishedAt": stamp(paper.published - timedelta(hours=4)) if is_late else listed_at,
        "title": title if is_late else paper.title,
    }
    if day >= SUMMARY_OUTSIDE:
        row["summary"] = row["paper"]["summary"]
    if RNG.random() < 0.08:
        row["mediaUrls"] = [f"https://example.invalid/{paper.arxiv_id}.png"]
    row["thumbnail"] = f"https://example.invalid/social-thumbnails/papers/{paper.arxiv_id}.png"
    row |= {"numComments": RNG.randint(1, 9), "submittedBy": person}
    return row | ({"isAuthorParticipating": RNG.random() < 0.4} if day >= DAYS[15] else {})


def daily_paper(paper: Paper, day: date, listed_at: str, person: dict[str, Any]) -> dict[str, Any]:
    """The inner record of a row."""
    is_late = day >= CODE_FIELDS
    inner: dict[str, Any] = {"id": paper.arxiv_id}
    inner["authors"] = [{"_id": object_id(), "name": author_name(n), "hidden": False} for n in paper.authors]
    inner["publishedAt"] = stamp(paper.published)
    if is_late:
        inner |= {"submittedOnDailyAt": listed_at, "submittedOnDailyBy": person}
    inner |= {"title": wrap(paper.title, "\n  "), "summary": wrap(paper.abstract)}
    inner["upvotes"] = int(RNG.paretovariate(0.9) * 5) % 400
    if day >= DAYS[5]:
        inner["discussionId"] = object_id()
    return inner | (code_fields(paper) if is_late else {})


def code_fields(paper: Paper) -> dict[str, Any]:
    """The listing's own fields on code and keywords, which need not repeat the abstract."""
    fields: dict[str, Any] = {}
    if paper.saying == "project":
        fields["projectPage"] = paper.address("project")
    if (paper.saying == "link" and RNG.random() < 0.55) or (paper.saying == "none" and RNG.random() < 0.15):
        fields["githubRepo"] = next(SPELLINGS, REPOSITORY).format(owner=paper.owner, slug=paper.slug)
    if RNG.random() < 0.3:
        fields["ai_summary"] = f"A study of {paper.keywords[0]} that uses {paper.keywords[3]}."
    fields["ai_keywords"] = paper.keywords
    return fields | ({"githubStars": RNG.randint(0, 900)} if "githubRepo" in fields and RNG.random() < 0.5 else {})


def spoil_papers(listed: dict[date, list[Paper]]) -> set[str]:
    """Give three papers hostile texts that a careful reader must keep; return their identifiers."""
    formula, script, control = (listed[date(2025, *day)][1] for day in ((2, 20), (4, 8), (5, 13)))
    formula.title = f'=HYPERLINK("https://example.invalid","open") {formula.title}'
    script.title = f"<script>alert(1)</script> {script.title}"
    control.abstract = control.abstract.replace(". ", ".\x00 ", 1).replace(", ", ",\x07 ", 1)
    return {formula.arxiv_id, script.arxiv_id, control.arxiv_id}


def spoil_rows(day: date, rows: list[Any]) -> None:
    """Add the rows that must be rejected, and what else is odd about that day's rows."""
    extra = json.loads(json.dumps(rows[0]))
    extra["title"] = extra["paper"]["title"] = "" if day.year == 2025 else "A Study That Lost Its Identifier"
    match day.isoformat():
        case "2024-09-27":
            rows.append(rows[2])
        case "2024-10-09":
            del extra["paper"]["id"], extra["thumbnail"]
            rows.insert(3, extra)
        case "2024-11-07":
            rows.insert(2, 42)
        case "2024-11-14" | "2025-02-12" | "2025-06-05":
            break_address(rows)
        case "2025-02-07":
            rows.append(extra | {"paper": extra["paper"] | {"id": "2502.99001"}})
        case "2025-04-02" | "2025-04-15" | "2025-04-24":
            quiet = next(row for row in rows if "github.com" not in row["paper"]["summary"])
            quiet["paper"]["githubRepo"] = REPOSITORY_FIELDS[day.isoformat()]
        case "2025-05-27":
            rows[:] = [row | {"boostScore": float(place)} for place, row in enumerate(rows)]


def break_address(rows: list[Any]) -> None:
    """Let the hard wrap cut one repository address behind its owner."""
    paper = next(row["paper"] for row in rows if "https://github.com/" in row["paper"]["summary"])
    paper["summary"] = re.sub(r"(https://github\.com/[\w-]+/)", r"\1\n", paper["summary"], count=1)


def daily_file(day: date, papers: list[Paper]) -> bytes:
    """A daily listing in the shape that its day calls for."""
    rows: list[Any] = [daily_row(paper, day) for paper in papers]
    spoil_rows(day, rows)
    if day in PYTHON_ROWS:
        rows = [repr(row) for row in rows]
    if day == BROKEN_ROW:
        rows.insert(4, rows[0][:-70])
    page = {"status": "success", "date": f"{day}", "count": len(rows), "data": rows}
    return to_json(page if day == WRAPPED_IN_OBJECT else rows, INDENTS.get(day))


def page_text(papers: list[Paper], is_damaged: bool) -> bytes:
    """The copied text of a trending page; damaged, a title and an abstract each stand alone."""
    lines = [line for paper in papers for line in (paper.title, paper.abstract)]
    if is_damaged:
        lone_title, lone_abstract = make_undated(2, 10)
        lines.insert(40, lone_abstract.abstract)
        lines.insert(24, lone_title.title)
    banner = ("Get trending papers in your email inbox once a day!", "Get trending papers in your email inbox!")
    return "\n".join((*banner, "Subscribe" + lines[0], *lines[1:])).encode()


def page_files(listed: dict[date, list[Paper]], hostile: set[str]) -> dict[str, bytes]:
    """Two copied pages a month apart: new titles, listed ones, and four that stay."""
    files: dict[str, bytes] = {}
    stay: list[Paper] = []
    for day, since, month in ((date(2025, 6, 2), date(2025, 5, 7), 9), (date(2025, 7, 7), date(2025, 6, 11), 10)):
        recent = [p for d in DAYS if since <= d < day for p in listed[d] if p.arxiv_id not in hostile]
        papers = RNG.sample(recent, 6) + stay + make_undated(24 - len(stay), month)
        RNG.shuffle(papers)
        stay = [paper for paper in papers if not paper.arxiv_id][:4]
        files[f"hf_papers_page/{day}-page.txt"] = page_text(papers, is_damaged=month == 10)
    return files


def tex(text: str) -> str:
    """Accents as the snapshot writes them."""
    return text.replace("Ä", '\\"A').replace("Ö", '\\"O')


def snapshot_record(paper: Paper, keeps_promise: bool) -> dict[str, Any]:
    """A paper as the arXiv snapshot shows it; a kept promise names its repository in the comments."""
    names = [author_name(number) for number in paper.authors]
    later = RNG.randint(30, 90) if keeps_promise else RNG.choice((0, 0, 4, 11))
    versions = [paper.published] + ([paper.published + timedelta(days=later, hours=5)] if later else [])
    is_published, pages = RNG.random() < 0.25, f"{RNG.randint(6, 30)} pages, {RNG.randint(2, 9)} figures"
    comments = RNG.choice((None, pages, "Preprint"))
    if keeps_promise or (paper.saying == "none" and RNG.random() < 0.4):
        comments = RNG.choice(("Code at {}", pages + ". Code at {}", "Code: {}")).format(paper.address())
    return {
        "id": paper.arxiv_id,
        "submitter": names[0],
        "authors": tex(" and ".join(names) if len(names) < 3 else ", ".join(names)),
        "title": wrap(paper.title, "\n  "),
        "comments": comments,
        "journal-ref": f"Invented Annals {RNG.randint(1, 30)} (2025) {RNG.randint(1, 900)}" if is_published else None,
        "doi": f"10.5555/paper-trends-samples.{paper.arxiv_id}" if is_published else None,
        "report-no": f"SAMPLE-{RNG.randint(1, 99):03}" if RNG.random() < 0.05 else None,
        "categories": " ".join(dict.fromkeys((paper.category, RNG.choice(("cs.LG", "cs.AI", paper.category))))),
        "license": RNG.choice((None, "http://creativecommons.org/publicdomain/zero/1.0/")),
        "abstract": "  " + wrap(paper.abstract) + "\n",
        "versions": [
            {"version": f"v{n}", "created": format_datetime(when, usegmt=True)} for n, when in enumerate(versions, 1)
        ],
        "update_date": f"{versions[-1]:%Y-%m-%d}",
        "authors_parsed": [[name.split()[1], name.split()[0], ""] for name in names],
    }


def snapshot_files(listed: list[Paper]) -> dict[str, bytes]:
    """JSON lines, compressed, with one malformed line and one record without a title; and a short array."""
    kept = [paper for paper in listed if paper.saying == "promise"][:8]
    both = RNG.sample([paper for paper in listed if paper.saying != "promise"], 55)
    alone = make_unlisted(62)
    papers = sorted(kept + both[:52] + alone[:30] + alone[35:], key=lambda paper: paper.arxiv_id) + make_old()
    records = [snapshot_record(paper, paper in kept) for paper in papers]
    del next(r for r in records if r["id"] == alone[20].arxiv_id)["title"]
    lines = [to_json(record, None, is_ascii=True) for record in records]
    lines.insert(60, b'{"id":"2503.99002","submitter":"Author A5","title":"A Record Cut Short","abstract":"  We st')
    array = [snapshot_record(paper, keeps_promise=False) for paper in both[52:] + alone[30:35]]
    for record in array:
        del record["versions"], record["authors_parsed"]
    return {
        "arxiv_snapshot/arxiv-metadata-sample-2025-08-14.jsonl.gz": compress(b"\n".join(lines) + b"\n"),
        "arxiv_snapshot/arxiv-array-sample-2025-08-14.json": to_json(array, 2),
    }


def compress(content: bytes) -> bytes:
    """Gzip without a name or a date in it."""
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, buffer, mtime=0) as file:
        file.write(content)
    return buffer.getvalue()


def main() -> None:
    """Write every file and say how many bytes there are."""
    listed = make_listed()
    hostile = spoil_papers(listed)
    files = {f"hf_daily/{day}.json": daily_file(day, papers) for day, papers in listed.items()}
    files |= page_files(listed, hostile)
    files |= snapshot_files([p for day in DAYS for p in listed[day] if p.arxiv_id not in hostile])
    for name, content in files.items():
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_bytes(content)
    print(f"{len(files)} files, {sum(map(len, files.values())):,} bytes")


if __name__ == "__main__":
    main()
