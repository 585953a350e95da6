/**
 * How many papers name their code, over time and by topic.
 * @module
 */

import { lineChart } from "./charts.js";
import { rowsOf, table as tableOf } from "./data.js";
import { address, h } from "./dom.js";
import { month, percent, percents, whole } from "./format.js";
import { choice, made, table } from "./parts.js";
import { interval } from "./sparkline.js";

export const title = "Code availability";
const MOST = 6;
const YEARS = ["3", "5", "10", "all"];
// A month of fewer papers says next to nothing, and hides the others by its interval.
const FEWEST = 5;

/** @typedef {import("./data.js").Row} Row */

/** @param {URLSearchParams} parameters */
export async function render(parameters) {
  const given = [...new Set(parameters.getAll("t").filter(Boolean))].slice(0, MOST);
  const topics = given.length ? given : ["all"];
  const years = YEARS.includes(parameters.get("years") ?? "") ? /** @type {string} */ (parameters.get("years")) : "5";
  const [source, latest] = await Promise.all([tableOf("availability"), rowsOf("availability_topics")]);
  const series = await Promise.all(topics.map((topic) => source.of(topic)));
  const newest = Math.max(...series.flat().map((row) => row.period));
  const since = years === "all" ? -Infinity : newest - 365.25 * Number(years);
  const lines = series
    .map((rows, place) => ({ name: named(topics[place]), points: rows.filter((row) => row.period > since && row.papers >= FEWEST).map(point) }))
    .filter((line) => line.points.length);
  const lead = (/** @type {string[]} */ chosen, /** @type {string} */ span = years) =>
    address("code", { t: chosen.length === 1 && chosen[0] === "all" ? [] : chosen, years: span === "5" ? null : span });
  return [
    picker(topics, latest, lead),
    h("div", { class: "controls" }, choice("Period", YEARS.map((value) => ({ value, text: value === "all" ? "all years" : `last ${value} years` })), years, (value) => lead(topics, value))),
    ...topics.filter((_, place) => !series[place].length).map((topic) => h("p", { class: "notice", role: "status" }, `No figures for “${topic}”: a topic is all, a category, a source, or a keyword of enough papers.`)),
    lines.length ? lineChart(lines, "share of papers that name their code") : h("p", { class: "notice" }, "There are no dated papers yet."),
    lines.length ? h("p", { class: "soft" }, "What a paper does not say is unknown, not a no. Bands are 95 % intervals; dashed: the month is not over. New papers gain links later: the last months rise after the fact. Months of fewer than five papers stand in the table only.") : null,
    byTopic("The last twelve months of data, by category", latest.filter((row) => row.kind === "all" || row.kind === "category"), topics, lead),
    byTopic("The same, by source: some list papers with code only", latest.filter((row) => row.kind === "source"), topics, lead),
    byTopic("The same, by the hundred largest keywords", latest.filter((row) => row.kind === "keyword"), topics, lead),
    monthly(topics, series.map((rows) => rows.filter((row) => row.period > since))),
    await made(
      "mart.code_availability",
      "mart.code_availability.linked",
      "mart.code_availability.promised",
      "mart.code_availability.on_request",
      "mart.code_availability.unknown",
      "mart.code_availability.rate",
      "mart.code_availability.rate_low",
    ),
  ];
}

/** @param {string} topic */
const named = (topic) => (topic === "all" ? "all papers" : topic);

/** @param {Row} row */
const point = (row) => ({ period: row.period, value: row.rate, low: row.rate_low, high: row.rate_high, part: row.linked, whole: row.papers, isPartial: row.is_partial });

/** @param {string[]} topics @param {Row[]} latest @param {(chosen: string[]) => string} lead */
function picker(topics, latest, lead) {
  const input = /** @type {HTMLInputElement} */ (h("input", { id: "topic", type: "text", list: "known-topics", autocomplete: "off", maxlength: 200 }));
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    const topic = input.value.trim();
    if (topic) location.hash = lead([...topics.filter((name) => name !== topic), topic].slice(-MOST));
  };
  return h(
    "form",
    { class: "picker", submit: add },
    h("label", { for: "topic" }, "Compare with a category or keyword"),
    input,
    h("datalist", { id: "known-topics" }, latest.map((row) => h("option", { value: row.topic }))),
    h("button", { type: "submit" }, "Add"),
    h(
      "ul",
      { class: "chips", "aria-label": "Topics shown" },
      topics.map((topic) =>
        h("li", null, named(topic), " ", topics.length > 1 ? h("a", { href: lead(topics.filter((name) => name !== topic)), "aria-label": `Remove ${topic}` }, "×") : null),
      ),
    ),
  );
}

/** @param {string} caption @param {Row[]} rows @param {string[]} topics @param {(chosen: string[]) => string} lead */
function byTopic(caption, rows, topics, lead) {
  const most = Math.max(0, ...rows.map((row) => row.rate_high));
  return table(
    caption,
    [
      {
        head: "Topic",
        order: (row) => row.topic,
        show: (row) => (topics.includes(row.topic) ? named(row.topic) : h("a", { href: lead([...topics, row.topic].slice(-MOST)) }, named(row.topic))),
      },
      { head: "Papers", show: (row) => whole(row.papers), isNumber: true, order: (row) => row.papers },
      { head: "With code", show: (row) => whole(row.linked), isNumber: true, order: (row) => row.linked },
      { head: "Promised", show: (row) => whole(row.promised), isNumber: true, isWide: true, order: (row) => row.promised },
      { head: "Rate", show: (row) => percent(row.rate), isNumber: true, order: (row) => row.rate },
      { head: "95 % interval", show: (row) => percents(row.rate_low, row.rate_high), isNumber: true },
      { head: "On one scale", show: (row) => interval([row.rate_low, row.rate, row.rate_high], most), isWide: true },
    ],
    rows,
  );
}

/** @param {string[]} topics @param {Row[][]} series */
function monthly(topics, series) {
  const rows = series.flatMap((found, place) => found.map((row) => ({ ...row, topic: topics[place] })));
  return h(
    "details",
    { class: "monthly" },
    h("summary", null, "Figures by month"),
    table(
      "Papers that name their code, by month",
      [
        { head: "Month", show: (row) => `${month(row.period)}${row.is_partial ? " (not over)" : ""}` },
        { head: "Topic", show: (row) => named(row.topic) },
        { head: "Papers", show: (row) => whole(row.papers), isNumber: true },
        { head: "With code", show: (row) => whole(row.linked), isNumber: true },
        { head: "Promised", show: (row) => whole(row.promised), isNumber: true },
        { head: "On request", show: (row) => whole(row.on_request), isNumber: true, isWide: true },
        { head: "Unknown", show: (row) => whole(row.unknown), isNumber: true },
        { head: "Rate", show: (row) => percent(row.rate), isNumber: true },
        { head: "95 % interval", show: (row) => percents(row.rate_low, row.rate_high), isNumber: true },
      ],
      rows.sort((one, other) => other.period - one.period),
    ),
  );
}
