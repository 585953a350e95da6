"""Which links a text names, with the sentence that says so."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from itertools import chain, islice
from operator import itemgetter
from typing import NamedTuple

from etl.transforms.sentences import sentences
from etl.transforms.urls import NOT_OWNERS, Canonical, canonical

# Neither signs that no URL holds nor the punctuation of other scripts.
_END = r"\s<>\"{}|\\^`\[\]\x00-\x1f。，、；：！？（）【】《》「」『』“”‘’«»…"
_TAIL = rf"(?:[^{_END}]|\\[_%#&~])"
_BARE_HOSTS = (
    r"(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|huggingface\.co|hf\.co|zenodo\.org|osf\.io|youtu\.be"
    r"|youtube\.com|anonymous\.4open\.science|goo\.gl|bit\.ly|tinyurl\.com|[A-Za-z0-9-]{1,63}\.(?:github|gitlab)\.io)"
)
_URL = re.compile(
    rf"https?://{_TAIL}+"
    rf"|git@[\w.-]{{1,80}}:{_TAIL}+"
    rf"|(?<![\w@./:-])(?:www\.)?{_BARE_HOSTS}(?:[/:]{_TAIL}+|(?<=\.io)(?![\w-]))"
    rf"|(?<![\w@./:-])www\.[\w-]{{1,63}}\.{_TAIL}+",
    re.IGNORECASE,
)
# A text without any of these holds no link: lets whole columns be passed over.
URL_HINT = r"(?i)://|git@|www\.|\.(?:com|org|co|be|ly|gl|io|science)"
# Nor does a stretch without any of these. A set of characters is searched for ten times as fast as other patterns.
_MARK = re.compile(r"[.:@]\S")

_ESCAPED = re.compile(r"\\([_%#&~])")
_TRAILING = ".,;:!?'\"~*$_\\"
# Of words in lower case: a pattern for either case takes twice as long.
_OURS = re.compile(
    r"\b(?:our|the|all|project|source|its|this)?(?:code|codes|codebase|implementation|software|package|repository|repo|toolkit"
    r"|library|data|dataset|datasets|models?|weights|checkpoints|project page|project website|website"
    r"|homepage|demo|page|resources?)\b"
    r".{0,120}?\b(?:available|released?|releasing|found|accessible|provided?|open-?sourced?|public|published|at|here|:)",
    re.DOTALL,
)
_THEIRS = re.compile(
    r"\b(?:built (?:up)?on|based on|builds on|using|forked from|compared? (?:to|with)|adapted from"
    r"|baselines? from|provided by)\b"
)
_DEMO = re.compile(r"\b(?:demo|trial|try (?:it|our)|playground)\b")

_TWO_WORDS = re.compile(r"\w\W+\w")
_BETWEEN_LINKS = re.compile(r"(?<![\s;,])[\s;,]+(?=(?:https?://|git@|www\.))")

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
    """Start, end and canonical form of each URL in a text."""
    matches = chain.from_iterable(_URL.finditer(text, start, end) for start, end in _stretches(text))
    for match in islice(matches, MAX_URLS):
        start, end = match.start(), _trimmed_end(text, match.start(), match.end())
        target = canonical(_ESCAPED.sub(r"\1", text[start:end]))
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
    """The end of a URL less the punctuation of the sentence around it."""
    unopened = text.count(")", start, end) - text.count("(", start, end)
    while end > start and (text[end - 1] in _TRAILING or (text[end - 1] == ")" and unopened > 0)):
        unopened -= text[end - 1] == ")"
        end -= 1
    opening = text.find("(", start, end)
    return opening if opening >= 0 and text.find(")", opening, end) < 0 else end


def links_in_text(text: str) -> list[Link]:
    """The links of an abstract or comment, each once, with the sentence that names it."""
    found = list(find_urls(text))
    spans = list(sentences(text)) if found else []
    links: dict[str, Link] = {}
    for start, end, target in found:
        link = _link(text, start, end, target, spans)
        held = links.get(target.key)
        if held is None or (link.is_official and not held.is_official):
            links[target.key] = link
    return list(links.values())


def _link(text: str, start: int, end: int, target: Canonical, spans: list[tuple[int, int]]) -> Link:
    first, last = _sentence(start, end, spans)
    if last - first > MAX_EVIDENCE:
        first, last = max(first, start - MAX_EVIDENCE // 3), min(last, end + MAX_EVIDENCE // 3)
    evidence = text[first:last]
    around = text[first:start] + " " + text[end:last]
    is_bare = not _TWO_WORDS.search(around)
    is_official = _is_official(text[first:start].casefold(), around.casefold())
    kind = target.kind
    if kind == "project_page" and target.repository_url is None and _DEMO.search(around.casefold()):
        kind = "demo"
    confidence = {True: 0.95, None: 0.8, False: 0.5}[is_official]
    kind_of_evidence = "abstract_url" if is_bare else "abstract_sentence"
    return Link(target, kind, start, end, evidence, kind_of_evidence, confidence, is_official)


def _sentence(start: int, end: int, spans: list[tuple[int, int]]) -> tuple[int, int]:
    """The sentence that holds a link; the link alone where none does."""
    place = bisect(spans, start, key=itemgetter(0)) - 1
    return spans[place] if place >= 0 and end <= spans[place][1] else (start, end)


def _is_official(before: str, around: str) -> bool | None:
    """Whether the words around a link call its target the authors' own; None where they do not say."""
    if _OURS.search(before + " at"):
        return True
    return False if _THEIRS.search(around) else None


# A field that is nothing but the canonical URL of a repository on GitHub, in which nothing has to be looked for.
PLAIN_REPOSITORY = r"https://github\.com/([A-Za-z0-9][A-Za-z0-9_.-]{0,79})/([A-Za-z0-9_.-]{0,99}[A-Za-z0-9-])"
_PLAIN_REPOSITORY = re.compile(PLAIN_REPOSITORY)


def links_in_cell(cell: str) -> list[Canonical]:
    """The links of a field that should hold nothing else; blanks inside a URL are mistakes."""
    plain = _PLAIN_REPOSITORY.fullmatch(cell)
    if plain and plain[1].lower() not in NOT_OWNERS and not cell.endswith(".git"):
        return [Canonical(cell, f"github.com/{plain[1]}/{plain[2]}".lower(), "repository", cell)]
    pieces = (re.sub(r"\s+", "", piece) for piece in _BETWEEN_LINKS.split(cell, maxsplit=MAX_URLS))
    targets: dict[str, Canonical] = {}
    for _, _, target in islice(chain.from_iterable(map(find_urls, pieces)), MAX_URLS):
        targets.setdefault(target.key, target)
    return list(targets.values())
