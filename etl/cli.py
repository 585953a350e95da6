"""Words to calls: the command line."""

from __future__ import annotations

import datetime as dt
import enum
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from etl.errors import EtlError, SettingsError
from etl.settings import Settings

if TYPE_CHECKING:
    from etl.pipeline import Progress
    from etl.rules import Rule
    from etl.steps.fetch import Fetched

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Raw dumps of research-paper listings in, a validated DuckDB warehouse out.\n\nExample: etl run dumps/",
)
out = Console(highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)
if not out.is_terminal:
    # A pipe has no width: tables are cut by whoever reads them.
    out = Console(highlight=False, width=160)

Warehouse = Annotated[
    Path | None,
    typer.Option(
        "--warehouse", help="Where the warehouse lives; else ETL_WAREHOUSE, else ./warehouse.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
ObservedOn = Annotated[
    dt.datetime | None,
    typer.Option(
        "--observed-on", formats=["%Y-%m-%d"], help="Day that the listings show, where content and name do not say."
    ),
]
Paths = Annotated[list[str] | None, typer.Argument(help="Files, folders, archives or globs.", show_default=False)]
InPlace = Annotated[bool, typer.Option("--in-place", help="Do not copy: the files stay where they are, unchanged.")]
Batches = Annotated[
    list[str] | None, typer.Argument(help="Batches; all that are due when none is named.", show_default=False)
]


Sources = Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help="Names of sources.", show_default=False)]
Since = Annotated[
    dt.datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="First day; else the day after the last one fetched.", show_default=False),
]
Until = Annotated[
    dt.datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Last day; else the last one that is over.", show_default=False),
]
Repositories = Annotated[
    list[str] | None,
    typer.Option("--repository", help="For GitHub: owner/name, again and again; else all known.", show_default=False),
]


class Format(enum.StrEnum):
    """How rows are printed."""

    table = "table"
    json = "json"
    csv = "csv"


@app.callback()
def _root(context: typer.Context, warehouse: Warehouse = None) -> None:
    context.obj = warehouse


def _settings(context: typer.Context, warehouse: Path | None) -> Settings:
    return Settings.from_env(warehouse=warehouse or context.obj)


def _fail(problems: list[str]) -> None:
    for problem in problems:
        err.print(f"error: {problem}", markup=False)
    if problems:
        raise typer.Exit(1)


def _say(as_json: bool, facts: dict[str, Any], line: str) -> None:
    if as_json:
        _print_json(facts)
    else:
        out.print(line, markup=False)


def _print_json(value: Any) -> None:
    print(json.dumps(value, default=str, ensure_ascii=False))


