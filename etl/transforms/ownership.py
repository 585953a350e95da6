"""Whose a link is, as the words around it tell: the authors' own, or something that they used or compare with."""

from __future__ import annotations

import re

# How often a repository is the paper's own where the words say so, say nothing, or say otherwise: measured, see
# docs/links.md. What had to be joined from pieces may be wrong besides.
CONFIDENCE: dict[bool | None, float] = {True: 0.98, None: 0.9, False: 0.2}
OF_JOINED = 0.9

_RESOURCE = (
    r"(?:codes?|codebase|implementations?|software|packages?|repositor(?:y|ies)|repo|toolkit|toolbox"
    r"|library|scripts?|data"
    r"|datasets?|corpus|corpora|benchmarks?|models?|weights|checkpoints|(?:project|web|home|demo)[ -]?(?:page|site)"
    r"|project|demos?|videos?|resources?|materials?|artifacts?|artefacts?|results|tools?|details"
    r"|information|plugin|simulator"
    r"|sources?|github|gitlab|page|link|url|notebooks?|annotations?|appendix|lists?|papers?)"
)
_GIVEN = (
    r"(?:available|releas\w+|found|accessible|accessed|provided?|open[- ]?sourc\w+|public|publicly"
    r"|publish\w*|shared?|hosted"
    r"|download\w*|obtained|deposited|maintain\w*|visit|see|view|viewed|online|checked?|located|refer|installed|updated"
    r"|organi[sz]ed|created|tried|try|track|distributed|made|access|go)"
)
# All of words in lower case: a pattern for either case takes twice as long.
_OURS = re.compile(
    rf"\b{_GIVEN}\b|\b{_RESOURCE}\b[^.;]{{0,40}}?(?::|\bat\b|\bhere\b|\b(?:is|are) (?:at|in|on"
    rf"|under)?\W*\Z)|\b{_RESOURCE}\W*\Z"
    r"|\b(?:we|paper|work) (?:\w+ )?(?:propose|present|introduce|develop|built|build|describe|design|created?)s?\b"
)
_BEFORE = re.compile(rf"\b{_RESOURCE}\b[^.;]{{0,60}}\b{_GIVEN}\b|\b{_GIVEN}\b[^.;]{{0,60}}\b{_RESOURCE}\b")
# What was used or compared with stands right before its link, with nothing but its name between.
_NAME = r"(?:(?!\bat\b|\bhere\b|\bpage\b|\bsite\b)[^.;:,]){0,50}\Z"
_THEIRS = re.compile(
    r"\b(?:(?:build|builds|built|building) (?:up)?on(?: top of)?|based (?:up)?on|fork(?:ed)? (?:of|from)"
    r"|extends?|extending"
    r"|extension (?:of|to|for)|modified (?:version of|from)|adapted from|derived from|compar\w+ (?:to|with|against)"
    r"|implemented (?:in|with|on top of)|integrated (?:in|into|with)|(?:contributed|added|merged) (?:to|into)"
    rf"|baselines? (?:from|of|by)|provided by|developed by|inspired by|powered by|using the){_NAME}"
)
_USED = re.compile(
    r"\b(?:using|use|uses|used|utili[sz]\w+|leverag\w+|such as|like|including|hosted by|trained (?:with"
    r"|by)|apply|applied to"
    r"|(?:taken|collected|crawled|mined|downloaded|obtained|extracted|imported) from|evaluat\w+ on"
    r"|experiments? (?:on|with)"
    rf"|advanced|popular|original){_NAME}"
)
_OWN = re.compile(r"\b(?:our|us|code|codes|sources?|releas\w+|available|open-?sourced?|repository|implementation)\b")
_OTHERS = re.compile(
    r"\b(?:we|is|are|was|were|been) (?:\w+ )?(?:use|used|evaluate|evaluated|test|tested|train|trained"
    r"|analy[sz]ed?|collect(?:ed)?"
    r"|mined?|crawl(?:ed)?|extract(?:ed)?)\b"
)
_RELEASED = re.compile(r"\b(?:our|releas\w+|open-?sourc\w+|provide|share|publish|made|make)\b")
_WINDOW = 240


def is_official(before: str, after: str, previous: str = "") -> bool | None:
    """Whether the words around a link call its target the authors' own; None where they do not say.

    `before` and `after` are the rest of the link's sentence, `previous` is the one before a link that stands alone.
    """
    words = before[-_WINDOW:].casefold()
    if _THEIRS.search(words) or (_USED.search(words) and not _OWN.search(words)):
        return False
    if _OTHERS.search(words) and not _RELEASED.search(words):
        return None
    if _OURS.search(words) or _OURS.match(after[:_WINDOW].casefold().lstrip(" )],:-{}")):
        return True
    return True if previous and _BEFORE.search(previous[-_WINDOW:].casefold()) else None
