"""What a text says about code, beyond its links: promised, on request, or claimed without saying where."""

from __future__ import annotations

import re

import polars as pl

from etl.transforms.links import find_urls
from etl.transforms.sentences import sentences

# All patterns are for words in lower case: those for either case take twice as long. No part of one is unlimited.
# What a code is that no program is, or that is not the paper's.
_NOT_CODE = (
    r"(?![- ](?:generation|completion|review|reviews|snippets?|examples?|clones?|smells?|changes?|search"
    r"|summari\w+|translation"
    r"|understanding|quality|analysis|metrics|comments?|repair|rates?|words?|length|division|switching"
    r"|mixed|mixing|llms?"
    r"|models?|agents?|reasoning|editing|intelligence|obfuscation|coverage|injection|of conduct|samples?|fragments?"
    r"|repositories|authorship|specifications?|details|issues|costs?|structure|commits?|tokens?|data|bugs?|reuse)\b)"
)
_CODE = (
    r"\b(?:(?:source[- ]?)?codes?(?:[- ]?bases?)?|implementations?|scripts|notebooks?|source files|repo(?:sitory)?)\b"
    + _NOT_CODE
)
_TOOL_NOUNS = (
    r"software|toolkit|toolbox|toolset|toolchain|tools?|librar(?:y|ies)|packages?|frameworks?|prototype"
    r"|plug-?ins?|pipelines?"
    r"|simulators?|platform|artifacts?|artefacts?|solver|compiler|executables?|binaries|testbed|middleware|extension"
)
_TOOL = rf"\b(?:{_TOOL_NOUNS})\b"
# What only counts where it is released or open source.
_THING = (
    rf"\b(?:{_TOOL_NOUNS}|programs?|app|applications?|systems?|environments?|project|modules?|design|methods?|interface"
    r"|infrastructure|components?|algorithms?|resources|materials|studio)\b"
)
_ANY = rf"(?:{_CODE}|{_THING})"
_GAP = r"[^.!?;]{0,100}?"
_SHORT_GAP = r"[^.!?;]{0,40}?"
# The words of an object before its noun: no preposition leads to another.
_OBJECT = r"(?:(?!(?:of|for|on|to|in|with|that|which|by|from|as|via|using|than)\b)[^\s.!?;]{1,30} ){0,9}"
_HOW = (
    r"(?:(?:\w{1,12}ly|also|all|soon|then|both|now|fully|further|fully|made|be|been|being|an?|as|well|open"
    r"|free|implemented|and) ){0,5}"
)
_OPEN = r"open[- ]?sourced?"
_GIVEN = (
    rf"(?:(?:open-)?releas(?:ed|able)|available|avaliable|{_OPEN}|published|public|shared|provided|downloadable"
    rf"|accessible|uploaded|opened|online)\b"
)
_WILL = r"\b(?:will|shall|to|going to)(?: \w{1,12}){0,2}? (?:be|become)\b"
_INTEND = (
    r"\b(?:will|shall|'ll|plan(?:ning)? (?:to|on)|intend to|are going to|aim to|promise to|committed to"
    r"|commit to|hope to"
    r"|pledge to|would like to|expect to)"
)
_GIVING = (
    r"(?:releas(?:e|ing)|open[- ]?sourc(?:e|ing)|publish(?:ing)?|shar(?:e|ing)|provid(?:e|ing)|upload(?:ing)?"
    r"|distribut(?:e|ing)|disclos(?:e|ing)|opening|contribut(?:e|ing)|includ(?:e|ing))"
)
_LATER = (
    r"(?:(?<!as )soon\b(?! after| as)|(?:up)?on (?:paper |the )?(?:acceptance|publication)|(?:after"
    r"|following|once|when|upon|on|until)\b[^.!?;]{0,30}"
    r"(?:accept(?:ed|ance)|publication|published|publishing|review))"
)
_OF_AUTHORS = (
    r"(?:(?:up)?on (?:an? |any |the |simple |reasonable |academic |direct |e-?mail |author'?s?"
    r" )*requests?\b(?! basis)|by (?:\w+ )?(?:request|e-?mail)\b|(?:from|by contacting|contact|by writing"
    r" to|by emailing) "
    r"(?:the )?(?:corresponding |first |lead |second |last )?authors?\b(?!['’]?s?['’]? (?:web|home|page|site|git)))"
)