@contextmanager
def _for_reader() -> Iterator[None]:
    """A block that prints much: whoever reads it through a pipe may leave before its end."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar with rate and time left on standard error, if that is a terminal."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def show(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total)

        yield show


@app.command()
def fetch(
    context: typer.Context,
    sources: Sources = None,
    since: Since = None,
    until: Until = None,
    repositories: Repositories = None,
    stargazers: Annotated[bool, typer.Option("--stargazers", help="For GitHub: stars by day, too.")] = False,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """Bring new dumps from the network into the inbox, for `etl run`; without SOURCE, list what there is to fetch.

    Example: etl fetch hf_daily arxiv_oai_pmh --since 2025-06-01
    """
    from etl import pipeline

    settings = _settings(context, warehouse)
    if not sources:
        _list_fetchable(pipeline.fetchable(settings), as_json)
        return
    with _progress() as progress:
        done = pipeline.fetch(
            settings,
            sources,
            progress,
            since=since.date() if since else None,
            until=until.date() if until else None,
            repositories=repositories or (),
            with_stargazers=stargazers,
        )
    lines = [f"{fetched.source} {len(fetched.files)} new files, {fetched.unchanged} unchanged" for fetched in done]
    _say_fetched(as_json, done, "\n".join(f"fetch: {line}" for line in lines))


def _say_fetched(as_json: bool, done: list[Fetched], lines: str) -> None:
    """What came from the network, and the exit status where something failed."""
    for fetched in done:
        for note in fetched.notes:
            err.print(f"note: {note}", markup=False)
    facts = [asdict(replace(fetched, failure=None)) | {"failure": str(fetched.failure or "")} for fetched in done]
    _say(as_json, {"sources": facts}, lines)
    failures = [(fetched.source, fetched.failure) for fetched in done if fetched.failure]
    for source, failure in failures:
        err.print(f"error: {source}: {failure}", markup=False)
    if failures:
        # What needs a person weighs more than what time mends.
        raise typer.Exit(min(failure.exit_status for _, failure in failures))


def _list_fetchable(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        _print_json(found)
    else:
        _print_rows("Sources that can be fetched", found)


@app.command()
def resolve(
    context: typer.Context,
    hosts: Annotated[
        list[str] | None, typer.Argument(metavar="HOST", help="Such as github.com; else all.", show_default=False)
    ] = None,
    repositories: Annotated[
        list[str] | None,
        typer.Option("--repository", help="https://HOST/owner/name, again and again; else all that papers link to."),
    ] = None,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """Ask code hosts what became of the repositories that papers link to; the answers are dumps for `etl run`.

    Example: etl resolve github.com
    """
    from etl import pipeline

    with _progress() as progress:
        done = pipeline.resolve(_settings(context, warehouse), hosts or (), repositories or (), progress)
    lines = [f"{each.source} {each.requests} asked, {each.unchanged} unchanged" for each in done]
    _say_fetched(as_json, done, "\n".join(f"resolve: {line}" for line in lines))


@app.command()
def ingest(
    context: typer.Context,
    paths: Paths = None,
    observed_on: ObservedOn = None,
    in_place: InPlace = False,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """Store files as received; without PATH, what lies in the inbox.

    Example: etl ingest dumps/2025-06-*.json
    """
    from etl import pipeline

    day = observed_on.date() if observed_on else None
    done = pipeline.ingest(_settings(context, warehouse), paths or (), day, in_place)
    for note in done.left:
        err.print(f"note: {note}", markup=False)
    facts = {"deliveries": len(done.deliveries), "new": done.new, "left": done.left, "problems": done.problems}
    _say(as_json, facts, f"ingest: {done.new} new of {len(done.deliveries)} deliveries")
    _fail(done.problems)


@app.command()
def normalise(
    context: typer.Context, batches: Batches = None, as_json: AsJson = False, warehouse: Warehouse = None
) -> None:
    """Turn stored dumps into staged Parquet; every record is kept, or rejected with its reason.

    Example: etl normalise
    """
    from etl import pipeline

    settings = _settings(context, warehouse)
    with _progress() as progress:
        commits = pipeline.normalise(settings, batches or None, progress)
    outcomes = [outcome for commit in commits for outcome in commit.outcomes]
    counts = {
        name: sum(outcome.total(name) for outcome in outcomes)
        for name in ("records", "accepted", "rejected", "duplicates")
    }
    for note in pipeline.unknown_fields(settings, commits):
        err.print(f"note: {note}", markup=False)
    said = ", ".join(f"{number} {name}" for name, number in counts.items())
    _say(
        as_json,
        {"batches": len(commits), "dumps": len(outcomes), **counts},
        f"normalise: {len(outcomes)} dumps in {len(commits)} batches, {said}",
    )
    _fail(pipeline.refused(settings, [commit.batch_id for commit in commits]))


@app.command()
def validate(
    context: typer.Context, batches: Batches = None, as_json: AsJson = False, warehouse: Warehouse = None
) -> None:
    """Hold staged batches against the expectations.

    Example: etl validate
    """
    from etl import pipeline

    settings = _settings(context, warehouse)
    reports = pipeline.validate(settings, batches or None)
    results = [result for report in reports for result in report.results]
    missed = [result for result in results if not result["is_met"]]
    for result in missed:
        err.print(
            f"{result['severity']}: {result['table']}: {result['expectation']}, observed {result['observed']}",
            markup=False,
        )
    facts = {"batches": len(reports), "expectations": len(results), "not_met": len(missed)}
    _say(as_json, facts, f"validate: {len(reports)} batches, {len(results)} expectations, {len(missed)} not met")
    _fail(
        [
            f"dump {dump_id[:12]} refused, {reason}"
            for report in reports
            for dump_id, reason in sorted(report.refused.items())
        ]
    )


@app.command()
def load(context: typer.Context, as_json: AsJson = False, warehouse: Warehouse = None) -> None:
    """Load admitted dumps into the working database.

    Example: etl load
    """
    from etl import pipeline

    changed = pipeline.load(_settings(context, warehouse))
    _say(as_json, {"dumps": changed}, f"load: {changed} dumps came in or went out")


@app.command()
def build(
    context: typer.Context,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(
            "--as-of",
            formats=["%Y-%m-%d"],
            help="Rebuild the figures as they were known on that day, into as_of/DAY; the published ones stay.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """Build the marts if something changed.

    Example: etl build --as-of 2025-06-30
    """
    from etl import pipeline

    if as_of:
        done = pipeline.build_as_of(_settings(context, warehouse), as_of.date())
        facts = {"path": str(done.folder), "dumps": done.dumps}
        _say(as_json, facts, f"build: {done.dumps} deliveries as of {as_of.date()}, {done.folder}")
        return
    tables = pipeline.build(_settings(context, warehouse))
    _say(as_json, {"tables": tables}, f"build: {len(tables)} tables")


@app.command()
def publish(context: typer.Context, as_json: AsJson = False, warehouse: Warehouse = None) -> None:
    """Publish what was built; readers see the old snapshot or the new one, whole.

    Example: etl publish
    """
    from etl import pipeline

    settings = _settings(context, warehouse)
    snapshot = pipeline.publish(settings)
    problems = pipeline.notify(settings)
    facts = {"snapshot": snapshot, "path": str(settings.current), "problems": problems}
    _say(as_json, facts, f"publish: {settings.published / snapshot}")
    _fail(problems)


@app.command()
def run(
    context: typer.Context,
    paths: Paths = None,
    observed_on: ObservedOn = None,
    in_place: InPlace = False,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """All six steps: from files to a published warehouse.

    Example: etl run dumps/ more/2025.tar.gz 'inbox/*.json'
    """
    from etl import pipeline

    settings = _settings(context, warehouse)
    with _progress() as progress:
        day = observed_on.date() if observed_on else None
        done = pipeline.run(settings, paths or (), day, progress, in_place)
    facts = {
        "deliveries": len(done.ingested.deliveries),
        "new": done.ingested.new,
        "snapshot": done.snapshot,
        "problems": done.problems,
    }
    for note in done.notes:
        err.print(f"note: {note}", markup=False)
    _say(as_json, facts, f"run: {done.ingested.new} new deliveries, published {settings.published / done.snapshot}")
    _fail(done.problems)


@app.command()
def status(context: typer.Context, as_json: AsJson = False, warehouse: Warehouse = None) -> None:
    """What is loaded, what was rejected and why, and how fresh it is.

    Example: etl status --json
    """
    from etl import published

    found = published.status(_settings(context, warehouse))
    if as_json:
        _print_json(asdict(found))
        return
    out.print(f"Warehouse as of {found.as_of}", style="bold", markup=False)
    for name, number in found.figures.items():
        out.print(f"  {number:>9,} {name}", markup=False)
    _print_rows("Sources", found.sources)
    for line in found.unknown_fields:
        out.print(f"Unknown field, neither mapped nor ignored: {line}", markup=False)
    _print_rows("Rising keywords", found.rising)
    _print_rows("Rejected records", found.rejected)
    _print_rows("Refused dumps", found.refused)
    out.print(f"Database: {found.database}\nFeeds:    {found.feeds}", markup=False, soft_wrap=True)


def _print_rows(title: str, rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not rows:
        out.print(f"{title}: none", style="bold", markup=False)
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, value in rows[0].items():
        side: Literal["left", "right"] = "right" if isinstance(value, (int, float)) else "left"
        table.add_column(name, justify=side, no_wrap=True, overflow="ellipsis", max_width=60)
    for row in rows:
        table.add_row(*(Text(_shown(value)) for value in row.values()))
    out.print(table)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())


@app.command()
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes any that is free.", min=0, max=65535)] = 8000,
    warehouse: Warehouse = None,
) -> None:
    """Show the dashboard and all published files to browsers on this machine; Ctrl-C stops it.

    Example: etl serve --port 8123
    """
    from etl import serving

    def say(address: str) -> None:
        out.print(f"serve: {address} (Ctrl-C stops it)", markup=False)

    serving.serve(_settings(context, warehouse), port, say)


@app.command()
def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT.")],
    format: Annotated[Format, typer.Option(help="How rows are printed.")] = Format.table,
    warehouse: Warehouse = None,
) -> None:
    """Ask the published database, read-only.

    Example: etl query "SELECT keyword, growth FROM mart.keyword_trends ORDER BY emergence DESC LIMIT 5" --format csv
    """
    import polars as pl

    from etl import published

    rows = published.query(_settings(context, warehouse), sql)
    with _for_reader():
        if format is Format.json:
            import polars.selectors as cs

            # JSON has no word for what is not a number.
            _print_json(rows.with_columns(pl.when(cs.float().is_finite()).then(cs.float())).to_dicts())
        elif format is Format.csv:
            from etl.feeds.csv import as_text

            sys.stdout.write(as_text(rows))
        elif rows.height:
            _print_rows(f"{rows.height} rows", rows.to_dicts())
        else:
            out.print("no rows")


@app.command()
def trace(
    context: typer.Context,
    paper: Annotated[str | None, typer.Option(help="Any identifier of a paper.")] = None,
    keyword: Annotated[str | None, typer.Option(help="A keyword.")] = None,
    with_keyword: Annotated[str | None, typer.Option("--with", help="The other keyword of a pair.")] = None,
    theme: Annotated[str | None, typer.Option(help="A theme, with the year as --period.")] = None,
    topic: Annotated[str | None, typer.Option(help="A topic of mart.code_availability.")] = None,
    statement: Annotated[str | None, typer.Option(help="What the papers say of code: linked, promised, …")] = None,
    period: Annotated[
        str | None, typer.Option(help="YYYY, YYYY-MM, YYYY-Www, or a day of the week; else papers of any day or none.")
    ] = None,
    scope: Annotated[str, typer.Option(help="all, source:… or category:…")] = "all",
    show: Annotated[bool, typer.Option("--show", help="Print the very bytes of each record.")] = False,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """List the records of a paper, or of the papers behind a figure: of a keyword, a pair, a theme or a topic's code.

    Example: etl trace --keyword "world models" --period 2025-06 --scope source:hf_daily --json
    """
    from etl import published
    from etl.figures import Figure

    given = [option for option in (paper, keyword, theme, topic) if option is not None]
    is_too_little = (theme and not period) or (with_keyword and not keyword)
    if len(given) != 1 or is_too_little or (paper and (period or statement or scope != "all")):
        raise typer.BadParameter("wanted --paper, --keyword [--with], --theme with --period, or --topic")
    settings = _settings(context, warehouse)
    if paper:
        records = published.trace_paper(settings, paper)
    else:
        keywords = tuple(name for name in (keyword, with_keyword) if name)
        records = published.trace_figure(settings, Figure(keywords, theme, topic, statement, period, scope))
    with _for_reader():
        if show:
            # A record that was delivered again is there once.
            places = ((record["dump_id"], record["member"], record["record_offset"]) for record in records)
            for record in dict(zip(places, records, strict=True)).values():
                sys.stdout.buffer.write(published.record_bytes(settings, record) + b"\n")
        elif as_json:
            _print_json(records)
        else:
            papers = len({record["paper_id"] for record in records})
            _print_rows(f"{len(records)} records of {papers} papers", records)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check sources, expectations, SQL and alert rules against each other, without data.

    Example: etl check
    """
    from etl import checks

    found = checks.check()
    found["alert rules"] = len(_alert_rules(Settings.from_env()))
    _say(as_json, found, "check: " + ", ".join(f"{number} {what}" for what, number in found.items()) + ", all sound")


