"""PubMed as XML: the yearly baseline, its daily update files, and answers of E-utilities `efetch`.

Titles end in a full stop that NLM adds, and stand in brackets where they are translations; the original is taken
where there is none (`Not Available`). Sections of an abstract keep their labels. A day is full or none: the earlier
of the electronic (`ArticleDate`) and the issue's (`PubDate`); a `MedlineDate`, a season or a month is no day.
`DateRevised` is the record's. What is no DOI is null. Each PMID of a `DeleteCitation` is a record that is rejected.
Names and identifiers that an erratum took back (`ValidYN="N"`) are left out. A chapter's venue is its book; a book
without chapters is a paper of its own. Document types are named, never fetched. See
https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html and https://dtd.nlm.nih.gov/ncbi/pubmed/out/.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.errors import RecordError
from etl.reading import xml
from etl.reading.records import Record, Stream
from etl.settings import Limits
from etl.sources.base import Head, Normalised, Parsed, Source, required_text
from etl.transforms import dates, identifiers, text

_RECORDS = ("PubmedArticle", "PubmedBookArticle", "MedlineCitation")
_ROOTS = frozenset({"PubmedArticleSet", "PubmedBookArticleSet", "MedlineCitationSet", *_RECORDS})
_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)
}
# Brackets around the whole of a title, not those of `[18F]` at its start and `[11C]` at its end.
_TRANSLATED = r"^\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]\.?$"


def recognise(head: Head) -> bool:
    """The root is a set of PubMed's records, or one of them."""
    return head.root in _ROOTS


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The articles and books, and the numbers of deleted ones: no other PMID stands outside of a record."""
    return xml.elements(stream, limits, *_RECORDS, "PMID")


def parse(record: Record, limits: Limits) -> Parsed:
    """One article or book; raises RecordError without title, or where it was deleted."""
    found = xml.element(record, limits)
    if found.tag == "PMID":
        raise RecordError("deleted_record", f"PMID {found.text} was deleted")
    citation = _first(found, "MedlineCitation", "BookDocument")
    article = _first(citation, "Article")
    around = _first(found, "PubmedData", "PubmedBookData")
    parsed: Parsed = {child.tag: None for part in (citation, article, around) for child in part}
    title, book = (xml.content(article.find(name)) for name in ("ArticleTitle", "Book/BookTitle"))
    parsed["ArticleTitle"] = title or book
    required_text(parsed, "ArticleTitle", reason="missing_title")
    parsed["VernacularTitle"] = xml.content(article.find("VernacularTitle"))
    parsed["Abstract"] = _abstract(article.find("Abstract"))
    parsed["AuthorList"] = _authors(article)
    parsed["Journal"] = xml.content(article.find("Journal/Title")) or (book if title else None)
    parsed["ELocationID"], parsed["ELocationID.pii"] = _identifiers(article, around)
    parsed["ArticleDate"] = _day(article.find("ArticleDate"))
    parsed["PubDate"] = _day(article.find("Journal/JournalIssue/PubDate")) or _day(article.find("Book/PubDate"))
    parsed["DateRevised"] = _day(citation.find("DateRevised"))
    return parsed


def _first(parent: xml.Element, *names: str) -> xml.Element:
    """The child of one of these names, or the parent itself: the formats differ in how deep they nest."""
    return next((child for name in names if (child := parent.find(name)) is not None), parent)


def _abstract(found: xml.Element | None) -> str | None:
    """The sections of an abstract, a paragraph each, with their labels."""
    sections = []
    for section in found.findall("AbstractText") if found is not None else ():
        said = " ".join("".join(section.itertext()).split())
        label = section.get("Label")
        if said:
            sections.append(f"{label}: {said}" if label and label != "UNLABELLED" else said)
    return "\n\n".join(sections) or None


def _authors(article: xml.Element) -> list[str] | None:
    listed = next((found for found in article.findall("AuthorList") if found.get("Type") != "editors"), ())
    names = []
    for author in listed:
        if author.get("ValidYN") == "N":
            continue
        said = {part.tag: part.text or xml.content(part) for part in author}
        parts = (said.get("ForeName") or said.get("Initials"), said.get("LastName"), said.get("Suffix"))
        names.append(said.get("CollectiveName") or " ".join(part for part in parts if part))
    return [name for name in names if name] or None


def _identifiers(article: xml.Element, around: xml.Element) -> tuple[str | None, str | None]:
    """The DOI, and the publisher's own number, which is arXiv's for its preprints."""
    found: dict[str | None, str | None] = {}
    for item in around.findall("ArticleIdList/ArticleId"):
        found.setdefault(item.get("IdType"), item.text)
    for item in article.findall("ELocationID"):
        if item.get("ValidYN") != "N":
            found[item.get("EIdType")] = item.text
    return found.get("doi"), found.get("pii")


def _day(found: xml.Element | None) -> str | None:
    """The day of a date that has one, as ISO."""
    if found is None:
        return None
    year, month, day = ((found.findtext(name) or "").strip() for name in ("Year", "Month", "Day"))
    return f"{year}-{_MONTHS.get(month[:3].title(), month.zfill(2))}-{day.zfill(2)}" if year and month and day else None


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns."""
    title = text.one_line(pl.col("ArticleTitle")).str.replace(_TRANSLATED, "${1}")
    original = text.one_line(pl.col("VernacularTitle"))
    title = pl.when(title.str.to_lowercase().is_in(["not available", "not available."])).then(original).otherwise(title)
    identifier = pl.coalesce(identifiers.arxiv_id(pl.col(name)) for name in ("ELocationID", "ELocationID.pii"))
    papers = raw.select(
        "row",
        title=text.without_full_stop(title),
        abstract=text.paragraphs(pl.col("Abstract")),
        authors="AuthorList",
        arxiv_id=identifier,
        doi=identifiers.doi(pl.col("ELocationID")),
        published_on=pl.min_horizontal(dates.iso_day(pl.col("ArticleDate")), dates.iso_day(pl.col("PubDate"))),
        updated_on=dates.iso_day(pl.col("DateRevised")),
        venue=text.one_line(pl.col("Journal")),
    )
    return Normalised(papers)


SOURCE = Source(
    title="PubMed",
    publisher="National Library of Medicine, `https://ftp.ncbi.nlm.nih.gov/pubmed/`",
    licence="NLM terms; no restriction on use of the citations",
    priority=2,
    parser_version=2,
    recognise=recognise,
    split=split,
    parse=parse,
    fields={
        "ArticleTitle": pl.String(),
        "VernacularTitle": pl.String(),
        "Abstract": pl.String(),
        "AuthorList": pl.List(pl.String()),
        "ELocationID": pl.String(),
        "ELocationID.pii": pl.String(),
        "Journal": pl.String(),
        "ArticleDate": pl.String(),
        "PubDate": pl.String(),
        "DateRevised": pl.String(),
    },
    ignored=frozenset(
        """
        Article ArticleIdList Book BookDocument ChemicalList CitationSubset CoiStatement CommentsCorrectionsList
        ContributionDate DataBankList DateCompleted DateCreated GeneralNote GeneSymbolList GrantList History
        InvestigatorList ItemList KeywordList Language LocationLabel MedlineCitation MedlineJournalInfo MeshHeadingList
        NumberOfReferences ObjectList OtherAbstract OtherID Pagination PersonalNameSubjectList PMID PublicationStatus
        PublicationType PublicationTypeList PubmedBookData PubmedData ReferenceList Sections SpaceFlightMission
        SupplMeshList
        """.split()
    ),
    normalise=normalise,
)