_REQUEST = re.compile(rf"(?:{_CODE}|{_TOOL})[^.!?;]{{0,140}}?\b{_OF_AUTHORS}|\b(?:up)?on request\b{_GAP}{_CODE}")
_PROMISE = re.compile(
    rf"{_CODE}{_GAP}{_WILL} {_HOW}{_GIVEN}"
    rf"|{_THING}{_GAP}\b(?:will|shall)(?: \w{{1,12}}){{0,2}}? be {_HOW}(?:{_OPEN}|released|(?:publicly"
    rf"|freely|openly) (?:available|accessible|released|shared))"
    rf"|{_TOOL}{_GAP}\bwill be (?:made )?(?:\w{{1,12}}ly |soon |also |then )?available\b"
    rf"|{_INTEND} {_HOW}{_GIVING}(?: up)? {_OBJECT}{_CODE}"
    rf"|{_INTEND} {_HOW}mak(?:e|ing) {_OBJECT}{_ANY}{_GAP}\b(?:available|public|{_OPEN}|accessible)\b"
    rf"|{_INTEND} {_HOW}(?:releas(?:e|ing)|open[- ]?sourc(?:e|ing)) {_OBJECT}(?:{_THING}|{_OPEN})"
    rf"|{_INTEND} {_HOW}open[- ]?sourc(?:e|ing) (?![^.!?;]{{0,40}}\b(?:data\w*|models?|weights|corpus|benchmarks?)\b)\S"
    rf"|\b(?:will|shall)(?: \w{{1,12}}){{0,2}}? be {_HOW}(?:released|shared|published|available|made)?(?:"
    rf" as)?(?: an?)? ?(?:free and )?{_OPEN}"
    rf"(?! (?:\S{{1,20}} ){{0,2}}?(?:data\w*|initiative|models?)\b)"
    rf"|{_INTEND} be {_GIVING} (?:all of )?{_OBJECT}{_CODE}"
    rf"|{_INTEND}{_SHORT_GAP}\brelease of {_OBJECT}{_CODE}"
    rf"|{_CODE}{_GAP}\b{_LATER}"
    rf"|\b{_LATER}{_SHORT_GAP}{_CODE}{_SHORT_GAP}\b{_GIVEN}"
)
_IS = r"(?<![a-z] which )(?<![a-z] that )\b(?:is|are|has been|have been|was|were|being)"
_WE = (
    r"\b(?:we|authors|paper|work|article|report|study)"
    r"(?: (?:\w{1,12}ly|also|then|now|have|has|further|hereby|here|thus|both|had|\w{1,12} and)){0,3} "
)
_RELEASE = r"(?:re-?leas(?:e[sd]?|ing)|open[- ]?sourc(?:e[sd]?|ing))"
_SHARE = r"(?:publish(?:e[sd])?|shar(?:e[sd]?|ing)|distributes?|upload(?:s|ed)?|discloses?|open(?:s|ed)?(?: up)?)"
_PUBLISHED = r"(?:releas|publish|provid|offer|deliver|contribut|announc)(?:e|es|ed|s|ing)?"
_OFFER = r"(?:provide|offer|contribute|include|give|supply)[sd]?"
_NO_DATA = r"(?! (?:[^\s.!?;]{1,20} ){0,3}?(?:data\w*|models?|weights|corp(?:us|ora)|benchmarks?|llms?)\b)"
_HOSTS = (
    r"(?:github|gitlab|bitbucket|pypi|cran|bioconductor|sourceforge|python package index|conda|docker ?hub"
    r"|apache|mit|l?gpl\S{0,4}"
    r"|bsd|creative commons)"
)
_FREELY = r"(?:publicly|freely|openly)[- ](?:\w{1,12} )?(?:available|accessible|released|shared|downloadable)"
_SOME = r"(?:[^\s.!?;]{1,20} ){0,5}?"
_OPENED = ("open source", "open-source", "opensource")
_CODE_WORDS = ("code", "implementation", "script", "notebook", "source file", "repo")
# Each with what a sentence holds in which it may be found: to look for that takes a tenth of the time.
_CLAIMS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    # Our code is available; we release the code; code: here.
    (
        _CODE_WORDS,
        re.compile(
            rf"\b(?:source[- ]?)?(?:codes?(?:[- ]?bases?)?|scripts|notebooks?|source files"
            rf"|repo(?:sitory)?)\b{_NOT_CODE}{_GAP}{_IS} "
            rf"{_HOW}(?:provided|found|included|hosted|contained|attached|deposited|maintained|located|here"
            rf"|at|in the supp\w+)\b"
            rf"|{_CODE}{_GAP}{_IS} {_HOW}(?!provided){_GIVEN}"
            rf"|{_WE}{_HOW}(?:{_RELEASE}|{_SHARE}) {_OBJECT}{_CODE}"
            rf"|{_WE}{_HOW}{_OFFER} {_OBJECT}(?:\b(?:source )?codes?\b|\bcode-?bases?\b|\bscripts\b|\bnotebooks?\b"
            rf"|\b(?:public|open)\w* {_OBJECT}\bimplementations?\b){_NOT_CODE}"
            rf"|\bmakes? (?:\w{{1,12}}ly )?available {_OBJECT}{_CODE}"
            rf"|\b(?:by|and|are) (?:\w{{1,12}}ly )?(?:{_RELEASE}|sharing) {_OBJECT}{_CODE}"
            rf"|\b(?:the|our|all) (?:\w{{1,12}}ly )?(?:released|open-sourced|shared|accompanying)"
            rf" {_OBJECT}\bcodes?\b{_NOT_CODE}"
            r"|^\W*(?:(?:source|our|the|all|full|complete|python|matlab|pytorch|data|models?|dataset|and"
            r"|&) ){0,3}codes?\b"
            rf"{_NOT_CODE}"
            r"(?:[^.!?;]{0,40}?\bavailable|\s{0,3}(?::|here\b))"
        ),
    ),
    # The toolbox is freely available.
    (
        ("released", "publicly", "freely", "openly", "downloadable", "available "),
        re.compile(
            rf"(?:\b(?:the|our|this|its|an?|all)(?: [^\s.!?;]{{1,20}}){{0,5}}? |^\W*)(?:"
            rf"{_THING}{_SHORT_GAP}{_IS} {_HOW}(?:released\b|{_FREELY})"
            rf"|{_TOOL}{_SHORT_GAP}{_IS} {_HOW}(?:downloadable|available (?:online|for (?:free|download\w*)"
            rf"|as {_OPEN}|under|on"
            rf"|through|via|from"
            r"|in (?:the )?(?:public|open|supp\w+))))"
            rf"|\bour (?:new )?(?:freely|publicly|openly)[- ]available {_SOME}{_ANY}"
        ),
    ),
    # The framework is available on GitHub.
    (
        (
            *_OPENED,
            "git",
            "bitbucket",
            "pypi",
            "cran",
            "package index",
            "bioconductor",
            "forge",
            "conda",
            "docker",
            "licen",
        ),
        re.compile(
            rf"{_IS} {_HOW}(?:available|released|published|shared|distributed|hosted|accessible|found|deposited)\b"
            rf"[^.!?;]{{0,50}}\b(?:{_HOSTS}\b|{_OPEN}\b{_NO_DATA})"
        ),
    ),
    # We release the toolbox.
    (
        ("release", "releasing", *_OPENED),
        re.compile(
            rf"{_WE}{_HOW}{_RELEASE} {_OBJECT}(?:as (?:an? )?{_OBJECT})?(?:{_THING}|{_OPEN}{_NO_DATA})"
            rf"|\b{_RELEASE} (?:it |them )?(?:as )?(?:an? )?{_OPEN}{_NO_DATA}"
        ),
    ),
    # We provide an open-source library; the method is open source. To be called so alone says nothing: many tools are.
    (
        _OPENED,
        re.compile(
            rf"{_WE}{_HOW}{_PUBLISHED} {_OBJECT}(?:as (?:an? )?)?{_OPEN}{_NO_DATA},? {_SOME}{_ANY}"
            rf"|{_WE}{_HOW}{_OFFER} {_OBJECT}{_OPEN} {_OBJECT}{_ANY}"
            rf"|\b(?:the|our|this|its|an?|all)(?: [^\s.!?;]{{1,20}}){{0,5}}? {_THING}{_SHORT_GAP}{_IS}"
            rf" {_HOW}(?:open[- ]?sourced\b|{_OPEN}\b(?! [a-z]))"
            rf"|{_IS} {_OPEN} (?:software )?(?:and|,) (?:\w{{1,12}} )?(?:freely|publicly|available)"
        ),
    ),
    # We make all of it available.
    (
        ("make", "making", "made"),
        re.compile(
            rf"\b(?:we|and|by|to|authors?|also)(?: \w{{1,12}}){{0,2}}? (?:make|making|made) {_OBJECT}{_ANY}{_GAP}"
            rf"\b(?:available|public|{_OPEN}|accessible)\b"
        ),
    ),
)
# The clause speaks of others' code, of what should be, or of what is not.
_NEGATED = re.compile(
    r"\b(?:no|not|never|without|lacks?|neither|nor|unavailable|cannot|n't|few|unless|if|whether|when(?!"
    r" accepted)|whenever|whose|closed)\b"
)
_GENERIC = re.compile(
    r"\b(?:should|must|could|would|might|ought|needs?|required?|recommend\w*|suggest\w*|typically|often"
    r"|usually|generally"
    r"|rarely|frequently|sometimes|expected|how|even though|limited|each new|every)\b"
)

