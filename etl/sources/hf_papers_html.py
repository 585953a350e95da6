"""A Hugging Face Papers page saved as HTML: the listing of a day, week or month, the trending one, or a search.

The page holds its rows as JSON inside an attribute: `data-props` of the component `DailyPapers`, under `dailyPapers`
and in a search `searchResults`, shaped like those of the Daily Papers API. The place of a record is that of its
escaped text in the attribute. The listing's day is `dateString` where that is a day, for a week or a month is none.
"""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from etl.errors import DumpError
from etl.reading.records import Record, Stream, array_items, document
from etl.settings import Limits
from etl.sources import hf_daily
from etl.sources.base import Drift, Head, Source
from etl.transforms import dates

_LISTING = re.compile(rb'"(dailyPapers|searchResults)"\s*:\s*\[')
_COMPONENT = re.compile(rb"""data-target=["']\w*Papers["']|(?:&quot;|")dailyPapers(?:&quot;|")\s*:""")
_ADDRESS = re.compile(rb"""<(?:link|meta)\b[^<>]{0,200}(?:canonical|og:url)[^<>]{0,200}huggingface\.co/papers\b""")
_PROPS = re.compile(rb"""\bdata-props\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ENTITY = re.compile(rb"(&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)")
_DAY = rb"""(?:&quot;|")%b(?:&quot;|")\s*:\s*(?:&quot;|")(\d{4}-\d\d-\d\d)(?:&quot;|")"""


def recognise(head: Head) -> bool:
    """A page with the component that lists papers, or with the address of one."""
    if head.root.lower() not in ("html", "main", "div"):
        return False
    return bool(_COMPONENT.search(head.data) or _ADDRESS.search(head.data))


def observed_on(head: Head) -> dt.date | None:
    """The day that the page lists."""
    before_rows = head.data.partition(b"dailyPapers")[0]
    found = re.search(_DAY % b"dateString", head.data) or re.search(_DAY % b"date", before_rows)
    return dates.day_in_name(found[1].decode()) if found else None


def split(stream: Stream, limits: Limits) -> Iterator[Record]:
    """The rows of all listings on the page, with their places in it; raises DumpError where there is no listing."""
    position, listings, is_cut = 0, 0, False
    for page in document(stream, limits):
        is_cut = b"dailyPapers" in page.data
        for match in _PROPS.finditer(page.data):
            quoted = match.lastindex or 1
            props = _Props(match[quoted], page.offset + match.start(quoted))
            for name in _LISTING.findall(props.data):
                listings += 1
                for row in props.rows(name.decode(), limits):
                    position += 1
                    yield row._replace(position=position)
    if not listings and is_cut:
        raise DumpError("truncated", "the page ends inside the attribute that lists papers; save the page again")
    if not listings:
        raise DumpError("missing_props", "no component of the page lists papers; save the page again")


@lru_cache(maxsize=1_000)
def _char(entity: bytes) -> bytes:
    return html.unescape(entity.decode()).encode("utf-8", "replace")


class _Props:
    """The JSON inside an attribute, and where each of its bytes stands in the page."""

    def __init__(self, escaped: bytes, offset: int) -> None:
        self.offset = offset
        pieces = _ENTITY.split(escaped)
        chars = [_char(entity) for entity in pieces[1::2]]
        # Where escaped characters end in the JSON, and how much longer the page is up to there.
        ends = accumulate(len(text) + len(char) for text, char in zip(pieces[::2], chars, strict=False))
        longer = accumulate(len(entity) - len(char) for entity, char in zip(pieces[1::2], chars, strict=True))
        self.ends, self.longer = [0, *ends], [0, *longer]
        pieces[1::2] = chars
        self.data = b"".join(pieces)

    def place(self, at: int) -> int:
        """Where a byte of the JSON stands in the page."""
        return self.offset + at + self.longer[bisect_right(self.ends, at) - 1]

    def rows(self, name: str, limits: Limits) -> Iterator[Record]:
        """The items of one array; raises DumpError where the JSON is broken."""
        for row in array_items(io.BytesIO(self.data), limits, name):
            start = self.place(row.offset)
            yield row._replace(offset=start, size=self.place(row.offset + len(row.data) - 1) + 1 - start)


SOURCE = Source(
    title="Hugging Face Papers page, saved as HTML",
    publisher="a browser on huggingface.co/papers",
    licence="page terms",
    priority=2,
    drift=Drift(count=0.5),
    has_positions=True,
    parser_version=2,
    recognise=recognise,
    observed_on=observed_on,
    split=split,
    parse=hf_daily.parse,
    fields=hf_daily.SOURCE.fields,
    ignored=hf_daily.SOURCE.ignored,
    normalise=hf_daily.normalise,
)
