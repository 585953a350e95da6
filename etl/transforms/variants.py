"""What the variants of one keyword share: a key, made of each word by rules, in time linear in its letters.

`data sets`, `data-set` and `dataset`, `behaviours` and `behavior`, `Bell's inequality` and `bell inequality` have one
key each. A key is no word: it only has to be the same for variants, and another one for other words.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import polars as pl

# Words that end as plurals do and are none, or whose plural ending tells them from another word.
_NO_PLURALS = frozenset(
    """
    adams aids alias always arkansas atlas bayes bias bios canvas chaos christmas corps cosmos dallas descartes
    diabetes ethos forbes gibbs hans herpes hobbes hodges hughes huygens jones kansas keynes laos lens lucas mars
    measles mercedes moses news pancreas pandas pathos perhaps physics rabies reynolds sars series siemens species
    stokes texas thermos thomas vegas whereas williams yates
    """.split()
)
# Counted things among the words in -ics, the others of which are fields of study.
_COUNTED_ICS = frozenset(
    """
    antibiotics ceramics characteristics classics clinics comics conics critics cubics diagnostics epidemics fabrics
    generics harmonics heuristics intrinsics logics lyrics metrics mics mosaics pandemics plastics quadrics statistics
    submetrics synthetics topics tropics
    """.split()
)
_SINGULARS = {
    plural: singular
    for plural, singular in (
        pair.split(":")
        for pair in """
        algae:alga alumni:alumnus analyses:analysis antennae:antenna apices:apex apis:api appendices:appendix
        atlases:atlas automata:automaton axes:axis bacilli:bacillus bacteria:bacterium bcis:bci biases:bias
        bonuses:bonus buses:bus calculi:calculus calves:calf campuses:campus canvases:canvas censuses:census
        children:child choruses:chorus circuses:circus codices:codex consensuses:consensus continua:continuum
        corpora:corpus corpuses:corpus cortices:cortex cpus:cpu crises:crisis criteria:criterion debiases:debias
        diagnoses:diagnosis echoes:echo elves:elf ephemerides:ephemeris equilibria:equilibrium errata:erratum
        extrema:extremum feet:foot fetuses:fetus foci:focus focuses:focus formulae:formula fungi:fungus
        ganglia:ganglion gases:gas geese:goose genera:genus genii:genius gpus:gpu guis:gui halves:half helices:helix
        heroes:hero hiatuses:hiatus hippocampi:hippocampus hypotheses:hypothesis indices:index knives:knife kpis:kpi
        larvae:larva leaves:leaf lemmata:lemma lenses:lens lives:life loaves:loaf loci:locus matrices:matrix
        maxima:maximum men:man menus:menu metamorphoses:metamorphosis mice:mouse microlenses:microlens
        millennia:millennium minima:minimum mitochondria:mitochondrion moduli:modulus momenta:momentum
        mosquitoes:mosquito nebulae:nebula npus:npu nuclei:nucleus octahedra:octahedron opera:opera optima:optimum
        osmoses:osmosis papyri:papyrus parentheses:parenthesis phenomena:phenomenon plateaux:plateau pois:poi
        polyhedra:polyhedron potatoes:potato prognoses:prognosis prostheses:prosthesis quanta:quantum quizzes:quiz
        radii:radius rois:roi scarves:scarf schemata:schema selves:self sheaves:sheaf shelves:shelf simplices:simplex
        spectra:spectrum statuses:status stimuli:stimulus strata:stratum supernovae:supernova symposia:symposium
        syntheses:synthesis taxa:taxon taxis:taxi teeth:tooth tetrahedra:tetrahedron theses:thesis thesauri:thesaurus
        tomatoes:tomato tori:torus tornadoes:tornado tpus:tpu uis:ui uteri:uterus vacua:vacuum vertebrae:vertebra
        vertices:vertex viruses:virus volcanoes:volcano vortices:vortex wives:wife wolves:wolf women:woman
        """.split()
    )
}
_IN_IES = ("movies", "cookies", "calories", "zombies")
# What a singular in -s may be the end of: `coronaviruses`, `eigenbases`.
_SINGULAR_ENDS = (("viruses", "virus"), ("analyses", "analysis"), ("hedra", "hedron"), ("lenses", "lens"))

# British spellings, each with the American one.
_OUR = re.compile(
    r"(behavi|neighb|endeav|demean|col|fav|lab|hum|tum|vap|flav|hon|harb|rum|vig|(?<![a-z])od|arm|sav|parl|ferv)our"
)
_ISE = re.compile(r"(?<=[a-z]{3})(i|y)s(?=(?:e|ed|er|ing|able|ation|ational)$)")
_ELL = re.compile(r"(?<=[a-z][^e]e)ll(?=(?:ing|ed|er)$)")
_ALL = re.compile(r"(sign|spir|initi|marsh|di|tot|equ)all(?=(?:ing|ed|er)$)")
_CENTRE = re.compile(r"(cent|met|fib|lit|theat|calib|lust|sab|omb|meag|spect)re(d?)$")
_PARTS = tuple(
    pair.split(":")
    for pair in """
    aemi:emi haemo:hemo haema:hema oedem:edem foet:fet paed:ped anaesth:anesth archae:arche oesoph:esoph oestr:estr
    gynaec:gynec diarrhoe:diarrhe caesar:cesar manoeuvre:maneuver manoeuver:maneuver maneuvre:maneuver
    manoeuvr:maneuver aetiolog:etiolog sulph:sulf aluminium:aluminum artefact:artifact ageing:aging judgement:judgment
    grey:gray mould:mold plough:plow parametriz:parameteriz fulfil:fulfill enrol:enroll skilful:skillful jewell:jewel
    defence:defense offence:offense licence:license practise:practice pretence:pretense focuss:focus programme:program
    """.split()
)
_LOGUE = re.compile(r"logue$")
_TRIPLE_L = re.compile(r"l{3,}")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'"})
# Words of a field come again and again; a hostile text does not fill the memory.
_REMEMBERED = 1 << 16


def variant_key(phrase: pl.Expr) -> pl.Expr:
    """The key of each phrase; null for null."""
    return phrase.map_batches(_variant_keys, return_dtype=pl.String, is_elementwise=True)


def _variant_keys(phrases: pl.Series) -> pl.Series:
    made = [None if phrase is None else key_of(phrase) for phrase in phrases.to_list()]
    return pl.Series(phrases.name, made, dtype=pl.String)


def key_of(phrase: str) -> str:
    """The key of one phrase: the keys of its words without anything between."""
    words = phrase.replace("-", " ").split()
    # Most phrases are letters, digits, hyphens and blanks, for which no regex is wanted.
    if not "".join(words).isalnum():
        words = _WORD.findall(phrase.translate(_APOSTROPHES))
    return "".join(map(word_key, words)) or phrase


@lru_cache(_REMEMBERED)
def word_key(word: str) -> str:
    """One word without case, accents, possessive and plural endings, in American spelling."""
    word = word.lower()
    if not word.isascii():
        word = "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))
    return _american(_singular(word.removesuffix("'s").replace("'", "")))


def _singular(word: str) -> str:
    if word in _SINGULARS:
        return _SINGULARS[word]
    if len(word) < 4 or word in _NO_PLURALS:
        return word
    for plural, singular in _SINGULAR_ENDS:
        if word.endswith(plural):
            return word.removesuffix(plural) + singular
    if not word.endswith("s") or word.endswith(("ss", "us", "is", "lens")):
        return word
    if word.endswith("ics") and len(word) > 5:
        return word[:-1] if word in _COUNTED_ICS else word
    if word.endswith("ies") and len(word) > 4:
        return (
            word[:-1] if word[-4] in "aeou" or word in ("movies", "cookies", "calories", "zombies") else word[:-3] + "y"
        )
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1]


def _american(word: str) -> str:
    if "our" in word:
        word = _OUR.sub(r"\1or", word)
    if len(word) > 5:
        word = _ISE.sub(r"\1z", word)
        word = _ALL.sub(r"\1al", _ELL.sub("l", word))
    word = _LOGUE.sub("log", _CENTRE.sub(r"\1er\2", word))
    for british, american in _PARTS:
        if british in word:
            word = word.replace(british, american)
    word = _TRIPLE_L.sub("ll", word)
    # What its plural is not told from: `cache` and `caches`, `size` and `sizes`.
    return word[:-1] if len(word) > 3 and word.endswith(("che", "she", "xe", "sse", "ze")) else word