# Of data and models alone nothing is said of code.
_DATA = re.compile(r"\b(?:data\w*|benchmarks?|models?|weights|corp(?:us|ora)|checkpoints)\b")
_NAMES_CODE = re.compile(rf"{_ANY}|\b(?:methodology|approach|techniques?)\b")


# A text in which none of the first or none of the second is found says nothing of code: whole columns are passed over.
# They know no more of a statement than that its noun and verb stand in one clause.
_CODE_STEM = (
    r"\b(?:(?:source[- ]?)?codes?|code-?bases?|codebases?|implementations?|scripts|notebooks?|source files"
    r"|repo|repository)\b"
)
_GIVING_STEM = (
    r"(?:releas|availab|avaliab|open|publi|shar|provid|request|soon|upload|distribut|disclos|includ"
    r"|contain|found|host|attach"
    r"|deposit|maintain|locat|here|accept|review|authors?|online|download|accessib|contribut|offer|give|suppl|\bat\b|:)"
)
_OPEN_STEM = r"(?:releas|publicly|freely|openly|open[- ]?sourc)"
_TOOL_STEM = (
    r"(?:downloadable|request|authors?|available (?:online|for|as|under|on|through|via|from|in)"
    r"|(?:be|made|ly|soon|also|then) available)"
)
_CLAUSE = "[^.!?;]*"
HINTS: tuple[tuple[str, ...], ...] = tuple(
    tuple("(?i)" + pattern.replace(r"\b", r"(?-u:\b)") for pattern in patterns)
    for patterns in (
        (
            r"releas|availab|avaliab|open[- ]?sourc|publi[cs]|shar|request|soon|codes?\b|code-?base"
            r"|scripts|notebook|accept|authors?\b",
        ),
        (
            rf"{_CODE_STEM}{_CLAUSE}{_GIVING_STEM}",
            rf"{_GIVING_STEM}{_CLAUSE}{_CODE_STEM}",
            rf"{_THING}{_CLAUSE}{_OPEN_STEM}",
            rf"{_OPEN_STEM}{_CLAUSE}{_THING}",
            rf"{_TOOL}{_CLAUSE}{_TOOL_STEM}",
            rf"{_TOOL_STEM}{_CLAUSE}{_TOOL}",
            rf"\b(?:make|making|made)\b{_CLAUSE}(?:available|public|accessible)",
            rf"\b{_HOSTS}\b",
            r"open[- ]?sourc",
        ),
    )
)
# What a sentence holds that says anything: to look for these takes a hundredth of the time.
_STEMS = (
    *(
        "code",
        "implementation",
        "script",
        "notebook",
        "source",
        "repo",
        "releas",
        "publicly",
        "freely",
        "openly",
        "downloadable",
    ),
    *(
        "available",
        "request",
        "author",
        "make",
        "making",
        "made",
        "git",
        "bitbucket",
        "pypi",
        "cran",
        "forge",
        "conda",
        "docker",
        "licen",
    ),
)
# No abstract is half as long; what follows is not looked at.
MAX_TEXT = 20_000