@app.command()
def withdraw(
    context: typer.Context,
    dump: Annotated[str, typer.Argument(help="Id of a dump, the start of it, or its file name.")],
    reason: Annotated[str, typer.Option(help="Why; kept and shown.")] = "withdrawn by hand",
    restore: Annotated[bool, typer.Option("--restore", help="Take the withdrawal back.")] = False,
    warehouse: Warehouse = None,
) -> None:
    """Withdraw a dump: after the next run it is as if it had never come.

    Example: etl withdraw 2025-06-02.json --reason "the publisher took it back" && etl run
    """
    from etl import pipeline

    settings = _settings(context, warehouse)
    dump_id = pipeline.restore(settings, dump) if restore else pipeline.withdraw(settings, dump, reason)
    done = "restored" if restore else "withdrawn"
    out.print(f"{done}: {dump_id}; `etl run` makes the warehouse agree", markup=False, soft_wrap=True)


@app.command()
def approve(
    context: typer.Context,
    dump: Annotated[str, typer.Argument(help="Id of a dump, the start of it, or its file name.")],
    reason: Annotated[str, typer.Option(help="Why; kept.")] = "looked at by hand",
    warehouse: Warehouse = None,
) -> None:
    """Admit a dump that was refused for its share of rejected records, or for a changed layout.

    Example: etl approve trending-papers.txt --reason "the page has a new footer" && etl run
    """
    from etl import pipeline

    dump_id = pipeline.approve(_settings(context, warehouse), dump, reason)
    out.print(f"approved: {dump_id}; `etl run` makes the warehouse agree", markup=False, soft_wrap=True)


