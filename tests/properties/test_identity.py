from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl import queries
from etl.steps.load import prepare

# An arXiv identifier, a DOI and a title key, each of which may be missing.
Record = tuple[str | None, str | None, str | None]
A, B = "2506.00001", "2506.00002"
X, Y = "10.5555/x", "10.5555/y"
S, T = "studyofrainonroofs", "studyofrainonstones"

RECORDS = st.lists(
    st.tuples(
        st.sampled_from([None, A, B, "2506.00003"]),
        st.sampled_from([None, X, Y]),
        st.sampled_from([None, S, T, "third"]),
    ),
    max_size=7,
)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        prepare(connection)
        yield connection


def papers(connection: duckdb.DuckDBPyConnection, records: Sequence[Record]) -> list[str]:
    """The paper of each record; a record without identifiers is told by its place."""
    (identity,) = [query for query in queries.read("core", "core") if query.table == "work.identity"]
    connection.execute("DELETE FROM work.records")
    if records:
        connection.executemany(
            "INSERT INTO work.records (dump_id, member, record_offset, arxiv_id, doi, title_key, content_hash) "
            "VALUES ('d', '', ?, ?, ?, ?, md5(concat_ws('|', ?, ?, ?)))",
            [[number, *record, *(value or "-" for value in record)] for number, record in enumerate(records)],
        )
    found = connection.execute(
        f"SELECT record_offset, paper_id FROM ({identity.text}) ORDER BY record_offset"
    ).fetchall()
    assert [offset for offset, _ in found] == list(range(len(records)))
    return [str(paper) for _, paper in found]


@settings(max_examples=50)
@given(records=RECORDS)
@example(records=[(A, X, S), (B, X, S), (None, X, S), (None, None, S)])
@example(records=[(A, None, S), (None, X, S), (None, X, T), (B, None, T)])
@example(records=[(A, None, S), (None, X, S), (None, Y, S), (None, None, S)])
def test_no_paper_has_two_arxiv_identifiers(records: list[Record], database: duckdb.DuckDBPyConnection) -> None:
    arxiv_ids = defaultdict(set)
    for paper, (arxiv_id, _, _) in zip(papers(database, records), records, strict=True):
        arxiv_ids[paper].add(arxiv_id)
    assert all(len(found - {None}) <= 1 for found in arxiv_ids.values())


@settings(max_examples=50)
@given(records=RECORDS)
@example(records=[(A, None, S), (None, X, S), (None, Y, S)])
@example(records=[(A, X, S), (None, Y, S)])
def test_no_paper_has_two_dois_unless_its_arxiv_record_has_them(
    records: list[Record], database: duckdb.DuckDBPyConnection
) -> None:
    found = defaultdict(list)
    for paper, record in zip(papers(database, records), records, strict=True):
        found[paper].append(record)
    for joined in found.values():
        own = {doi for arxiv_id, doi, _ in joined if arxiv_id}
        foreign = {doi for arxiv_id, doi, _ in joined if not arxiv_id} - own - {None}
        assert len(foreign) <= 1
        assert not (foreign and own - {None})


@settings(max_examples=50)
@given(records=RECORDS, data=st.data())
def test_the_paper_of_a_record_does_not_depend_on_order_or_repetition(
    records: list[Record], data: st.DataObject, database: duckdb.DuckDBPyConnection
) -> None:
    wanted = dict(zip(records, papers(database, records), strict=True))
    repeated = records + (data.draw(st.lists(st.sampled_from(records), max_size=3)) if records else [])
    shuffled = data.draw(st.permutations(repeated))
    assert dict(zip(shuffled, papers(database, shuffled), strict=True)) == wanted


@settings(max_examples=50)
@given(records=RECORDS)
def test_records_with_one_identifier_are_one_paper(records: list[Record], database: duckdb.DuckDBPyConnection) -> None:
    found = papers(database, records)
    for paper, (arxiv_id, doi, _) in zip(found, records, strict=True):
        if arxiv_id:
            assert paper == f"arxiv:{arxiv_id}"
        elif doi:
            same = {
                other for other, record in zip(found, records, strict=True) if record[0] is None and record[1] == doi
            }
            assert same == {paper}


@pytest.mark.parametrize(
    ("records", "wanted"),
    [
        ([(A, None, S), (None, None, S)], [f"arxiv:{A}"] * 2),
        ([(A, X, S), (None, X, T)], [f"arxiv:{A}"] * 2),
        ([(A, X, S), (B, X, T), (None, X, None)], [f"arxiv:{A}", f"arxiv:{B}", f"doi:{X}"]),
        ([(A, None, S), (B, None, S), (None, None, S)], [f"arxiv:{A}", f"arxiv:{B}", "title"]),
        ([(A, None, S), (None, X, S)], [f"arxiv:{A}"] * 2),
        ([(A, Y, S), (None, X, S)], [f"arxiv:{A}", f"doi:{X}"]),
        ([(A, None, S), (None, X, S), (None, Y, S)], [f"arxiv:{A}", f"doi:{X}", f"doi:{Y}"]),
        (
            [(A, None, S), (B, None, T), (None, X, S), (None, X, T)],
            [f"arxiv:{A}", f"arxiv:{B}", f"doi:{X}", f"doi:{X}"],
        ),
        ([(None, None, S), (None, None, S)], ["title"] * 2),
        ([(None, None, None)], ["text"]),
        ([(None, X, S), (None, None, S)], [f"doi:{X}"] * 2),
        ([(A, None, S), (None, X, S), (None, X, T), (None, None, T)], [f"arxiv:{A}"] * 4),
    ],
)
def test_what_joins_and_what_does_not(
    records: list[Record], wanted: list[str], database: duckdb.DuckDBPyConnection
) -> None:
    found = papers(database, records)
    assert [paper if paper.startswith(("arxiv:", "doi:")) else paper.split(":")[0] for paper in found] == wanted
    for kind in ("title", "text"):
        assert len({paper for paper in found if paper.startswith(kind)}) <= 1
