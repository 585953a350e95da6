"""Great Expectations over Parquet through DuckDB: structure derived from the schema, content from `expectations/`.

Critical expectations hold row by row, so that a failure belongs to the dumps of the failing rows: they are found by
halving. Great Expectations is imported where it is used: that takes seconds.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl import storage
from etl.database import quoted_list
from etl.errors import ExpectationFileError
from etl.schemas import STAGED, polars_schema
from etl.settings import EXPECTATIONS

if TYPE_CHECKING:
    import great_expectations as gx
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

SEVERITIES = ("critical", "warning", "info")
# What a share of rows or a whole table must be says nothing of one dump among many.
_PER_ROW = (
    "expect_column_values",
    "expect_column_value_lengths",
    "expect_column_pair",
    "unexpected_rows",
    "expect_compound",
)
_WHOLE_DUMP = ("expect_table_row_count_to_be_between",)


@dataclass(frozen=True)
class Result:
    """One expectation on one staged table."""

    table: str
    expectation: str
    severity: str
    is_met: bool
    observed: str


def fingerprint(folder: Path = EXPECTATIONS) -> str:
    """Changes when an expectation or a staged schema does: batches are then validated again."""
    said = [path.read_bytes() for path in sorted(folder.glob("*.json"))]
    said += [repr(polars_schema(table)).encode() for table in STAGED.values()]
    return hashlib.sha256(b"\x00".join(said)).hexdigest()[:16]


class Validator:
    """Suites for all staged tables, and one context to run them in."""

    def __init__(self, folder: Path = EXPECTATIONS) -> None:
        self.context = _context()
        self.source = self.context.data_sources.add_sql(name="staging", connection_string=_url())
        _refuse_unknown_tables(folder)
        self.suites = {table: self._suite(table, folder) for table in STAGED}
        self.runs: list[ExpectationSuiteValidationResult] = []

    def _suite(self, table: str, folder: Path) -> gx.ExpectationSuite:
        import great_expectations as gx

        path = folder / f"{table}.json"
        wanted = [*_structure(table), *_content(path)]
        suite = gx.ExpectationSuite(name=table, expectations=[_expectation(path, entry) for entry in wanted])
        # Great Expectations leaves out a type that it does not know and says so only in a log.
        if len(suite.expectations) != len(wanted):
            kept = {expectation.expectation_type for expectation in suite.expectations}
            lost = sorted({str(entry["type"]) for entry in wanted} - kept)
            raise ExpectationFileError(str(path), f"repeated or unknown expectation {', '.join(lost)}")
        added: gx.ExpectationSuite = self.context.suites.add(suite)
        return added

    def validate(
        self, table: str, parts: Sequence[str], dump_ids: Sequence[str], batch_id: str
    ) -> tuple[list[Result], dict[str, str]]:
        """All results for one table of a batch, and the dumps that break a critical expectation, with their reasons."""
        run = self._run(table, parts, None, batch_id)
        self.runs.append(run)
        results = _results(table, run)
        if broken := [result for result in results if result.severity == "error"]:
            raise ExpectationFileError(table, f"{broken[0].expectation} cannot be evaluated: {broken[0].observed}")
        refused: dict[str, str] = {}
        if any(not result.is_met and result.severity == "critical" for result in results):
            refused = self._guilty(table, parts, list(dump_ids), batch_id)
        return results, refused

    def _guilty(self, table: str, parts: Sequence[str], dump_ids: list[str], batch_id: str) -> dict[str, str]:
        """The dumps that fail by themselves, found by halving."""
        failed = [
            result
            for result in _results(table, self._run(table, parts, dump_ids, batch_id))
            if not result.is_met and result.severity == "critical"
        ]
        if not failed:
            return {}
        if len(dump_ids) == 1:
            return {
                dump_ids[0]: "; ".join(
                    f"{table}: {result.expectation}, observed {result.observed}" for result in failed
                )
            }
        middle = len(dump_ids) // 2
        return self._guilty(table, parts, dump_ids[:middle], batch_id) | self._guilty(
            table, parts, dump_ids[middle:], batch_id
        )

    def _run(
        self, table: str, parts: Sequence[str], dump_ids: list[str] | None, batch_id: str
    ) -> ExpectationSuiteValidationResult:
        query = f"SELECT * FROM read_parquet({quoted_list(parts)}, hive_partitioning = false)"
        if dump_ids is not None:
            query += f" WHERE list_contains({quoted_list(dump_ids)}, dump_id)"
        self.source.assets = []
        batch = (
            self.source.add_query_asset(name=table, query=query).add_batch_definition_whole_table(batch_id).get_batch()
        )
        return batch.validate(self.suites[table])

    def write_docs(self, folder: Path) -> None:
        """Data Docs of all runs so far, in place of the ones before."""
        from great_expectations.render import renderer, view

        suite_page: Any = renderer.ExpectationSuitePageRenderer()  # type: ignore[attr-defined]
        results_page: Any = renderer.ValidationResultsPageRenderer()  # type: ignore[attr-defined]
        html: Any = view.DefaultJinjaPageView()  # type: ignore[attr-defined]
        pages = {f"{suite.name}-expectations": suite_page.render(suite) for suite in self.suites.values()}
        pages |= {f"{run.suite_name}-results": results_page.render(run) for run in self.runs}
        for name, page in pages.items():
            storage.write_bytes(folder / f"{name}.html", html.render(page).encode())


def preload() -> None:
    """Imports Great Expectations without its telemetry and without the log lines of its import."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations  # noqa: F401  imported for the first time here


