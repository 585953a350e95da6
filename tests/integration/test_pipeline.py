from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
from pathlib import Path

import pytest

from etl import ledger, pipeline, published
from etl.settings import Settings
from tests.conftest import SAMPLE_FOLDERS, settings_at
from tests.factories import daily, daily_row, snapshot_lines, snapshot_record, title
from tests.warehouses import CONTENT, content, differing, rows

MARTS = tuple(
    f"mart.{name}"
    for name in (
        "keyword_weekly keyword_monthly keyword_yearly keyword_trends keyword_pairs keyword_themes code_availability "
        "code_promises code_hosts code_owners link_survival repository_papers repository_series trending_papers "
        "trending_repositories trend_revisions"
    ).split()
)
PROVENANCE = ("core.dumps", "core.dump_members", "core.paper_observations", "ops.rejected")


def database(settings: Settings) -> Path:
    return settings.current / "papers.duckdb"


def everything(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    return content(database(settings), (*CONTENT, *MARTS, *PROVENANCE))


def ask(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    return rows(database(settings), sql)


def parquet(settings: Settings) -> dict[str, str]:
    """The sha256 of each Parquet file and feed that readers see."""
    root = settings.current.resolve()
    files = [path for folder in ("tables", "feeds") for path in (root / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_samples_hold_as_many_papers_as_their_readme_says(sample_warehouse: Settings, samples: Path) -> None:
    said = re.search(r"Together they hold (\d+) papers", (samples / "README.md").read_text(encoding="utf-8"))
    assert said
    assert ask(sample_warehouse, "SELECT count(*) FROM core.papers") == [(int(said[1]),)]


def test_the_samples_hold_what_their_readme_says(sample_warehouse: Settings) -> None:
    counts = ask(
        sample_warehouse,
        "SELECT source, count(*), sum(records)::INT, sum(loaded)::INT, sum(rejected)::INT, sum(duplicates)::INT "
        "FROM core.dumps WHERE status = 'loaded' GROUP BY source ORDER BY source",
    )
    assert counts == [
        ("arxiv_snapshot", 2, 129, 127, 2, 0),
        ("hf_daily", 57, 417, 411, 5, 1),
        ("hf_papers_page", 2, 62, 60, 2, 0),
    ]
    assert ask(sample_warehouse, "SELECT source, reason FROM ops.rejected ORDER BY ALL") == [
        ("arxiv_snapshot", "malformed_json"),
        ("arxiv_snapshot", "missing_title"),
        ("hf_daily", "malformed_literal"),
        ("hf_daily", "missing_id"),
        ("hf_daily", "missing_title"),
        ("hf_daily", "not_an_object"),
        ("hf_daily", "nul_character"),
        ("hf_papers_page", "missing_abstract"),
        ("hf_papers_page", "missing_title"),
    ]
    assert ask(
        sample_warehouse, "SELECT count(*) FILTER (records <> loaded + rejected + duplicates) FROM core.dumps"
    ) == [(0,)]
    unknown = "SELECT name, unknown_fields FROM core.dumps WHERE len(unknown_fields) > 0"
    assert ask(sample_warehouse, unknown) == [("2025-05-27.json", ["boostScore"])]


PLANTED = {
    "rise": ("test-time scaling", "vision-language-action model", "world model", "sparse attention"),
    "fall": ("generative adversarial network", "prompt tuning", "neural radiance field"),
}


@pytest.mark.parametrize(("way", "keyword"), [(way, keyword) for way, found in PLANTED.items() for keyword in found])
def test_the_planted_trends_are_found(way: str, keyword: str, sample_warehouse: Settings) -> None:
    found = ask(
        sample_warehouse,
        "SELECT growth, slope, trend_status "
        "FROM mart.keyword_trends JOIN core.keywords USING (keyword) WHERE scope = 'all' "
        "AND list_contains(list_transform(variants, lambda v: regexp_replace(replace(v, '-', ' '), 's$', '')), "
        f"'{keyword.replace('-', ' ')}')",
    )
    assert len(found) == 1
    growth, slope, status = found[0]
    assert status == "ok"
    assert isinstance(growth, float)
    assert isinstance(slope, float)
    assert (growth > 0.5 and slope > 0) if way == "rise" else (growth < -0.5 and slope < 0)


def test_the_planted_burst_has_its_months(sample_warehouse: Settings) -> None:
    found = ask(
        sample_warehouse,
        "SELECT burst_start, burst_end FROM mart.keyword_trends "
        "WHERE scope = 'all' AND keyword = 'speculative decoding'",
    )
    assert found == [(dt.date(2025, 2, 1), dt.date(2025, 4, 1))]


def test_the_kept_promises_are_kept(sample_warehouse: Settings) -> None:
    kept = "SELECT count(*), count(*) FILTER (days_to_code < 0) FROM mart.code_promises WHERE kept_on IS NOT NULL"
    assert ask(sample_warehouse, kept) == [(8, 0)]


def test_figures_are_honest(sample_warehouse: Settings) -> None:
    checks = [
        "SELECT count(*) FROM mart.keyword_monthly "
        "WHERE NOT (share_low <= share AND share <= share_high AND papers <= papers_total)",
        "SELECT count(*) FROM mart.code_availability WHERE NOT (rate_low <= rate AND rate <= rate_high)",
        "SELECT count(*) FROM mart.code_availability WHERE papers <> linked + promised + on_request + unknown",
        "SELECT count(*) FROM mart.keyword_pairs WHERE NOT association BETWEEN -1 AND 1 OR keyword_a >= keyword_b",
        "SELECT count(*) FROM core.paper_links JOIN core.papers USING (paper_id) "
        "WHERE NOT contains(evidence, abstract[char_start + 1 : char_end])",
        "SELECT count(*) FROM core.paper_keywords WHERE keyword NOT IN (SELECT keyword FROM core.keywords)",
        "SELECT count(*) FROM core.paper_links "
        "WHERE repository_url NOT IN (SELECT repository_url FROM core.repositories)",
        "SELECT count(*) FROM core.paper_observations WHERE paper_id NOT IN (SELECT paper_id FROM core.papers)",
        "SELECT count(*) FROM core.papers "
        "WHERE paper_id NOT IN (SELECT alias FROM core.paper_aliases WHERE alias = paper_id)",
        "SELECT count(*) FROM mart.keyword_monthly WHERE is_partial AND period < DATE '2025-08-01' AND scope = 'all'",
        "SELECT count(*) FROM ops.validations WHERE severity = 'critical' AND NOT is_met",
    ]
    assert {sql: ask(sample_warehouse, sql)[0][0] for sql in checks} == dict.fromkeys(checks, 0)
    assert ask(sample_warehouse, "SELECT count(*) > 50 FROM core.paper_links WHERE char_start IS NOT NULL") == [(True,)]
    assert ask(sample_warehouse, "SELECT count(*) > 20 FROM ops.validations WHERE is_met") == [(True,)]


def test_the_planted_spellings_of_one_repository_are_one(sample_warehouse: Settings) -> None:
    doubled = "SELECT lower(repository_url) FROM core.repositories GROUP BY ALL HAVING count(*) > 1"
    assert ask(sample_warehouse, doubled) == []
    odd = (
        "SELECT repository_url FROM core.repositories WHERE regexp_matches(repository_url, '\\.git$|/tree/|//.*//|\\s')"
    )
    assert ask(sample_warehouse, odd) == []


def test_a_second_run_changes_nothing(own_warehouse: Settings, samples: Path) -> None:
    before = everything(own_warehouse)
    staged = {path: path.stat().st_mtime_ns for path in own_warehouse.staging.rglob("*.parquet")}
    snapshot = own_warehouse.current.resolve().name
    for paths in ([samples / name for name in SAMPLE_FOLDERS], []):
        done = pipeline.run(own_warehouse, paths)
        assert (done.problems, done.ingested.new, done.snapshot) == ([], 0, snapshot)
    assert {path: path.stat().st_mtime_ns for path in own_warehouse.staging.rglob("*.parquet")} == staged
    assert everything(own_warehouse) == before
    assert own_warehouse.current.resolve().name == snapshot


def test_all_but_raw_and_state_can_be_made_again(own_warehouse: Settings) -> None:
    before, files = everything(own_warehouse), parquet(own_warehouse)
    for path in own_warehouse.warehouse.iterdir():
        if path.name not in ("raw", "state"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    done = pipeline.run(own_warehouse)
    assert done.problems == []
    assert differing(everything(own_warehouse), before) == {}
    assert parquet(own_warehouse) == files


@pytest.mark.slow
def test_another_order_and_one_worker_give_the_same_bytes(
    sample_warehouse: Settings, samples: Path, tmp_path: Path
) -> None:
    other = Settings(warehouse=tmp_path / "other", inbox=tmp_path / "inbox", workers=1)
    days = sorted((samples / "hf_daily").iterdir())
    parts = [[samples / "arxiv_snapshot", *reversed(days[30:])], [samples / "hf_papers_page", *days[:30]]]
    for part in parts:
        assert pipeline.run(other, part).problems == []
    tables = content(database(sample_warehouse), tuple(CONTENT))
    assert differing(content(database(other), tuple(CONTENT)), tables) == {}
    same = {name for name, digest in parquet(other).items() if parquet(sample_warehouse)[name] == digest}
    # What was revised when follows from when it was published, and with it the days of rising keywords.
    history = {
        "tables/mart.trend_revisions.parquet",
        *(name for name in same ^ parquet(other).keys() if "rising_keywords." in name),
    }
    differ = sorted(parquet(sample_warehouse).keys() - same - history)
    assert differ == []


def test_a_new_dump_adds_to_what_is_there(own_warehouse: Settings, tmp_path: Path) -> None:
    papers = ask(own_warehouse, "SELECT count(*) FROM core.papers")[0][0]
    snapshot = own_warehouse.current.resolve().name
    assert isinstance(papers, int)
    (tmp_path / "2025-08-15.json").write_bytes(daily([daily_row(1), daily_row(2)]))
    done = pipeline.run(own_warehouse, [tmp_path / "2025-08-15.json"])
    assert (done.ingested.new, done.problems) == (1, [])
    assert ask(own_warehouse, "SELECT count(*) FROM core.papers") == [(papers + 2,)]
    assert done.snapshot != snapshot
    assert (own_warehouse.published / snapshot / "papers.duckdb").exists()


CRITICAL = """{"expectations": [{"type": "expect_column_values_to_be_between", "severity": "critical",
 "kwargs": {"column": "upvotes", "max_value": 60}, "notes": "More votes than readers."}]}"""


def test_a_guilty_dump_holds_back_itself_alone(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from etl import validation

    expectations = tmp_path / "expectations"
    shutil.copytree(validation.EXPECTATIONS, expectations)
    (expectations / "papers.json").write_text(CRITICAL, encoding="utf-8")
    # The folder is a default argument of both: no environment variable names it.
    monkeypatch.setattr(validation.Validator.__init__, "__defaults__", (expectations,))
    monkeypatch.setattr(validation.fingerprint, "__defaults__", (expectations,))
    for number, votes in ((1, 10), (2, 90), (3, 20)):
        data = daily([daily_row(number, upvotes=votes), daily_row(number + 10, upvotes=5)])
        (tmp_path / f"2025-06-1{number}.json").write_bytes(data)
    done = pipeline.run(settings, [tmp_path / f"2025-06-1{number}.json" for number in (1, 2, 3)])
    assert [line.split(":")[0] for line in done.problems] == ["2025-06-12.json"]
    assert "upvotes" in done.problems[0]
    found = ask(settings, "SELECT name, status, loaded FROM core.dumps ORDER BY name")
    assert found == [
        ("2025-06-11.json", "loaded", 2),
        ("2025-06-12.json", "refused", 0),
        ("2025-06-13.json", "loaded", 2),
    ]
    titles = {said for (said,) in ask(settings, "SELECT title FROM core.papers")}
    assert titles == {title(number) for number in (1, 11, 3, 13)}
    assert len(ledger.commits(settings)) == 1


def test_an_archive_of_two_sources_is_read_by_both(settings: Settings, tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("days/2025-06-10.json", daily([daily_row(1), 42]))
        archive.writestr("days/2025-06-11.json", daily([daily_row(2)]))
        archive.writestr("arxiv.jsonl", snapshot_lines([snapshot_record(1), snapshot_record(3)]))
        archive.writestr("notes.txt", "Nothing to see.")
    done = pipeline.run(settings, [path])
    assert done.problems == []
    assert ask(settings, "SELECT paper_id FROM core.papers ORDER BY 1") == [
        (f"arxiv:2506.0000{number}",) for number in (1, 2, 3)
    ]
    days = "SELECT observed_on FROM core.paper_observations WHERE source = 'hf_daily' ORDER BY 1"
    assert ask(settings, days) == [(dt.date(2025, 6, 10),), (dt.date(2025, 6, 11),)]
    assert ask(settings, "SELECT member, reason FROM ops.rejected ORDER BY 1") == [
        ("days/2025-06-10.json", "not_an_object"),
        ("notes.txt", "unrecognised_member"),
    ]
    for record in published.trace_paper(settings, "2506.00001"):
        assert b"2506.00001" in published.record_bytes(settings, record)


def test_large_dumps_are_cut_into_ranges_without_loss(tmp_path: Path) -> None:
    data = snapshot_lines([snapshot_record(number % 90) for number in range(1, 121)])
    (tmp_path / "arxiv.jsonl").write_bytes(data)
    found = []
    for name, size in (("small", 4_000), ("large", 1 << 25)):
        settings = Settings(warehouse=tmp_path / name, inbox=tmp_path / "inbox", workers=2, shard_bytes=size)
        pipeline.ingest(settings, [tmp_path / "arxiv.jsonl"])
        (commit,) = pipeline.normalise(settings)
        (outcome,) = commit.outcomes
        counts = [outcome.total(what) for what in ("records", "accepted", "rejected", "duplicates")]
        assert counts == [120, 90, 0, 30]
        parts = sorted(settings.staged("papers", commit.batch_id).glob("*.parquet"))
        assert (len(parts) > 10) == (name == "small")
        import polars as pl

        found.append(pl.concat([pl.read_parquet(part) for part in parts]).sort("record_offset"))
    assert found[0].drop("position").equals(found[1].drop("position"))


def test_a_dump_that_no_source_knew_is_given_to_the_one_that_learns_it(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "2025-06-10.bin").write_bytes(b"something else entirely")
    done = pipeline.run(settings, [tmp_path / "2025-06-10.bin"])
    assert len(done.problems) == 1
    assert "unrecognised" in done.problems[0]
    assert ask(settings, "SELECT source, status, observed_on FROM core.dumps") == [
        ("unrecognised", "refused", dt.date(2025, 6, 10))
    ]
    assert pipeline.run(settings, [tmp_path / "2025-06-10.bin"]).problems == done.problems
    assert pipeline.run(settings).problems == []


def test_the_inbox_leaves_what_is_still_being_written(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "2025-06-10.json").write_bytes(daily([daily_row(1)]))
    patient = Settings(warehouse=tmp_path / "warehouse", inbox=inbox, settle_seconds=3_600)
    done = pipeline.ingest(patient)
    assert (done.new, len(done.left)) == (0, 1)
    hasty = settings_at(tmp_path / "warehouse")
    done = pipeline.ingest(Settings(warehouse=hasty.warehouse, inbox=inbox, settle_seconds=0))
    assert (done.new, done.left) == (1, [])
