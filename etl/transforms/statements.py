"""What a text says about code, beyond its links: promised, on request, or claimed without saying where."""

from __future__ import annotations

import re

from etl.transforms.links import find_urls
from etl.transforms.sentences import sentences

_CODE = r"\b(?:codes?|codebase|implementations?|software|(?:training |evaluation )?scripts?)\b"
_GAP = r"[^.!?]{0,80}?"
_GIVE = r"(?:release|open-?source|publish|share|make|provide)"
# All of words in lower case: a pattern for either case takes twice as long.
_SAYS_CODE = re.compile(_CODE)
_REQUEST = re.compile(rf"{_CODE}{_GAP}\b(?:up)?on (?:reasonable )?request\b")
_PROMISE = re.compile(
    rf"{_CODE}{_GAP}\b(?:will|shall|to) (?:soon |also |all )?be (?:\w+ )?(?:\w+ )?"
    r"(?:released?|available|open-?sourced|published|public|shared|provided|made)\b"
    rf"|\b(?:will|plan to|intend to|are going to) (?:\w+ )?{_GIVE}{_GAP}{_CODE}"
    rf"|{_CODE}{_GAP}\b(?:coming soon|(?:available|released) soon|(?:upon|on|after) (?:acceptance|publication))\b"
)
_CLAIM = re.compile(
    rf"{_CODE}{_GAP}\b(?:is|are|has been|have been)\b(?: \w+){{0,3}}? "
    r"(?:available|released|open-?sourced?|published|public|provided|shared)\b"
    rf"|\b(?:we|and) (?:\w+ )?{_GIVE} {_GAP}{_CODE}"
    rf"|{_CODE} (?:\w+ )?(?:publicly |freely )?available\b"
)
_NOT_CODE = re.compile(r"\b(?:source codes? of|code generation|code completion|pseudo-?code)\b")


def _for_columns(*patterns: re.Pattern[str]) -> str:
    """One pattern for Polars that finds every text in which one of these finds something, and few others.

    Gaps without a limit and borders of ASCII words let it read each character once.
    """
    wider = "|".join(pattern.pattern for pattern in patterns).replace(_GAP, "[^.!?]*")
    return "(?i)" + wider.replace(r"\b", r"(?-u:\b)").replace(r"\w+", "[^ ]+")


# A text that one of these does not find says nothing about code. The first are the cheapest.
HINTS = (
    r"(?i)(?-u:\b)(?:codes?|codebase|implementations?|software|scripts?)(?-u:\b)",
    r"(?i)releas|availab|open-?sourc|publish|public|provid|request|soon|share",
    _for_columns(_REQUEST, _PROMISE, _CLAIM),
)
# No abstract is half as long; what follows is not looked at.
MAX_TEXT = 20_000
_CODE_WORDS = ("code", "implementation", "software", "script")


def code_statement(text: str) -> tuple[str, str | None]:
    """What a text without a repository link says about code, and the sentence that says it.

    `promised` wins over `on_request`, which wins over `claimed_without_link`; else `none`.
    """
    found: dict[str, str] = {}
    for start, end in sentences(text[:MAX_TEXT]):
        sentence = text[start:end]
        statement = _of_sentence(sentence)
        if statement:
            found.setdefault(statement, sentence)
    for statement in ("promised", "on_request", "claimed_without_link"):
        if statement in found:
            return statement, found[statement]
    return "none", None


def _of_sentence(sentence: str) -> str | None:
    words = sentence.casefold()
    if not any(word in words for word in _CODE_WORDS) or not _SAYS_CODE.search(words):
        return None
    if _PROMISE.search(words):
        return "promised"
    if _REQUEST.search(words):
        return "on_request"
    if _CLAIM.search(words) and not _NOT_CODE.search(words) and not any(find_urls(sentence)):
        return "claimed_without_link"
    return None
