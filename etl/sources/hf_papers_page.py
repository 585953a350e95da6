"""The text of a Hugging Face Papers page as people copy it: banner lines, then title and abstract lines in turn.

There are no identifiers and no dates. Lines are told apart by what they are, never by counting them, so that a title
without its abstract does not shift the pairs that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from etl.errors import DumpError, RecordError
from etl.reading.records import Record, Stream, lines
from etl.settings import Limits
from etl.sources.base import Drift, Head, Normalised, Parsed, Source
from etl.transforms import text

_INBOX = re.compile(r"get trending papers in your email inbox", re.IGNORECASE)
_CHROME = re.compile(
    r"(?:get trending papers in your email inbox.*|subscribe|(?:trending|daily) papers|papers|hugging ?face|log ?in"
    r"|sign ?up|models|datasets|spaces|docs|pricing|enterprise|upvote|new|previous|next|view (?:arxiv|pdf)|\d+)",
    re.IGNORECASE,
)
_GLUED = "Subscribe"


def is_abstract(line: str) -> bool:
    """Whether a line reads like an abstract: long, or a sentence of some length that ends in a full stop."""
    words = len(line.split())
    return len(line) >= 250 or words >= 30 or (len(line) >= 100 and words >= 15 and line.endswith((".", '."', ".)")))


def recognise(head: Head) -> bool:
    """Text with the page's banner, or at least three title and abstract lines in turn from the start."""
    try:
        found = head.data[: head.data.rfind(b"\n") + 1 or None].decode("utf-8-sig")
    except UnicodeDecodeError:
        return bool(_INBOX.match(head.data.decode("utf-8", "replace")))
    if _INBOX.search(found[:2_000]):
        return True
    kinds = [is_abstract(line.strip()) for line in found.splitlines() if line.strip()][:6]
    return kinds == [False, True] * 3 and head.first not in (b"{", b"[", b"<", b"#", b"@") and "\t" not in found


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """A record for each title with its abstract, and for each of either that has no partner."""
    title: Record | None = None
    position = 0
    after_banner = False
    for line in _page_lines(stream, limits):
        words = line.data.decode()
        if after_banner and words.startswith(_GLUED) and words != _GLUED:
            line = Record(line.offset + len(_GLUED), line.data[len(_GLUED) :], 0)
            words = line.data.decode()
        if _CHROME.fullmatch(words):
            after_banner = bool(_INBOX.match(words))
            continue
        after_banner = False
        if not is_abstract(words):
            if title is not None:
                position += 1
                yield Record(title.offset, title.data, position)
            title = line
            continue
        position += 1
        if title is None:
            yield Record(line.offset, line.data, position)
        else:
            between = b"\n" * (line.offset - title.offset - len(title.data))
            yield Record(title.offset, title.data + between + line.data, position)
        title = None
    if title is not None:
        yield Record(title.offset, title.data, position + 1)


def _page_lines(stream: Stream, limits: Limits) -> Iterator[Record]:
    for line in lines(stream, limits):
        try:
            line.data.decode()
        except UnicodeDecodeError as error:
            place = line.offset + error.start
            raise DumpError("invalid_utf8", f"byte {place} is not UTF-8; copy the page again") from None
        yield line


def parse(record: Record, limits: Limits) -> Parsed:
    """Title and abstract; raises RecordError where one of them is missing."""
    first, _, rest = record.data.decode().partition("\n")
    if not rest.strip():
        if is_abstract(first.strip()):
            raise RecordError("missing_title", "an abstract without a title before it")
        raise RecordError("missing_abstract", "a title without an abstract after it")
    return {"title": first, "abstract": rest}


def normalise(raw: pl.DataFrame) -> Normalised:
    """Our columns: a title and an abstract are all that the page has."""
    return Normalised(
        raw.select("row", title=text.one_line(pl.col("title")), abstract=text.paragraphs(pl.col("abstract")))
    )


SOURCE = Source(
    title="Hugging Face Papers page, copied as text",
    publisher="a browser on huggingface.co/papers",
    licence="page terms",
    priority=3,
    has_positions=True,
    drift=Drift(count=0.5),
    # Who copies a page by hand may cut a pair at each end.
    rejected_share=0.1,
    parser_version=2,
    recognise=recognise,
    split=split,
    parse=parse,
    fields={"title": pl.String(), "abstract": pl.String()},
    normalise=normalise,
)