def _context() -> EphemeralDataContext:
    preload()
    import great_expectations as gx

    from etl import gx_dialect  # noqa: F401  registers the dialect

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    return context


def _url() -> str:
    from etl.gx_dialect import URL

    return URL


def _structure(table: str) -> list[dict[str, Any]]:
    """What follows from the schema: the columns, which of them are never null, and the key."""
    schema = STAGED[table]
    columns = list(polars_schema(schema))
    required = [name for name, column in schema.columns().items() if not column.nullable]
    return [
        {"type": "expect_table_columns_to_match_set", "kwargs": {"column_set": columns}},
        *({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": name}} for name in required),
        {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": schema.primary_key()}},
    ]


def _content(path: Path) -> list[dict[str, Any]]:
    """The entries of an expectation file; raises ExpectationFileError where one breaks the rules of the folder."""
    if not path.exists():
        return []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["expectations"]
    except (ValueError, KeyError, TypeError) as error:
        raise ExpectationFileError(str(path), f"wanted an object with `expectations`: {error}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ExpectationFileError(str(path), "wanted `expectations` to be a list of objects")
    for entry in entries:
        _check_entry(path, entry)
    return list(entries)


def _check_entry(path: Path, entry: dict[str, Any]) -> None:
    kind = entry.get("type", "")
    if entry.get("severity") not in SEVERITIES:
        raise ExpectationFileError(str(path), f"{kind}: severity {entry.get('severity')!r}, wanted one of {SEVERITIES}")
    if not entry.get("notes"):
        raise ExpectationFileError(str(path), f"{kind}: wanted `notes` that say what a failure means")
    for name, value in entry.get("kwargs", {}).items():
        named = value if isinstance(value, list) else [value]
        unknown = [column for column in named if name.startswith("column") and column not in _columns(path)]
        if unknown:
            raise ExpectationFileError(str(path), f"{kind}: column {unknown[0]!r} is not in {path.stem}")
    if entry["severity"] == "critical":
        per_row = kind.startswith(_PER_ROW) and entry["kwargs"].get("mostly", 1) == 1
        if not per_row and kind not in _WHOLE_DUMP:
            raise ExpectationFileError(
                str(path), f"{kind}: only an expectation on every row can be critical; make it a warning"
            )


def _columns(path: Path) -> list[str]:
    return STAGED[path.stem].column_names()


def _expectation(path: Path, entry: dict[str, Any]) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    severity = entry.get("severity", "critical")
    given = {"type": entry["type"], "kwargs": entry["kwargs"], "severity": severity, "notes": entry.get("notes")}
    try:
        return ExpectationConfiguration(**given).to_domain_obj()
    except Exception as error:
        detail = str(error).splitlines()[0]
        raise ExpectationFileError(str(path), f"{entry['type']}: {detail}") from None


def _refuse_unknown_tables(folder: Path) -> None:
    for path in sorted(folder.glob("*.json")):
        if path.stem not in STAGED:
            raise ExpectationFileError(str(path), f"no staged table of that name; there are {', '.join(STAGED)}")


def _results(table: str, run: ExpectationSuiteValidationResult) -> list[Result]:
    """Every result; one that could not be evaluated has severity `error`."""
    found = []
    for result in run.results:
        configuration = result.expectation_config
        assert configuration is not None
        columns = configuration.kwargs.get("column") or configuration.kwargs.get("unexpected_rows_query") or ""
        raised = _raised(result.exception_info)
        severity = "error" if raised else str(getattr(configuration.severity, "value", configuration.severity))
        detail = result.result or {}
        observed = raised or str(detail.get("observed_value") or detail.get("unexpected_count") or "")
        label = f"{configuration.type} {columns}".strip()
        bounds = {
            name: value for name, value in configuration.kwargs.items() if name in ("min_value", "max_value", "mostly")
        }
        found.append(
            Result(table, f"{label} {bounds}" if bounds else label, severity, bool(result.success), observed[:500])
        )
    return sorted(found, key=lambda result: (result.expectation, result.severity))


def _raised(info: Any) -> str | None:
    """The message of an error during evaluation, wherever Great Expectations put it."""
    if not isinstance(info, dict):
        return None
    if info.get("raised_exception"):
        return str(info.get("exception_message"))
    return next((message for value in info.values() if (message := _raised(value))), None)
