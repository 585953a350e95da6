/**
 * What came in, what was set aside and why, how fresh it is, and what validation found.
 * @module
 */

import { figures, rowsOf } from "./data.js";
import { h } from "./dom.js";
import { counted, day, percent, whole, words } from "./format.js";
import { figure, keywordLink, made, table } from "./parts.js";

export const title = "Data quality";

/** @typedef {import("./data.js").Row} Row */

export async function render() {
  const [held, sources, rejected, refused, validations, revisions] = await Promise.all([
    figures(),
    ...["sources", "rejected", "refused", "validations", "revisions"].map(rowsOf),
  ]);
  const missed = validations.filter((row) => row.missed);
  const today = Math.floor(Date.now() / 86_400_000);
  return [
    h(
      "dl",
      { class: "figures" },
      figure("newest listing", day(held.as_of), held.as_of === null ? "" : `${counted(Math.max(0, today - held.as_of), "day")} ago`),
      figure("dumps loaded", whole(held.dumps), `${whole(refused.length)} refused or withdrawn`),
      figure("records rejected", whole(held.rejected)),
      figure("expectations", whole(validations.length), `${whole(missed.length)} not met`),
      figure("identifiers in conflict", whole(held.conflicts)),
      figure("figures revised", whole(held.revisions)),
    ),
    dumps(sources),
    table(
      "Rejected records, by source and reason",
      [
        { head: "Source", show: (row) => words(row.source), order: (row) => row.source },
        { head: "Reason", show: (row) => words(row.reason), order: (row) => row.reason },
        { head: "Records", show: (row) => whole(row.records), isNumber: true, order: (row) => row.records },
        { head: "For example", show: (row) => row.detail },
        { head: "Start of one", show: (row) => h("code", null, row.excerpt), isWide: true },
      ],
      rejected,
      "No record was rejected.",
    ),
    table(
      "Dumps refused or withdrawn",
      [
        { head: "Dump", show: (row) => row.name },
        { head: "Source", show: (row) => words(row.source) },
        { head: "Day", show: (row) => day(row.observed_on) },
        { head: "Status", show: (row) => row.status },
        { head: "Why", show: (row) => row.reason },
      ],
      refused,
      "No dump was refused or withdrawn.",
    ),
    expectations(validations),
    table(
      "Figures that were published and differ now",
      [
        { head: "Figure", show: (row) => (row.mart.startsWith("keyword_") ? keywordLink(row.key) : row.key) },
        { head: "Table", show: (row) => row.mart, isWide: true },
        { head: "Period", show: (row) => day(row.period) },
        { head: "Before", show: (row) => whole(row.old), isNumber: true },
        { head: "Now", show: (row) => whole(row.new), isNumber: true },
        { head: "Cause", show: (row) => words(row.cause) },
        { head: "Revised on", show: (row) => day(row.revised_on), isWide: true },
      ],
      revisions,
      "No published figure changed.",
    ),
    await made("core.dumps", "core.dumps.records", "core.dumps.status", "ops.rejected", "ops.rejected.reason", "ops.validations", "ops.validations.severity", "ops.conflicts", "mart.trend_revisions"),
  ];
}

/** @param {Row[]} rows */
function dumps(rows) {
  return table(
    "Dumps by source",
    [
      { head: "Source", show: (row) => words(row.source), order: (row) => row.source },
      { head: "Dumps", show: (row) => whole(row.dumps), isNumber: true, order: (row) => row.dumps },
      { head: "Records", show: (row) => whole(row.records), isNumber: true, order: (row) => row.records },
      { head: "Loaded", show: (row) => whole(row.loaded), isNumber: true, order: (row) => row.loaded },
      { head: "Rejected", show: (row) => `${whole(row.rejected)}${row.records ? ` (${percent(row.rejected / row.records)})` : ""}`, isNumber: true, order: (row) => row.rejected },
      { head: "Repeats", show: (row) => whole(row.duplicates), isNumber: true, isWide: true, order: (row) => row.duplicates },
      { head: "Refused", show: (row) => whole(row.refused), isNumber: true, isWide: true, order: (row) => row.refused },
      { head: "Newest", show: (row) => day(row.newest), order: (row) => row.newest },
      { head: "Behind by", show: (row) => (row.days_old === null ? "–" : counted(row.days_old, "day")), isNumber: true, order: (row) => row.days_old },
      { head: "Licence", show: (row) => row.licence ?? "–", isWide: true },
    ],
    rows,
    "No dump has come yet.",
  );
}

/** @param {Row[]} rows */
function expectations(rows) {
  return table(
    "Expectations, those that were not met first",
    [
      { head: "Table", show: (row) => row.table_name, order: (row) => row.table_name },
      { head: "Expectation", show: (row) => words(row.expectation), order: (row) => row.expectation },
      { head: "Severity", show: (row) => row.severity, order: (row) => row.severity },
      { head: "Result", show: (row) => h("span", { class: row.missed ? "missed" : "met" }, row.missed ? `not met in ${whole(row.missed)} of ${whole(row.batches)}` : `met in ${whole(row.batches)}`), order: (row) => row.missed },
      { head: "Observed", show: (row) => row.observed ?? "", isWide: true },
    ],
    [...rows].sort((one, other) => other.missed - one.missed),
    "Nothing was validated yet.",
  );
}
