"""URLs that a line break or a typesetter cut in pieces: which belong together for certain, and which may not."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Takes the place of a blank inside a URL, so that all characters keep their places. It is a control: texts hold none.
JOINED = "\x1a"

# Where a URL may be cut, and the host before; only so much before a cut is looked at.
_CUT = re.compile(r"[/-](?=\s)")
_MAX_BEFORE = 300
_SHORTEST = len("hf.co")
_PATH = re.compile(
    rf"(?:(?:github|gitlab)\.{JOINED}{{0,3}}com|bitbucket\.{JOINED}{{0,3}}org|codeberg\.org|anonymous\.4open\.science"
    rf"|(?:huggingface|hf)\.{JOINED}{{0,3}}co(?:/datasets|/spaces)?)"
    r"/((?:[\w.~\\-]{1,100}/)?(?:[\w.\\-]{1,100}-)?)\Z",
    re.IGNORECASE,
)
_CUT_HOST = re.compile(r"(?<=\.)\s{1,3}(?=(?:com|io|org|co)/\w)")
_TOPS = tuple(f"{blank}{top}/" for blank in " \n" for top in ("com", "io", "org", "co"))
_HOST_NAMES = ("github.", "gitlab.", "bitbucket.", "huggingface.")
_NEXT = re.compile(r"\s{1,3}([\w.~/\\-]{1,200})(?!\w)(.?)([a-z]*)")
# What names have and English words have not: a digit, an underscore, capitals or a hyphen inside.
_ODD = re.compile(r"[0-9_]|[a-z][A-Z]|[A-Z]{2}|\w-\w|\w\.\w")
# Words that go on with the sentence after a hyphen at the end of a name.
_WORDS = frozenset(
    "a an and are as at by can for from in is it of on or our soon that the this to under upon was we where which will "
    "with".split()
)
_MAX_JOINS = 4


def mended(text: str) -> str:
    """The text with each blank that certainly stands inside a URL replaced by `JOINED`.

    Certain are a host cut at its dot; `github.com/` before `owner/name`; `github.com/owner/` before a name at the end
    of its clause that is no plain word; and a hyphen at the end of a name before the rest of it. Anything else may be
    the next word of the sentence: the link is what stands before the blank.
    """
    if JOINED in text:
        text = text.replace(JOINED, " ")
    text = _joined(text, _inside_hosts(text))
    return _joined(text, _inside_paths(text))


def _joined(text: str, blanks: Iterator[tuple[int, int]]) -> str:
    pieces, done = [], 0
    for start, end in blanks:
        pieces += [text[done:start], JOINED * (end - start)]
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def _inside_hosts(text: str) -> Iterator[tuple[int, int]]:
    # To look for these takes a tenth of the time.
    if not any(top in text for top in _TOPS):
        return
    for cut in _CUT_HOST.finditer(text):
        if text[max(0, cut.start() - 12) : cut.start()].casefold().endswith(_HOST_NAMES):
            yield cut.span()


def _inside_paths(text: str) -> Iterator[tuple[int, int]]:
    done = 0
    for cut in _CUT.finditer(text):
        if cut.end() <= done:
            continue
        start = max(done, cut.end() - _MAX_BEFORE)
        start = max(start, text.rfind(" ", start, cut.end()), text.rfind("\n", start, cut.end()))
        if cut.end() - start > _SHORTEST and (path := _PATH.search(text, start, cut.end())):
            blanks, done = _after(path[1], text, cut.end())
            yield from blanks


def _after(path: str, text: str, end: int) -> tuple[list[tuple[int, int]], int]:
    """The blanks inside a URL from the end of its path on, and where it ends; none if the whole is doubtful."""
    blanks: list[tuple[int, int]] = []
    place = end
    while len(blanks) < _MAX_JOINS and (follows := _NEXT.match(text, place)):
        word = follows[1].rstrip(".")
        is_last = word != follows[1] or follows[2] in ("", *".,;:!?)]}'\"\n") or _goes_on(word, follows[3])
        if not _belongs(path, word, is_last=is_last):
            break
        blanks.append((place, follows.start(1)))
        path, place = path + word, follows.end(1)
        if not path.endswith(("/", "-")):
            return blanks, place
    return [], end


def _goes_on(word: str, after: str) -> bool:
    """Whether the sentence goes on behind a name: what has hyphens and is no name stands before its noun."""
    return after in _WORDS and not word.isalpha()


def _belongs(path: str, word: str, *, is_last: bool) -> bool:
    """Whether the word after a blank goes on with the path before it."""
    if path.endswith("-"):
        return word.casefold() not in _WORDS
    if not path:
        return ("/" in word.strip("/") and _ODD.search(word) is not None) or (word.endswith("/") and len(word) > 1)
    return _ODD.search(word) is not None and (is_last or "_" in word or word.endswith("-"))


_SCHEME = re.compile(r"(https?)\s*:\s*/\s*/\s*", re.IGNORECASE)
_LAST_WORD = re.compile(r"(?<=[/-])\s+(?=[\w.~-]+/?$)")
_NO_NAME = re.compile(
    r"\s*(?:$|[^\w\s]|(?:and|or|by|in|with|for|code|data|official|unofficial|project|repository|implementation)\b)",
    re.IGNORECASE,
)


def joined_cell(cell: str) -> str:
    """A field without the blanks of a broken scheme, and without those at a slash or hyphen before its last word."""
    return _LAST_WORD.sub("", _SCHEME.sub(r"\1://", cell.strip()))


def is_whole(cell: str, end: int) -> bool:
    """Whether a URL in a field ends where it seems to: a word behind a blank may be the rest of its name."""
    return not cell[end : end + 1].isspace() or _NO_NAME.match(cell, end) is not None
