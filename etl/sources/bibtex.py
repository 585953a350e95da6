"""Bibliographies in BibTeX and biblatex, as people keep them and as arXiv, dblp, the ACL Anthology and others export.

Entries are papers but for volumes (`@proceedings`, `@book` and their kin), data and programs, which are not cut out of
the stream, like `@comment` and `@preamble`. What stands for LaTeX becomes Unicode, mathematics stay. An entry that is
not closed, or not UTF-8, is rejected alone. The day is that of `date`, or of `year`, `month` and `day` together; a
month, a year or a span is no day. `note` and `howpublished` may name links; of `url` only code hosts are links of the
paper, the rest are publishers' pages. arXiv's identifier stands in `eprint`, `url`, `doi` or, as Google Scholar and
others write it, alone in `journal`, `volume`, `number`, `pages` or a note; what is none, and no DOI, is null.
`crossref` is not followed: the volume stands after its papers. How entries are read is said in `etl/reading/bibtex.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from etl.reading import bibtex
from etl.reading.records import Record, Stream
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, required_text
from etl.transforms import dates, identifiers, latex, text

_NO_PAPERS = frozenset(
    "book collection dataset mvbook mvcollection mvproceedings mvreference periodical proceedings reference set "
    "software xdata".split()
)
# Nothing but comments, or the lines in which a program names itself, may stand before the first entry.
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*+(?:%[^\n]*+|[^@%,\"\t|{}\[\]#<\n]{0,200}+)\n){0,100}?[ \t]*+@")
_ENTRY = re.compile(
    rb"^[ \t]*+@[ \t]*+[A-Za-z]++\s*+[{(]\s*+[^\s,{}()\"=]{1,200}+\s*+,\s*+[A-Za-z][\w:-]*+\s*+=\s*+[{\"\w]",
    re.MULTILINE,
)
_TEXTS = ("title", "subtitle", "abstract", "journal", "journaltitle", "booktitle")
_GROUP = re.compile(r"\{(?:[^{}]++|\{[^{}]*+\})*+\}")
_NUMBER = re.compile(r"\d{4}\.\d{4}|/\d{7}")
# An identifier of arXiv that is all that a field says.
_ARXIV = re.compile(
    r"(?:(?:arxiv|corr)[\s,]*+)(?:preprint|e-prints?)?[\s,]*+(?:arxiv\s*+:|abs/|:)?\s*+(\S+?)(?:\s*+\[[\w.-]+\])?"
    r"|abs/(\S+)",
    re.IGNORECASE,
)
_NAMING = ("journal", "volume", "number", "eid", "pages", "howpublished", "note")
_CODE_HOST = re.compile(r"//(?:www\.)?(?:(?:github|gitlab|bitbucket)\.|codeberg\.org/|huggingface\.co/)")
_HREF = re.compile(r"\\href\s*+\{([^{}]*+)\}\s*+(?=\{)")
_MONTHS = {
    name: f"{number:02}" for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
}
_MONTH = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th)?[\s~.]+)?([A-Za-z]{3,9}|\d{1,2})\.?(?:[\s~]+(\d{1,2}))?")


def recognise(head: Head) -> bool:
    """An entry with a key and a field, and no other kind of text before the first `@`."""
    return bool(_BEGINNING.match(head.data) and _ENTRY.search(head.data.removeprefix(b"\xef\xbb\xbf")))


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The entries that are papers."""
    return bibtex.entries(stream, limits, _NO_PAPERS)


def parse(record: Record, limits: Limits) -> Parsed:
    """One paper; raises RecordError without title."""
    _, found = bibtex.fields(record, limits)
    required_text(found, "title", reason="missing_title")
    eprint, doi = _identifiers(found)
    parsed: Parsed = {
        **found,
        **{name: latex.plain(found[name]) for name in _TEXTS if name in found},
        "author": _names(found["author"]) if "author" in found else None,
        "eprint": eprint,
        "doi": doi,
        "date": _day(found),
        "note": _comment(found),
        "links": _links(found),
    }
    return parsed


def _names(value: str) -> list[str] | None:
    """The names of a list, first names first; `others` are nobody."""
    value = " ".join(value.split()).replace(" AND ", " and ")
    # A border inside of braces is none. Where there is no such, the whole is read at once.
    is_guarded = "{" in value and any("," in group or " and " in group for group in _GROUP.findall(value))
    value = value if is_guarded else latex.plain(value)
    names = []
    for name in _parts(value, " and ") if is_guarded else value.split(" and "):
        parts = _parts(name, ",") if is_guarded else name.split(",")
        if len(parts) in (2, 3):
            # `von Last, Jr, First`
            name = " ".join(part.strip() for part in (parts[-1], parts[0], *parts[1:-1]))
        name = latex.plain(name).strip() if is_guarded else name.strip()
        if name and name.lower() not in ("others", "and"):
            names.append(name)
    return names or None


def _parts(value: str, border: str) -> list[str]:
    """The value cut at borders outside of braces."""
    parts: list[list[str]] = []
    depth = 0
    for piece in value.split(border):
        if depth > 0:
            parts[-1].append(piece)
        else:
            parts.append([piece])
        depth += piece.count("{") - piece.count("}")
    return [border.join(part) for part in parts]


