"""What a text says about code, beyond its links: promised, on request, or claimed without saying where."""

from __future__ import annotations

import re

from etl.transforms.links import find_urls
from etl.transforms.sentences import sentences

# A text without both says nothing about code: lets whole columns be passed over.
CODE_HINT = r"(?i)\b(?:codes?|codebase|implementations?|software|scripts?)\b"
GIVING_HINT = r"(?i)releas|availab|open-?sourc|publish|public|provid|request|soon|share"

_CODE = r"\b(?:codes?|codebase|implementations?|software|(?:training |evaluation )?scripts?)\b"
_GAP = r"[^.!?]{0,80}?"
_GIVE = r"(?:release|open-?source|publish|share|make|provide)"
_SAYS_CODE = re.compile(_CODE, re.IGNORECASE)
_REQUEST = re.compile(rf"{_CODE}{_GAP}\b(?:up)?on (?:reasonable )?request\b", re.IGNORECASE)
_PROMISE = re.compile(
    rf"{_CODE}{_GAP}\b(?:will|shall|to) (?:soon |also |all )?be (?:\w+ )?(?:\w+ )?"
    r"(?:released?|available|open-?sourced|published|public|shared|provided|made)\b"
    rf"|\b(?:will|plan to|intend to|are going to) (?:\w+ )?{_GIVE}{_GAP}{_CODE}"
    rf"|{_CODE}{_GAP}\b(?:coming soon|(?:available|released) soon|(?:upon|on|after) (?:acceptance|publication))\b",
    re.IGNORECASE,
)
_CLAIM = re.compile(
    rf"{_CODE}{_GAP}\b(?:is|are|has been|have been)\b(?: \w+){{0,3}}? "
    r"(?:available|released|open-?sourced?|published|public|provided|shared)\b"
    rf"|\b(?:we|and) (?:\w+ )?{_GIVE} {_GAP}{_CODE}"
    rf"|{_CODE} (?:\w+ )?(?:publicly |freely )?available\b",
    re.IGNORECASE,
)
_NOT_CODE = re.compile(r"\b(?:source codes? of|code generation|code completion|pseudo-?code)\b", re.IGNORECASE)


def code_statement(text: str) -> tuple[str, str | None]:
    """What a text without a repository link says about code, and the sentence that says it.

    `promised` wins over `on_request`, which wins over `claimed_without_link`; else `none`.
    """
    found: dict[str, str] = {}
    for start, end in sentences(text):
        sentence = text[start:end]
        statement = _of_sentence(sentence)
        if statement:
            found.setdefault(statement, sentence)
    for statement in ("promised", "on_request", "claimed_without_link"):
        if statement in found:
            return statement, found[statement]
    return "none", None


def _of_sentence(sentence: str) -> str | None:
    if not _SAYS_CODE.search(sentence):
        return None
    if _PROMISE.search(sentence):
        return "promised"
    if _REQUEST.search(sentence):
        return "on_request"
    if _CLAIM.search(sentence) and not _NOT_CODE.search(sentence) and not any(find_urls(sentence)):
        return "claimed_without_link"
    return None
