"""Which links a text names, with the sentence that says so, see docs/links.md."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from itertools import chain, islice
from operator import itemgetter
from typing import NamedTuple

from etl.transforms import ownership, wraps
from etl.transforms.sentences import sentences
from etl.transforms.urls import GITHUB_PARTS, NOT_OWNERS, Canonical, canonical

# Neither signs that no URL holds nor the punctuation of other scripts.
_END = r"\s<>\"{}|\\^`\[\]\x00-\x19\x1b-\x1f\x7f。，、；：！？（）【】《》「」『』“”‘’«»…｜"
# Chinese, Japanese and Korean have no blanks between words: a URL may begin behind them, and its path ends before.
_LETTERS = "\u2e80-\u312f\u3131-\u318e\u3190-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
_HOST = rf"(?:[^{_END}/?#]|\\_)"
_TAIL = rf"(?:[^{_END}{_LETTERS}]|\\[_%#&~])"
_DOT = rf"\.{wraps.JOINED}{{0,3}}"
_BARE_HOSTS = (
    rf"(?:(?:github|gitlab){_DOT}com|bitbucket{_DOT}org|codeberg\.org|huggingface{_DOT}co|hf\.co|zenodo\.org|osf\.io"
    r"|youtu\.be|youtube\.com|anonymous\.4open\.science|goo\.gl|bit\.ly|tinyurl\.com"
    rf"|[A-Za-z0-9-]{{1,63}}\.(?:github|gitlab){_DOT}io)"
)
# Ends of names that are no endings of files or words, unlike `py`, `rs` or `so`.
_TOP = (
    r"(?:com|org|net|edu|gov|io|ai|co|info|me|app|dev|science|tech|cloud|eu|uk|de|fr|cn|jp|kr|tw|hk|sg|in"
    r"|au|nz|ca|us|br|mx"
    r"|ar|ch|at|nl|be|it|es|pt|gr|se|no|dk|fi|cz|hu|ro|ru|ua|tr|il|ir|sa|ae|za|gl|ly|ws|so)"
)
_BORDER = rf"(?:(?<![\w@./:#$-])|(?<=[{_LETTERS}]))"
_URL = re.compile(
    rf"(?<![@#$])https?:/{{1,3}}{_HOST}+(?:[/?#]{_TAIL}*)?"
    rf"|git@[\w.-]{{1,80}}:{_TAIL}+"
    rf"|{_BORDER}(?://)?(?:www\.)?{_BARE_HOSTS}(?:[/:]{_TAIL}+|(?<=\.io)(?![\w-]))"
    rf"|{_BORDER}(?://)?www\.[\w-]{{1,63}}\.{_TAIL}+"
    rf"|{_BORDER}(?:[A-Za-z0-9-]{{1,63}}\.){{1,5}}{_TOP}/(?![^\s/]{{1,60}}\.(?:com|org|net)\b){_TAIL}+",
    re.IGNORECASE,
)
# A text without any of these holds no link: lets whole columns be passed over.
URL_HINT = r"(?i)https?:|git@|www\.|\.[a-z]{2,7}[/:]|(?:github|gitlab)\.(?:io|\s)|(?:bitbucket|huggingface)\.\s"
# Nor does a stretch without any of these. A set of characters is searched for ten times as fast as other patterns.
_MARK = re.compile(r"[.:@]\S")

_ESCAPED = re.compile(r"\\([_%#&~])")
_TRAILING = ".,;:!?'\"~$\\"
# Of markdown: they end a URL only where they began before it.
_EMPHASIS = "*_"
_HOST_BEFORE_LETTERS = re.compile(
    rf"(?:https?://)?(?:[A-Za-z0-9-]{{1,63}}\.){{1,5}}(?:com|org|net|io|edu|gov)(?=[{_LETTERS}])", re.IGNORECASE
)

_DEMO = re.compile(r"\b(?:demo(?!s?[- ](?:videos?|page|site|code|and)\b)|trial|try (?:it|our)|playground)\b")
_TWO_WORDS = re.compile(r"\w\W+\w")
_BETWEEN_LINKS = re.compile(r"(?<![\s;,])[\s;,]+(?=(?:https?:/|git@|www\.|github\.com/))")

MAX_EVIDENCE = 1_000
# A text that names more is a list of links, and each costs as much as a whole abstract: the others are left out.
MAX_URLS = 100


class Link(NamedTuple):
    """A link as a text names it: `start` and `end` count characters."""

    target: Canonical
    kind: str
    start: int
    end: int
    evidence: str
    evidence_kind: str
    confidence: float
    is_official: bool | None


def find_urls(text: str) -> Iterator[tuple[int, int, Canonical]]:
    """Start, end and canonical form of each URL in a text; a blank inside one that a line break left is overlooked."""
    return _found(wraps.mended(text))


def _found(mended: str) -> Iterator[tuple[int, int, Canonical]]:
    matches = chain.from_iterable(_URL.finditer(mended, start, end) for start, end in _stretches(mended))
    for match in islice(matches, MAX_URLS):
        start, end = match.start(), _trimmed_end(mended, match.start(), match.end())
        target = canonical(_ESCAPED.sub(r"\1", mended[start:end].replace(wraps.JOINED, "")))
        if target is not None:
            yield start, end, target


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """The stretches between blanks that may hold a URL; to search all of a text for one takes long."""
    end = 0
    while mark := _MARK.search(text, end):
        start = text.rfind(" ", end, mark.start()) + 1 or end
        end = text.find(" ", mark.end())
        if end < 0:
            end = len(text)
        yield start, end


def _trimmed_end(text: str, start: int, end: int) -> int:
    """The end of a URL less what belongs to the text around it."""
    if not text.isascii() and (host := _HOST_BEFORE_LETTERS.match(text, start, end)):
        return host.end()
    unopened = text.count(")", start, end) - text.count("(", start, end)
    trailing = _TRAILING + (text[start - 1] if start and text[start - 1] in _EMPHASIS else "")
    while end > start and (text[end - 1] in trailing or (text[end - 1] == ")" and unopened > 0)):
        unopened -= text[end - 1] == ")"
        end -= 1
    if text.endswith("'s", start, end):
        end -= 2
    opening = text.find("(", start, end)
    return opening if opening >= 0 and text.find(")", opening, end) < 0 else end


def links_in_text(text: str) -> list[Link]:
    """The links of an abstract or comment, each once, with the sentence that names it."""
    mended = wraps.mended(text)
    found = list(_found(mended))
    spans = list(sentences(mended)) if found else []
    links: dict[str, Link] = {}
    for start, end, target in found:
        link = _link(text, start, end, target, spans)
        held = links.get(target.key)
        if held is None or (link.is_official and not held.is_official):
            links[target.key] = link
    return list(links.values())


def _link(text: str, start: int, end: int, target: Canonical, spans: list[tuple[int, int]]) -> Link:
    first, last, previous = _sentence(start, end, spans)
    if last - first > MAX_EVIDENCE:
        first, last = max(first, start - MAX_EVIDENCE // 3), min(last, end + MAX_EVIDENCE // 3)
    before, after = text[first:start], text[end:last]
    is_bare = not _TWO_WORDS.search(f"{before} {after}")
    said_before = text[previous[0] : previous[1]] if is_bare and previous else ""
    is_official = ownership.is_official(before, after, said_before)
    kind = target.kind
    if kind == "project_page" and _DEMO.search(f"{before} {after}".casefold()):
        kind = "demo"
    kind_of_evidence = "abstract_url" if is_bare else "abstract_sentence"
    is_joined = len(text[start:end].split()) > 1
    confidence = round(ownership.CONFIDENCE[is_official] * (ownership.OF_JOINED if is_joined else 1), 3)
    return Link(target, kind, start, end, text[first:last], kind_of_evidence, confidence, is_official)


def _sentence(start: int, end: int, spans: list[tuple[int, int]]) -> tuple[int, int, tuple[int, int] | None]:
    """The sentence that holds a link and the one before it; the link alone where none does."""
    place = bisect(spans, start, key=itemgetter(0)) - 1
    if place < 0 or end > spans[place][1]:
        return start, end, None
    return *spans[place], spans[place - 1] if place else None


# A field that is nothing but the canonical URL of a repository on GitHub, in which nothing has to be looked for.
PLAIN_REPOSITORY = r"https://github\.com/([A-Za-z0-9][A-Za-z0-9-]{0,38})/([A-Za-z0-9_.-]{0,99}[A-Za-z0-9-])"
_PLAIN_REPOSITORY = re.compile(PLAIN_REPOSITORY)


def links_in_cell(cell: str) -> list[Canonical]:
    """The links of a field that should hold nothing else.

    A field is filled in by hand or cut from a page: what is broken in it is mended where that is certain, and else
    names no repository.
    """
    plain = _PLAIN_REPOSITORY.fullmatch(cell)
    if plain and plain[1].lower() not in NOT_OWNERS and not cell.endswith(".git") and plain[2].strip("."):
        return [Canonical(cell, f"github.com/{plain[1]}/{plain[2]}".lower(), "repository", cell)]
    targets: dict[str, Canonical] = {}
    pieces = _BETWEEN_LINKS.split(cell, maxsplit=MAX_URLS)
    for target in islice(chain.from_iterable(map(_in_piece, pieces)), MAX_URLS):
        targets.setdefault(target.key, target)
    return list(targets.values())


def _in_piece(piece: str) -> Iterator[Canonical]:
    whole = wraps.joined_cell(piece)
    for start, end, target in find_urls(whole):
        if wraps.is_whole(whole, end) and _is_page_of(whole[start:end], target):
            yield target
        elif owner := canonical(target.url.rpartition("/")[0]):
            yield owner


def _is_page_of(said: str, target: Canonical) -> bool:
    """Whether GitHub has such pages in a repository; with another third segment, it is a name in pieces."""
    if not target.key.startswith("github.com/"):
        return True
    third = _THIRD.search(said)
    return third is None or third[1].casefold() in GITHUB_PARTS


_THIRD = re.compile(r"github\.com[/:][^/]+/[^/]+/([^/?#]+)", re.IGNORECASE)
