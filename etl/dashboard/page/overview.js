/**
 * What rises, what falls, and what there is.
 * @module
 */

import { figures, rowsOf, scopeNumber, table as tableOf } from "./data.js";
import { address, h } from "./dom.js";
import { chance, day, month, percent, percents, signed, whole } from "./format.js";
import { choice, figure, keywordLink, made, scopeOptions, scopeText, table } from "./parts.js";
import { intervals, sparkline } from "./sparkline.js";

export const title = "Rising and falling keywords";

/** @param {URLSearchParams} parameters */
export async function render(parameters) {
  const scope = parameters.get("scope") ?? "all";
  const [held, number] = await Promise.all([figures(), scopeNumber(scope)]);
  if (!held.papers) return [nothing()];
  const rows = number < 0 ? [] : await (await tableOf("rising")).of(number);
  const lead = (/** @type {string} */ chosen) => address("", { scope: chosen === "all" ? null : chosen });
  return [
    summary(held),
    h("div", { class: "controls" }, choice("Scope", await scopeOptions(), scope, lead)),
    rows.length ? null : await unranked(number),
    moving("Rising keywords", scope, rows.filter((row) => row.direction === "rising")),
    moving("Falling keywords", scope, rows.filter((row) => row.direction === "falling")),
    await made(
      "mart.keyword_trends",
      "mart.keyword_trends.growth",
      "mart.keyword_trends.emergence",
      "mart.keyword_trends.q_value",
      "mart.keyword_trends.burst_start",
      "mart.keyword_monthly.share",
      "mart.keyword_monthly.share_low",
      "mart.scope_periods.is_partial",
    ),
  ];
}

/** What a page of an empty warehouse says. */
export function nothing() {
  return h(
    "section",
    { class: "notice" },
    h("h2", null, "Nothing is loaded yet"),
    h("p", null, "This warehouse holds no papers. ", h("code", null, "etl run PATH"), " brings dumps in and publishes them; this page then shows what they say."),
  );
}

/** @param {Record<string, number | null>} held */
function summary(held) {
  const share = (/** @type {string} */ part, /** @type {string} */ all) =>
    held[all] ? `${percent(/** @type {number} */ (held[part]) / /** @type {number} */ (held[all]))} of them` : "";
  return h(
    "dl",
    { class: "figures" },
    figure("as of", day(held.as_of), "last day observed"),
    figure("papers", whole(held.papers), held.papers_without_date ? `${whole(held.papers_without_date)} without a date` : ""),
    figure("keywords", whole(held.keywords)),
    figure("papers with code", whole(held.papers_with_code), share("papers_with_code", "papers")),
    figure("repositories", whole(held.repositories)),
    figure("promises of code", whole(held.promises), `${whole(held.promises_kept)} kept`),
  );
}

/** @param {number} number */
async function unranked(number) {
  const months = number < 0 ? [] : await (await tableOf("scope_months")).of(number);
  const whole = months.filter((row) => !row.is_partial).length;
  return h(
    "p",
    { class: "notice" },
    `Insufficient history: this scope has ${whole} complete ${whole === 1 ? "month" : "months"}, and no keyword in it a trend yet.`,
  );
}

/**
 * @param {string} caption
 * @param {string} scope
 * @param {import("./data.js").Row[]} rows
 */
function moving(caption, scope, rows) {
  const most = (/** @type {import("./data.js").Row} */ row) => Math.max(row.share_high ?? 0, row.before_high ?? 0);
  return table(
    scope === "all" ? caption : `${caption}, ${scopeText(scope)}`,
    [
      { head: "Keyword", show: (row) => keywordLink(row.keyword, scope), order: (row) => row.keyword },
      { head: "Last 36 months", show: (row) => sparkline(row.shares) },
      { head: "Share, recent months", show: (row) => percent(row.share), isNumber: true, order: (row) => row.share },
      { head: "95 % interval", show: (row) => percents(row.share_low, row.share_high), isNumber: true },
      { head: "In the months before", show: (row) => percents(row.before_low, row.before_high), isNumber: true, isWide: true },
      {
        head: "Before and after",
        isWide: true,
        show: (row) => intervals([row.before_low, row.before, row.before_high], [row.share_low, row.share, row.share_high], most(row)),
      },
      { head: "Growth", show: (row) => signed(row.growth), isNumber: true, isWide: true, order: (row) => row.growth },
      { head: "q", show: (row) => chance(row.q_value), isNumber: true, isWide: true, order: (row) => row.q_value },
      { head: "Burst since", show: (row) => month(row.burst_start), isWide: true, order: (row) => row.burst_start },
      { head: "Papers", show: (row) => whole(row.papers), isNumber: true, order: (row) => row.papers },
    ],
    rows,
    "None in this scope.",
  );
}
