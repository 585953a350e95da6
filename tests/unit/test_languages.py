from __future__ import annotations

import polars as pl
import pytest

from etl.transforms.keyphrases import keyphrases
from etl.transforms.languages import LOOKED_AT, language_of, with_language

KELP = {
    "en": "We measure how the kelp of the northern harbour grows and which tides it needs.",
    "de": "Wir messen, wie der Seetang im Hafen wächst und welche Gezeiten er für die Ernte braucht.",
    "fr": "Nous mesurons la croissance des algues dans le port et les marées qui sont utiles pour la récolte.",
    "es": "Se mide el crecimiento de las algas en el puerto y cuáles son las mareas que más ayudan.",
    "pt": "Medimos o crescimento das algas no porto e quais são as marés que ajudam a colheita, não só no verão.",
    "it": "Misuriamo la crescita delle alghe nel porto e le maree che sono più utili per il raccolto, anche di notte.",
    "nl": "Wij meten hoe het zeewier in de haven groeit en welke getijden voor de oogst van belang zijn.",
    "id": "Penelitian ini mengukur pertumbuhan rumput laut yang ada di pelabuhan dengan pasang surut untuk panen.",
    "pl": "Mierzymy wzrost wodorostów w porcie oraz pływy, które są potrzebne do zbiorów na wybrzeżu przez rok.",
    "fi": "Tämä työ mittaa, kuinka levä kasvaa satamassa ja mitkä vuorovedet ovat tärkeitä, mutta myös hinnan.",
    "ru": "Мы измеряем, как растут водоросли в гавани и какие приливы нужны для урожая.",
    "ja": "私たちは港の海藻がどのように育つかを測定する。潮の満ち引きも調べた。",
    "zh": "我们测量港口海藻的生长以及收获所需的潮汐",
    "ko": "우리는 항구의 해조류가 어떻게 자라는지 측정한다",
    "el": "Μετράμε πώς μεγαλώνουν τα φύκια στο λιμάνι",
}


@pytest.mark.parametrize("language", KELP)
def test_a_text_shows_its_language(language: str) -> None:
    assert language_of(None, KELP[language]) == language
    assert language_of("Kelp 2020", KELP[language]) == language


@pytest.mark.parametrize(
    "text", [None, "", "  ", "Kelp", "42", "$x^2$", "Kelp tides 2020", "la la la", "\u0301\u0301", "K. P. H."]
)
def test_a_text_that_does_not_tell_has_no_language(text: str | None) -> None:
    assert language_of(text, None) is None
    assert language_of(None, text) is None


def test_an_abstract_goes_before_its_title_and_a_title_speaks_where_there_is_none() -> None:
    assert language_of("The harvest of kelp in the north", KELP["de"]) == "de"
    assert language_of("The harvest of kelp in the north", None) == "en"
    assert language_of("The harvest of kelp in the north", "42") == "en"


def test_a_column_says_what_each_text_says() -> None:
    texts = pl.DataFrame({"title": ["Kelp"] * len(KELP), "abstract": list(KELP.values())})
    assert with_language(texts).get_column("language").to_list() == list(KELP)
    long = "The kelp of the harbour and the tides of the north are seen. " * 30
    assert with_language(pl.DataFrame({"title": ["x"], "abstract": [long]})).get_column("language").to_list() == ["en"]
    assert with_language(texts.head(0)).height == 0


@pytest.mark.parametrize("language", [name for name in KELP if name != "en"])
def test_other_languages_give_no_keyphrases(language: str) -> None:
    said = pl.DataFrame({"row": [0, 1], "title": ["Kelp", "Kelp"], "abstract": [KELP[language], KELP["en"]]})
    assert set(keyphrases(said)["row"]) == {1}


def test_only_the_start_of_a_long_text_is_read() -> None:
    start = KELP["de"] + " "
    assert language_of(None, start * 20 + KELP["en"] * 40_000) == "de"
    assert len(start.split()) * 20 < LOOKED_AT