def _identifiers(found: dict[str, str]) -> tuple[str | None, str | None]:
    """What names the paper at arXiv, and its DOI."""
    doi, url = (latex.address(found.get(name, "")).strip() for name in ("doi", "url"))
    archive = found.get("archiveprefix") or found.get("eprinttype") or "arxiv"
    named = [found.get("arxivid"), found.get("eprint") if archive.lower() == "arxiv" else None]
    named += [link for link in (url, doi) if "arxiv." in link.lower()]
    eprint = next((said for said in named if said and _NUMBER.search(said)), None) or _named(found)
    return eprint, doi or (url if "doi.org/" in url else None)


def _named(found: dict[str, str]) -> str | None:
    """The identifier that a field says alone."""
    for name in _NAMING:
        value = found.get(name, "")
        if len(value) < 100 and _NUMBER.search(value) and (said := _ARXIV.fullmatch(latex.address(value).strip())):
            return said[1] or said[2]
    return None


def _day(found: dict[str, str]) -> str | None:
    """The day of publication as ISO, where it is one day."""
    date = found.get("date", "")
    if date:
        return None if "/" in date else date
    month = _MONTH.fullmatch(found.get("month", "").strip())
    day = found.get("day") or (month and (month[1] or month[3]))
    if not month or not day or "year" not in found:
        return None
    return f"{found['year'].strip()}-{_MONTHS.get(month[2][:3].lower(), month[2].zfill(2))}-{day.strip().zfill(2)}"


def _comment(found: dict[str, str]) -> str | None:
    """What the notes say, with the URLs that they link to."""
    said = " ".join(found[name] for name in ("howpublished", "note", "addendum") if name in found)
    return latex.plain(_HREF.sub(r"\1 ", said)) if said else None


def _links(found: dict[str, str]) -> list[str] | None:
    """The fields that lead to code."""
    links = [latex.address(found[name]) for name in ("code", "github") if name in found]
    if _CODE_HOST.search(found.get("url", "")):
        links.append(latex.address(found["url"]))
    return links or None


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns."""
    title, subtitle = (text.one_line(pl.col(name)) for name in ("title", "subtitle"))
    is_arxiv = identifiers.arxiv_id(pl.col("eprint")).is_not_null()
    subject = pl.coalesce("primaryclass", "eprintclass").str.strip_chars().str.extract(r"^([a-z-]+(?:\.[A-Za-z-]+)?)$")
    papers = raw.select(
        "row",
        title=title + pl.concat_str(pl.lit(": "), subtitle).fill_null(""),
        abstract=text.paragraphs(pl.col("abstract")),
        authors="author",
        arxiv_id=identifiers.arxiv_id(pl.col("eprint")),
        doi=identifiers.doi(pl.col("doi")),
        dois=identifiers.dois(pl.col("doi")),
        published_on=dates.iso_day(pl.col("date")),
        primary_category=pl.when(is_arxiv).then(subject),
        venue=text.one_line(pl.coalesce("journal", "journaltitle", "booktitle")),
        comment=text.one_line(pl.col("note")),
        page_links="links",
    )
    return Normalised(papers)


SOURCE = Source(
    title="BibTeX bibliography",
    publisher="anyone; `anthology.bib` of aclanthology.org, exports of arXiv, dblp, Google Scholar, Zotero and others",
    licence="as each file states",
    priority=4,
    parser_version=2,
    recognise=recognise,
    split=split,
    parse=parse,
    fields={
        "title": pl.String(),
        "subtitle": pl.String(),
        "abstract": pl.String(),
        "author": pl.List(pl.String()),
        "eprint": pl.String(),
        "doi": pl.String(),
        "date": pl.String(),
        "primaryclass": pl.String(),
        "eprintclass": pl.String(),
        "journal": pl.String(),
        "journaltitle": pl.String(),
        "booktitle": pl.String(),
        "note": pl.String(),
        "links": pl.List(pl.String()),
    },
    # Some of these are read where they stand: in parts of a day, an identifier, a comment or a link.
    ignored=frozenset(
        """
        abbr acmid added-at address addendum adsnote adsurl affiliation annotation annote archive archiveprefix
        article-number articleno arxivid author_keywords bdsk-file-1 bdsk-url-1 bdsk-url-2 bibkey biburl bibsource
        bibtex_show chapter code coden collaboration comment copyright creationdate crossref date-added date-modified
        day document_type edition editor eid eissn eprinttype eventdate eventtitle file github groups hal_id
        hal_version howpublished html institution interhash intrahash isbn issn issue issue_date key keyword keywords
        langid language lccn location mendeley-groups mendeley-tags modificationdate month mrclass mrnumber number
        numpages organization origdate owner pages pagetotal pdf place pmcid pmid poster preview priority publisher
        pubstate readstatus references reportnumber rights school selected series shortjournal shorttitle slides source
        timestamp type url urldate urn venue version video volume website year zbl
        """.split()
    ),
    normalise=normalise,
)