# What a sentence holds that one of the patterns finds: to look for these takes a tenth of the time.
_ASKED = ("request", "author", "mail")
_FUTURE = (
    *(
        "will",
        "shall",
        "'ll",
        "plan",
        "intend",
        "going to",
        "aim to",
        "promise",
        "commit",
        "hope to",
        "pledge",
        "like to",
    ),
    *("expect to", "soon", "accept", "publi", "review", "to be"),
)


def candidates(texts: pl.DataFrame) -> pl.DataFrame:
    """The rows whose `text` may say something about code: all that do, and few others."""
    for hints in HINTS:
        texts = texts.filter(pl.any_horizontal(pl.col("text").str.contains(hint) for hint in hints))
    return texts


def code_statement(text: str) -> tuple[str, str | None]:
    """What a text without a repository link says about code, and the sentence that says it.

    `promised` wins over `on_request`, which wins over `claimed_without_link`; else `none`.
    """
    found: dict[str, str] = {}
    for start, end in sentences(text[:MAX_TEXT]):
        sentence = text[start:end]
        statement = sentence_statement(sentence)
        if statement:
            found.setdefault(statement, sentence)
    for statement in ("promised", "on_request", "claimed_without_link"):
        if statement in found:
            return statement, found[statement]
    return "none", None


def sentence_statement(sentence: str) -> str | None:
    """What one sentence says about code; None where it says nothing."""
    words = sentence.casefold()
    if not _holds(words, _STEMS):
        return None
    if _holds(words, _ASKED) and _is_said(_REQUEST, words):
        return "on_request"
    if _holds(words, _FUTURE) and _is_said(_PROMISE, words):
        return "promised"
    claims = any(_holds(words, stems) and _is_said(claim, words) for stems, claim in _CLAIMS)
    if claims and not any(find_urls(sentence)):
        return "claimed_without_link"
    return None


def _holds(words: str, stems: tuple[str, ...]) -> bool:
    for stem in stems:  # noqa: SIM110 - any() takes three times as long
        if stem in words:
            return True
    return False


def _is_said(pattern: re.Pattern[str], words: str) -> bool:
    """Whether a pattern is found in words that neither deny nor generalise it."""
    found = pattern.search(words)
    if found is None:
        return False
    if _DATA.search(words) and not _NAMES_CODE.search(words):
        return False
    around = words[max(0, found.start() - 60) : found.end()]
    return not (_NEGATED.search(around) or _GENERIC.search(around))
