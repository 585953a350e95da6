from __future__ import annotations

import datetime as dt
import importlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from etl import ledger, pipeline, sources, workers
from etl.configuration import tables
from etl.errors import ConfigurationError, SettingsError
from etl.settings import Settings, configuration_file
from etl.sources import tabular
from etl.sources.base import Head
from tests.factories import normalised
from tests.warehouses import rows as found_in


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No configuration but that of the test, read anew."""
    monkeypatch.delenv("ETL_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    tables.cache_clear()
    yield
    tables.cache_clear()
    monkeypatch.undo()
    _reload()


def _reload() -> None:
    """As a new process would see the source."""
    tables.cache_clear()
    importlib.reload(tabular)
    sources.load.cache_clear()
    # The process that recognises dumps lives as long as this one.
    workers.shared(Settings(warehouse=Path("x"), inbox=Path("x")).limits).stop()


def configure(text: str) -> None:
    Path("etl.toml").write_text(text, encoding="utf-8")
    tables.cache_clear()


def knows(data: bytes) -> bool:
    return tabular.recognise(Head(data, "any name"))


DAY = dt.date(2023, 11, 28)
LISTING = '[tables.listing]\ntitle = "Title"\nauthors = "Who"\n'


def test_without_a_configuration_nothing_is_recognised() -> None:
    assert tables() == ()
    assert not knows(b"title,Title,Who\na,b,c\n")
    assert not knows(b'{"title": "x"}\n')


def test_the_file_is_that_of_the_environment_else_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configuration_file({}) is None
    configure(LISTING)
    assert configuration_file({}) == tmp_path / "etl.toml"
    other = tmp_path / "other.toml"
    other.write_text('[tables.other]\ntitle = "T"\n', encoding="utf-8")
    monkeypatch.setenv("ETL_CONFIG", str(other))
    assert [table.name for table in tables()] == ["other"]
    with pytest.raises(SettingsError, match=r"ETL_CONFIG: found '/nowhere\.toml'"):
        configuration_file({"ETL_CONFIG": "/nowhere.toml"})


@pytest.mark.parametrize(
    ("data", "is_known"),
    [
        (b"Title,Who\nx,y\n", True),
        (b"\xef\xbb\xbfNo.;Who;Title\r\n1;y;x\r\n", True),
        (b"Who\tTitle\ty\n", True),
        (b'"Title","Who"\n', True),
        (b"Title|Who\n", False),
        (b"Title\n", False),
        (b"title,who\n", False),
        (b"Title,Who,Title\n", False),
        (b"Title,Who\xff\n", False),
        (b'{"Title": "x", "Who": "y", "more": 1}\n{"Title": 5}\n', True),
        (b'{"Title": "x"}\n', False),
        (b'[{"Title": "x", "Who": "y"}]', False),
        (b"<Title,Who>", False),
        (b"", False),
        (b"PAR1\x05Title\x03WhoPAR1", True),
        (b"PAR1\x06 Title\x04 WhoPAR1", False),
    ],
)
def test_a_dump_is_recognised_by_all_its_columns(data: bytes, is_known: bool) -> None:
    configure(LISTING)
    assert knows(data) is is_known


def test_a_delimiter_that_is_said_is_the_only_one() -> None:
    configure(LISTING + 'delimiter = ";"\n')
    assert knows(b"Title;Who\n")
    assert not knows(b"Title,Who\n")


@pytest.mark.parametrize(
    ("text", "key", "wanted"),
    [
        ("[tables.a]\ntitel = 'x'\n", "tables.a.titel", "one of title, abstract"),
        ("[table.a]\ntitle = 'x'\n", "table", "one of tables"),
        ("tables = 5\n", "tables", "tables such as"),
        ("[tables]\na = 'x'\n", "tables.a", "a table"),
        ("[tables.a]\nabstract = 'x'\n", "tables.a.title", "the column"),
        ("[tables.a]\ntitle = 5\n", "tables.a.title", "a text"),
        ("[tables.a]\ntitle = ''\n", "tables.a.title", "a text"),
        ("[tables.a]\ntitle = ['x']\n", "tables.a.title", "a text"),
        ("[tables.a]\ntitle = 'x'\ndelimiter = '|'\n", "tables.a.delimiter", "a comma"),
        ("[tables.a]\ntitle = 'x'\npublished_on_format = '%Y-%m'\n", "tables.a.published_on_format", "a format"),
        ("[tables.a]\ntitle = 'x'\npublished_on_format = 'dd.mm.yyyy'\n", "tables.a.published_on_format", "a format"),
        ("[tables.a\n", "the file", "readable TOML"),
    ],
)
def test_a_file_that_says_something_else_is_refused_with_one_line(text: str, key: str, wanted: str) -> None:
    configure(text)
    with pytest.raises(ConfigurationError) as raised:
        tables()
    said = str(raised.value)
    assert said.startswith(f"{Path.cwd() / 'etl.toml'}: {key}: found ")
    assert wanted.split()[-1] in said
    assert "\n" not in said


def test_a_file_that_is_not_utf8_is_refused() -> None:
    Path("etl.toml").write_bytes(b"[tables.a]\ntitle = '\xff'\n")
    with pytest.raises(ConfigurationError, match="readable TOML"):
        tables()


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%Y%m%d", "%d %b %y", "%B %d, %Y", "%Y-%j"])
def test_any_format_with_day_month_and_year_will_do(form: str, tmp_path: Path) -> None:
    configure(f'[tables.a]\ntitle = "Title"\npublished_on = "Day"\npublished_on_format = "{form}"\n')
    data = f"Title;Day\nA Table of Dates;{DAY:{form}}\nNone;\n".encode()
    _, frames = normalised(tmp_path, "tabular", data)
    assert sorted(frames["papers"]["published_on"].to_list(), key=str) == [DAY, None]


def test_the_first_table_by_name_is_taken(tmp_path: Path) -> None:
    configure('[tables.b]\ntitle = "Name"\n\n[tables.a]\ntitle = "Title"\n')
    _, frames = normalised(tmp_path, "tabular", b"Name,Title\nThe Name of a Paper,The Title of a Paper\n")
    assert frames["papers"]["title"].to_list() == ["The Title of a Paper"]


def test_rows_without_a_table_are_rejected(tmp_path: Path) -> None:
    outcome, frames = normalised(tmp_path, "tabular", b"Title,Who\nx,y\n")
    assert (outcome.total("records"), outcome.total("rejected")) == (1, 1)
    outcome, frames = normalised(tmp_path / "json", "tabular", b'{"Title": "x"}\n')
    assert frames["rejected"]["reason"].to_list() == ["unknown_columns"]


LONG = "x" * 10_000


@pytest.mark.parametrize("value", [5, 2**70, True, None, [], ["a"], [["a"]], {"a": 1}, "", LONG, "\u202e", 1e300])
@pytest.mark.parametrize("field", ["title", "authors", "published_on", "url", "code"])
def test_a_value_of_any_type_costs_at_most_its_own_row(field: str, value: object, tmp_path: Path) -> None:
    names = ("title", "authors", "published_on", "url", "code")
    configure("[tables.a]\n" + "".join(f'{name} = "{name.upper()}"\n' for name in names))
    good = {name.upper(): None for name in names} | {"TITLE": "A Row as It Should Be"}
    data = b"".join(json.dumps(row).encode() + b"\n" for row in (good, good | {field.upper(): value}))
    outcome, frames = normalised(tmp_path, "tabular", data)
    assert outcome.reason is None, outcome.detail
    assert sum(map(outcome.total, ("accepted", "rejected", "duplicates"))) == 2
    assert "A Row as It Should Be" in frames["papers"]["title"].to_list()


def test_another_description_is_another_version() -> None:
    versions = set()
    for text in ("", LISTING, LISTING + 'abstract = "Who"\n', LISTING + 'licence = "CC0-1.0"\n'):
        configure(text)
        _reload()
        versions.add(sources.load("tabular").parser_version)
    assert len(versions) == 4
    assert min(versions) == 2
    assert sources.load("tabular").licence == "CC0-1.0"


def test_what_is_described_otherwise_is_read_again(tmp_path: Path, settings: Settings) -> None:
    settings = replace(settings, workers=1, keyphrases=False)
    dump = tmp_path / "tides.csv"
    dump.write_text("Title;Who\nTides of an Invented Bay;Ada Beispiel|Chidi Voorbeeld\n", encoding="utf-8")
    wanted = {";": ["Ada Beispiel|Chidi Voorbeeld"], "|": ["Ada Beispiel", "Chidi Voorbeeld"]}
    versions = []
    for separator in (";", "|", ";"):
        configure(f'{LISTING}authors_separator = "{separator}"\n')
        _reload()
        versions.append(sources.load("tabular").parser_version)
        assert pipeline.run(settings, [dump]).problems == []
        authors = found_in(settings.current / "papers.duckdb", "SELECT authors FROM core.papers")
        assert authors == [(wanted[separator],)]
    assert versions[0] == versions[2] != versions[1]
    assert len(list(ledger.commits(settings))) == 2