@app.command()
def backtest(
    context: typer.Context,
    candidates: Annotated[
        str, typer.Option(help="What is ranked: keywords, or titles for n-grams of titles.")
    ] = "keywords",
    source: Annotated[str | None, typer.Option(help="Only papers of this source.")] = None,
    clock: Annotated[str, typer.Option(help="By published_on (the world) or observed_on (us).")] = "published_on",
    horizon: Annotated[int, typer.Option(help="Months ahead; an even number.", min=2, max=120)] = 24,
    cutoff: Annotated[
        list[dt.datetime] | None,
        typer.Option(
            formats=["%Y-%m"], help="First month not known, again and again; else the last ones.", show_default=False
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder of the report; else backtest/ in the warehouse.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """Hold the ranking of emerging keywords against what came after: a page with plots, and its figures as JSON.

    Example: etl backtest --candidates titles --source arxiv_tsv --cutoff 2015-01 --cutoff 2016-01
    """
    from etl import backtest as backtests

    settings = _settings(context, warehouse)
    plan = backtests.plan(candidates, source, clock, horizon, [day.date() for day in cutoff or ()])
    done = backtests.report(settings, plan, output or settings.backtest)
    _say(as_json, done.facts, f"backtest: {done.verdict}; {done.page}")


rejected_app = typer.Typer(
    no_args_is_help=True,
    help="Records that were set aside, and reading them again.\n\nExample: etl rejected list",
)
app.add_typer(rejected_app, name="rejected")
OfSource = Annotated[str | None, typer.Option("--source", help="Only of this source.")]
OfReason = Annotated[str | None, typer.Option("--reason", help="Only with this reason.")]
OfDump = Annotated[str | None, typer.Option("--dump", help="Only of this dump: its id, the start of it, or its name.")]


@rejected_app.command("list")
def rejected_list(
    context: typer.Context,
    source: OfSource = None,
    reason: OfReason = None,
    dump: OfDump = None,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """Count rejected records by source and reason.

    Example: etl rejected list --source hf_daily
    """
    from etl import rejected

    rows = rejected.counts(_settings(context, warehouse), rejected.Chosen(source, reason, dump))
    if as_json:
        _print_json(rows)
    else:
        _print_rows(f"{sum(row['records'] for row in rows)} rejected records", rows)


@rejected_app.command("show")
def rejected_show(
    context: typer.Context,
    source: OfSource = None,
    reason: OfReason = None,
    dump: OfDump = None,
    raw: Annotated[bool, typer.Option("--bytes", help="Print the very bytes of each record.")] = False,
    limit: Annotated[int, typer.Option(help="So many records at most.", min=1)] = 50,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """Show rejected records: where each stands, what is wrong with it, and its start.

    Example: etl rejected show --reason malformed_json --bytes
    """
    from etl import published, rejected

    settings = _settings(context, warehouse)
    found = rejected.records(settings, rejected.Chosen(source, reason, dump))
    rows = found.head(limit).to_dicts()
    if found.height > limit:
        err.print(f"note: {limit} of {found.height} records; more with --limit", markup=False)
    with _for_reader():
        if raw:
            for row in rows:
                sys.stdout.buffer.write(published.record_bytes(settings, row) + b"\n")
        elif as_json:
            _print_json(rows)
        else:
            shown = ("name", "member", "record_offset", "record_length", "reason", "detail", "excerpt")
            _print_rows(f"{found.height} rejected records", [{name: row[name] for name in shown} for row in rows])


@rejected_app.command("replay")
def rejected_replay(
    context: typer.Context,
    source: OfSource = None,
    reason: OfReason = None,
    dump: OfDump = None,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """Read rejected records again, after a parser or a rule was mended, and publish what loads now.

    Example: etl rejected replay --source hf_daily
    """
    from etl import pipeline
    from etl.rejected import Chosen

    with _progress() as progress:
        done = pipeline.replay(_settings(context, warehouse), Chosen(source, reason, dump), progress)
    facts = {"dumps": done.dumps, "records": done.before, "still_rejected": done.after, "problems": done.run.problems}
    line = f"replay: {done.before} records of {done.dumps} dumps, {done.after} still rejected"
    _say(as_json, facts, line)
    _fail(done.run.problems)


alerts_app = typer.Typer(
    no_args_is_help=True,
    help="Rules that tell of what came about, see docs/alerts.md.\n\nExample: etl alerts list",
)
app.add_typer(alerts_app, name="alerts")


def _alert_rules(settings: Settings) -> list[Rule]:
    """The rules, or a line for all that is wrong with them and exit status 2."""
    from etl import rules

    found, problems = rules.read(settings.alerts)
    for problem in problems:
        err.print(f"error: {problem}", markup=False)
    if problems:
        raise typer.Exit(problems[0].exit_status)
    return found


@alerts_app.command("list")
def alerts_list(context: typer.Context, as_json: AsJson = False, warehouse: Warehouse = None) -> None:
    """List the rules: what each asks for, how many keywords and papers it is about now, how often it fired.

    Example: etl alerts list
    """
    from etl import published

    settings = _settings(context, warehouse)
    rows = published.alert_rules(settings, _alert_rules(settings))
    if as_json:
        _print_json(rows)
    else:
        _print_rows(f"{len(rows)} rules", rows)


@alerts_app.command("test")
def alerts_test(
    context: typer.Context,
    since: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="First day of the history.")],
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """Show what the rules would have fired since a day, with the figures of today; nothing is told or written down.

    Example: etl alerts test --since 2025-01-01
    """
    from etl import published

    settings = _settings(context, warehouse)
    rows = published.alerts_since(settings, _alert_rules(settings), since.date()).to_dicts()
    with _for_reader():
        if as_json:
            _print_json(rows)
        else:
            shown = ("occurred_on", "rule", "title", "value", "evidence")
            _print_rows(f"{len(rows)} alerts", [{name: row[name] for name in shown} for row in rows])


@alerts_app.command("send")
def alerts_send(context: typer.Context, as_json: AsJson = False, warehouse: Warehouse = None) -> None:
    """Post alerts whose webhook could not be reached before; each is posted once.

    Example: etl alerts send
    """
    from etl import webhooks

    problems = webhooks.send(_settings(context, warehouse))
    _say(as_json, {"problems": problems}, f"alerts: {len(problems)} webhooks failed")
    _fail(problems)


@app.command()
def digest(
    context: typer.Context,
    since: Annotated[
        str, typer.Option(help="`last`, the end of each subscriber's last digest, or a day to tell again from.")
    ] = "last",
    subscription: Annotated[
        list[str] | None,
        typer.Option("--subscription", help="Names of subscriptions, again and again; else all.", show_default=False),
    ] = None,
    out_folder: Annotated[
        Path | None,
        typer.Option("--out", help="Write messages to this folder instead of sending them.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    warehouse: Warehouse = None,
) -> None:
    """Send each subscriber what is new since the last digest; nothing where nothing is.

    Example: etl digest --since last
    """
    from etl import pipeline

    done = pipeline.digest(_settings(context, warehouse), _day_or_last(since), subscription or [], out_folder)
    facts = {"sent": done.sent, "nothing_new": done.nothing_new, "not_due": done.not_due, "problems": done.problems}
    line = f"digest: {len(done.sent)} sent, {len(done.nothing_new)} with nothing new, {len(done.not_due)} not due"
    _say(as_json, facts, line)
    for problem in done.problems:
        err.print(f"error: {problem}", markup=False)
    if done.problems:
        raise typer.Exit(done.failure.exit_status if done.failure else 1)


def _day_or_last(since: str) -> dt.date | None:
    try:
        return None if since == "last" else dt.date.fromisoformat(since)
    except ValueError:
        raise SettingsError("--since", since, "last, or a day as YYYY-MM-DD") from None


@app.command()
def keywords(context: typer.Context) -> None:
    """Rank keyphrases of JSON lines with id, title and abstract, from standard input to standard output.

    Example: etl keywords < records.jsonl > ranked.jsonl
    """
    from etl.keywords import ranked

    limits = _settings(context, None).limits
    with _for_reader():
        for line in ranked(sys.stdin.buffer, limits):
            sys.stdout.buffer.write(line)


def main() -> None:
    """The command line; every deliberate failure is one line and an exit status."""
    sys.exit(_guarded(app))


def _guarded(call: Callable[[], None]) -> int:
    try:
        call()
    except EtlError as error:
        err.print(f"error: {error}", markup=False)
        return error.exit_status
    except OSError as error:
        place = error.filename or "the warehouse"
        err.print(
            f"error: {place}: {error.strerror or error}; make room or mend the permissions, then run again",
            markup=False,
        )
        return 1
    except Exception as error:
        if type(error).__module__ in ("duckdb", "_duckdb"):
            said = " ".join(str(error).split())[:500]
            err.print(f"error: warehouse database: {said}; free what it lacks, then run again", markup=False)
            return 1
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split())[:500]
        err.print(f"error: unexpected {type(error).__name__}: {said} ({last.filename}:{last.lineno})", markup=False)
        return 1
    except KeyboardInterrupt:
        err.print("interrupted; run again to go on", markup=False)
        return 130
    return 0


if __name__ == "__main__":
    main()
