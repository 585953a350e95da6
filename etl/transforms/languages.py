"""The language of a paper's text, where the text itself shows it.

By script where only one of our languages has it, else by small words: Grefenstette, Comparing two language
identification schemes (1995), found them right for nearly all texts of more than twenty words. A text with too few of
them, or of two languages alike, has no language: nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import chain

import polars as pl

ENGLISH = "en"
# So many words of a text are looked at.
LOOKED_AT = 400
# A language is told by at least so many small words, this share of all, and so many times as many as the next one's.
LEAST, LEAST_SHARE, AHEAD = 2, 0.1, 1.5
# More bytes than letters by this share mean accents or another script.
STRANGE_SHARE = 0.01
# What nearly every English abstract says, and no text of another language says all of.
_TELLING = (" the ", " of ", " and ")

_SMALL_WORDS = {
    "en": """
        a about also although an and are as at be because been both but by can could for from has have how in into is
        it its may more not of on or our over such than that the their these this those through to under upon using
        via was we were when where which while with without
        """,
    "de": """
        als am an auch auf aus bei bis das dass dem den der des die durch ein eine einem einen einer eines er es für
        hat im in ist kann mit nach nicht noch nur oder sich sie sind sowie um und unter von vor war werden wie wird
        wir wurde wurden zu zum zur zwischen über
        """,
    "fr": """
        afin ainsi au aux avec cette ces ce comme dans de des deux du elle en entre est et été il la le les leur mais
        même nous on ont ou par pas peut plus pour que qui sa sans se ses sont sur un une à être
        """,
    "es": """
        al como con cual de del desde donde el en entre es esta este estos fue ha han la las lo los más mediante no o
        para pero por que se ser sin sobre son su sus también un una y
        """,
    "pt": """
        ao aos as através com como da das de do dos e em entre esta este estes foi foram mais na nas no nos não o os
        ou para pela pelas pelo pelos por que se sem ser seu sua são também um uma à é
        """,
    "it": """
        ai al alla anche che come con da dal dalla degli dei del della delle di e gli ha i il in la le lo ma nel nella
        non o per più questa questo si sono su tra un una è
        """,
    "nl": """
        aan als bij dat de deze die dit door een en er het in is kan met na naar niet of om onder ook op over te tot
        tussen uit van voor waar was wat werd werden wordt worden zijn
        """,
    "id": """
        adalah akan antara atau bahwa dalam dan dapat dari dengan hasil ini itu juga karena lebih menggunakan oleh
        pada penelitian sebagai secara serta telah terhadap tersebut tidak untuk yaitu yang
        """,
    "pl": """
        a ale co dla do i jako jest które który na nie o od oraz po pod poprzez przez przy się są ta tego to w z za że
        """,
    "tr": """
        ancak arasında bir bu çok da daha de değil en gibi göre her için ile kadar olan olarak olduğu sonra ve veya ya
        üzerinde
        """,
    "sv": """
        att av de den denna det detta eller en ett för från har i inte kan med men mellan och om på samt som till vid
        är
        """,
    "da": """
        af at blev de den der det en er et for fra har hvor i ikke kan med mellem når og også om på samt som til ved
        var viser være
        """,
    "no": """
        at av ble de den denne det eller en er et etter for fra har i ikke kan med mellom mer når og også om på samt
        som til ved var være
        """,
    "fi": """
        ei että hän ja joka jotka kuin kun mukaan mutta myös niiden oli on ovat sekä sen tai tämä tämän voidaan
        """,
    "cs": """
        a ale byl byla byly co do i jako je jeho jejich jsou k které který na nebo od po pro při s se ve v z za že
        """,
    "ro": """
        a al ale ca care către ce cu de din este fi fost la lui mai nu o pe pentru prin sau se sunt și în într o
        """,
    "hu": """
        a az azt egy és hogy is meg mint nem vagy volt között által valamint során
        """,
    "ca": """
        al als amb aquest aquesta com de del dels el els en entre és i la les més mitjançant no o pel per que s'ha
        seva són també un una
        """,
    "vi": """
        các cho của có là một những này trong và với được từ để không theo trên về
        """,
    "hr": """
        a ali i iz je kao koja koje koji na nije o od po rada s se su u uz za što te ili
        """,
    "ru": """
        а в для до и из или их к как которые на не о от по при с так также то у что это является
        """,
    "uk": """
        а в для до з за і із на не та також у що як які від при про це є
        """,
    "bg": """
        в да до за и из като на не от по при с са се със това че които е
        """,
    "ar": """
        أن إلى التي الذي بين عن على في كان كما لا ما من هذا هذه و مع
        """,
    "fa": """
        از است اين این با برای به در را شده که می های و یک شد بر تا
        """,
}
_WORD = re.compile(r"[^\W\d_]+")
# Scripts that one language of science has to itself; kana tell Japanese from Chinese, which shares its other signs.
_SCRIPTS = {"HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "GREEK": "el", "HEBREW": "he", "THAI": "th"}
_SCRIPTS |= {"DEVANAGARI": "hi", "GEORGIAN": "ka", "ARMENIAN": "hy"}
KANA_SHARE = 0.05


@cache
def _languages_of() -> dict[str, tuple[str, ...]]:
    """The languages of each small word."""
    made: dict[str, tuple[str, ...]] = {}
    for language, listed in _SMALL_WORDS.items():
        for word in dict.fromkeys(listed.split()):
            made[word] = (*made.get(word, ()), language)
    return made


def with_language(texts: pl.DataFrame) -> pl.DataFrame:
    """Adds `language` to rows with `title` and `abstract`: its ISO 639-1 code, null where the text does not tell."""
    abstract = pl.col("abstract").cast(pl.String)
    size = abstract.str.len_chars()
    is_plain = abstract.str.len_bytes() - size <= STRANGE_SHARE * size
    told = pl.all_horizontal(abstract.str.contains(word, literal=True) for word in _TELLING) & is_plain
    made = texts.with_columns(language=pl.when(told).then(pl.lit(ENGLISH)).cast(pl.String))
    rest = made.get_column("language").is_null().arg_true()
    if not len(rest):
        return made
    few = texts.select("title", "abstract")[rest]
    found = pl.Series([language_of(title, text) for title, text in few.iter_rows()], dtype=pl.String)
    return made.with_columns(made.get_column("language").scatter(rest, found))


def language_of(title: str | None, abstract: str | None) -> str | None:
    """The language of an abstract, else that of a title."""
    for text in (abstract, title):
        found = _language(text[: LOOKED_AT * 20]) if text else None
        if found:
            return found
    return None


def _language(text: str) -> str | None:
    said = _WORD.findall(text.lower())[:LOOKED_AT]
    return _by_script(said) or _by_small_words(said)


def _by_script(said: list[str]) -> str | None:
    """The language of a text of which more than half the letters are of its script."""
    strange = [word for word in said if not word.isascii()]
    if not strange:
        return None
    letters = Counter("".join(strange))
    total = sum(map(len, said))
    if 2 * sum(letters.values()) <= total:
        return None
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        scripts[unicodedata.name(letter, "").partition(" ")[0]] += count
    if scripts["CJK"] + scripts["HIRAGANA"] + scripts["KATAKANA"] > total / 2:
        return "ja" if scripts["HIRAGANA"] + scripts["KATAKANA"] > KANA_SHARE * total else "zh"
    script, count = scripts.most_common(1)[0]
    return _SCRIPTS.get(script) if 2 * count > total else None


def _by_small_words(said: list[str]) -> str | None:
    languages_of = _languages_of()
    counts = Counter(chain.from_iterable([languages_of[word] for word in said if word in languages_of]))
    best = counts.most_common(2)
    if not best or best[0][1] < max(LEAST, LEAST_SHARE * len(said)):
        return None
    return best[0][0] if len(best) == 1 or best[0][1] >= AHEAD * best[1][1] else None
