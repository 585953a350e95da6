"""A batch of more rows than DuckDB puts into one row group: what a small one shows need not hold for it."""

from __future__ import annotations

from pathlib import Path

from etl import ledger, pipeline, published
from etl.settings import Settings
from tests.factories import snapshot_lines, snapshot_record

PAPERS = 14_000
ROW_GROUP = 122_880
SUBJECTS = ("orchard", "kettle", "harbour", "lantern", "meadow", "quarry", "saddle", "thistle")


def abstract(number: int) -> str:
    """Words that no other abstract has, so that each paper has as many keyphrases as are kept."""
    named = [f"{subject}-{number} {other}-{number}" for subject in SUBJECTS for other in SUBJECTS[:3]]
    return "; ".join(named) + "."


def test_a_large_batch_loses_no_row(tmp_path: Path) -> None:
    records = [
        snapshot_record(number, title=f"Notes on Invented Matter {number}", abstract=abstract(number))
        for number in range(1, PAPERS + 1)
    ]
    (tmp_path / "snapshot.jsonl").write_bytes(snapshot_lines(records))
    settings = Settings.from_env({}, tmp_path / "warehouse")
    assert not pipeline.run(settings, [tmp_path / "snapshot.jsonl"]).problems
    (commit,) = ledger.commits(settings)
    found = published.query(
        settings,
        "SELECT (SELECT count(*) FROM core.papers), count(*), count(DISTINCT paper_id), sum(rank)::BIGINT "
        "FROM core.paper_keywords",
    ).row(0)
    assert (found[0], found[2], commit.outcomes[0].total("accepted")) == (PAPERS, PAPERS, PAPERS)
    assert found[1] > ROW_GROUP
    # Ranks run from 1 to 15 in every paper.
    assert found[3] == found[1] * 8
