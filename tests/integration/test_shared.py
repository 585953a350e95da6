"""Real dumps, where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etl import pipeline
from etl.settings import Settings
from tests.warehouses import rows

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
DAYS = 30


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
def test_the_page_and_a_month_of_days_give_the_gold(settings: Settings) -> None:
    gold = [
        json.loads(line) for line in (SHARED / "gold/hf_papers_page.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    days = sorted((SHARED / "dumps/hf_daily").glob("*.json"))[:DAYS]
    done = pipeline.run(settings, [SHARED / "dumps/hf_papers_page", *days])
    assert done.problems == []
    database = settings.current / "papers.duckdb"
    titles = rows(
        database,
        "SELECT title FROM core.paper_observations JOIN core.papers USING (paper_id) "
        "WHERE source = 'hf_papers_page' ORDER BY position",
    )
    assert [title for (title,) in titles] == [entry["title"] for entry in gold]
    page = "WHERE paper_id IN (SELECT paper_id FROM core.paper_observations WHERE source = 'hf_papers_page') "
    found = rows(
        database,
        f"SELECT title, url FROM core.paper_links JOIN core.papers USING (paper_id) {page} "
        f"AND kind = 'repository' AND evidence_kind <> 'page_field'",
    )
    assert set(found) == {
        (entry["title"], link["canonical"]) for entry in gold for link in entry["links"] if link["kind"] == "repository"
    }
    said = rows(
        database,
        f"SELECT title, statement FROM core.code_statements JOIN core.papers USING (paper_id) {page} "
        f"AND statement IN ('promised', 'claimed_without_link')",
    )
    assert set(said) == {
        (entry["title"], entry["code_statement"])
        for entry in gold
        if entry["code_statement"] in ("promised", "claimed_without_link")
    }
    assert rows(
        database,
        "SELECT count(*), count(*) FILTER (records <> loaded + rejected + duplicates), sum(rejected)::INT "
        "FROM core.dumps",
    ) == [(DAYS + 1, 0, 0)]
