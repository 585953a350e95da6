/**
 * Keywords over time, several side by side, with their co-words and the papers behind each point.
 * @module
 */

import { lineChart } from "./charts.js";
import { rowsOf, scopeNumber, table as tableOf } from "./data.js";
import { address, h } from "./dom.js";
import { chance, counted, day, month, monthOf, percent, percents, short, signed, whole, words } from "./format.js";
import { choice, keywordLink, made, paperList, scopeText, table } from "./parts.js";
import { find } from "./search.js";

export const title = "Keyword explorer";
const MOST = 6;
const SUGGESTED = 12;
const YEARS = ["3", "5", "10", "all"];
// As in `mart.keyword_trends`: a month of fewer papers says next to nothing, and hides the others by its interval.
const FEWEST = 5;
// Upper bound of the Wilson interval of no paper among n: z² / (n + z²), with the z of 95 %.
const Z_SQUARED = 3.8414588;

/** @typedef {import("./data.js").Row} Row */
/** @typedef {{ keyword: string, numbers: number[], trends: Row[], months: Row[] }} Found */

/** @param {URLSearchParams} parameters */
export async function render(parameters) {
  const keywords = [...new Set(parameters.getAll("k").map((name) => name.trim()).filter(Boolean))].slice(0, MOST);
  const scope = parameters.get("scope") ?? "all";
  const years = YEARS.includes(parameters.get("years") ?? "") ? /** @type {string} */ (parameters.get("years")) : "5";
  const number = await scopeNumber(scope);
  const found = await Promise.all(keywords.map((keyword) => look(keyword, number)));
  const known = found.filter((entry) => entry.numbers.length);
  const state = { keywords, scope, years, number, at: parameters.get("at") };
  const missing = found.filter((entry) => !entry.numbers.length);
  const others = found.flatMap((entry, place) => (entry.keyword === keywords[place] ? [] : [`“${keywords[place]}” is counted as “${entry.keyword}”.`]));
  return [
    picker(state),
    await controls(state, known),
    ...others.map((text) => h("p", { class: "soft", role: "status" }, text)),
    ...(await Promise.all(missing.map((entry) => unknown(entry.keyword)))),
    ...(keywords.length ? [] : [await examples(state)]),
    ...(known.length ? await comparison(state, known) : []),
  ];
}

/** @typedef {{ keywords: string[], scope: string, years: string, number: number, at: string | null }} State */

/** @param {State} state @param {Partial<State>} [changed] */
function here(state, changed) {
  const { keywords, scope, years, at } = { ...state, ...changed };
  return address("keywords", { k: keywords, scope: scope === "all" ? null : scope, years: years === "5" ? null : years, at });
}

/**
 * @param {string} keyword
 * @param {number} scope
 * @returns {Promise<Found>}
 */
async function look(keyword, scope) {
  const [papers, trends, series] = await Promise.all(["keyword_papers", "keyword_trends", "keyword_series"].map(tableOf));
  const [links, all, months] = await Promise.all([papers.column(keyword, "paper_number", false), trends.of(keyword), series.of(keyword)]);
  if (!links.length) {
    const meant = await (await tableOf("keyword_spellings")).of(keyword);
    if (meant.length === 1) return look(meant[0].keyword, scope);
  }
  return { keyword, numbers: links.flat(), trends: all, months: months.filter((row) => row.scope_number === scope) };
}

/** @param {State} state */
function picker(state) {
  const list = h("datalist", { id: "known-keywords" });
  const input = /** @type {HTMLInputElement} */ (
    h("input", { id: "keyword", type: "text", list: "known-keywords", autocomplete: "off", spellcheck: "false", maxlength: 200 })
  );
  let asked = 0;
  input.addEventListener("input", async () => {
    const turn = (asked += 1);
    await new Promise((done) => setTimeout(done, 120));
    if (turn !== asked || input.value.trim().length < 2) return;
    const names = await namesLike(input.value);
    if (turn === asked) list.replaceChildren(...names.map((row) => h("option", { value: row.keyword }, counted(row.papers, "paper"))));
  });
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    const keyword = input.value.trim().toLowerCase();
    if (keyword) location.hash = here(state, { keywords: [...state.keywords.filter((name) => name !== keyword), keyword].slice(-MOST), at: null });
  };
  return h(
    "form",
    { class: "picker", submit: add },
    h("label", { for: "keyword" }, state.keywords.length ? "Compare with" : "Keyword"),
    input,
    list,
    h("button", { type: "submit" }, state.keywords.length ? "Add" : "Show"),
    h(
      "ul",
      { class: "chips", "aria-label": "Keywords shown" },
      state.keywords.map((keyword) =>
        h("li", null, keyword, " ", h("a", { href: here(state, { keywords: state.keywords.filter((name) => name !== keyword), at: null }), "aria-label": `Remove ${keyword}` }, "×")),
      ),
    ),
  );
}

/** @param {string} text @returns {Promise<Row[]>} */
async function namesLike(text) {
  const [numbers, names] = await Promise.all([find("keyword", text), tableOf("keywords")]);
  return Promise.all(numbers.slice(0, SUGGESTED).map((number) => names.at(number)));
}

/** @param {State} state @param {Found[]} known */
async function controls(state, known) {
  const scopes = await rowsOf("scopes");
  const used = new Map(known.flatMap((entry) => entry.trends.map((row) => [row.scope_number, row.papers])));
  const options = scopes
    .map((row, number) => ({ value: row.scope, text: scopeText(row.scope), number }))
    .filter((option) => option.value === "all" || option.value === state.scope || used.has(option.number));
  return h(
    "div",
    { class: "controls" },
    choice("Scope", options, state.scope, (scope) => here(state, { scope, at: null })),
    choice("Period", YEARS.map((value) => ({ value, text: value === "all" ? "all years" : `last ${value} years` })), state.years, (value) => here(state, { years: value })),
  );
}

/** @param {string} keyword */
async function unknown(keyword) {
  const near = (await namesLike(keyword)).filter((row) => row.keyword !== keyword);
  return h(
    "p",
    { class: "notice", role: "status" },
    `No keyword “${keyword}”. `,
    near.length ? "Did you mean: " : "",
    near.slice(0, 6).flatMap((row, place) => [place ? ", " : "", keywordLink(row.keyword)]),
  );
}

/** @param {State} state */
async function examples(state) {
  const rising = state.number < 0 ? [] : await (await tableOf("rising")).of(state.number);
  const rows = rising.filter((row) => row.direction === "rising").slice(0, 8);
  const names = rows.length ? rows : (await Promise.all([...Array(8).keys()].map(async (place) => ((await tableOf("keywords")).size > place ? (await tableOf("keywords")).at(place) : null)))).filter(Boolean);
  if (!names.length) return h("p", { class: "soft" }, "There are no keywords yet.");
  return h(
    "section",
    null,
    h("h2", null, "For example"),
    h("ul", { class: "links" }, names.map((row) => h("li", null, keywordLink(/** @type {Row} */ (row).keyword, state.scope)))),
  );
}

/** @param {State} state @param {Found[]} known */
async function comparison(state, known) {
  const months = await (await tableOf("scope_months")).of(state.number);
  const since = state.years === "all" ? -Infinity : (months.at(-1)?.period ?? 0) - 365.25 * Number(state.years);
  const shown = months.filter((row) => row.period > since);
  const lines = known.map((entry) => ({ name: entry.keyword, points: points(entry, shown) })).filter((line) => line.points.length);
  const choose = (/** @type {number} */ period) => {
    location.hash = here(state, { at: month(period) });
  };
  const trended = known.flatMap((entry) => {
    const row = entry.trends.find((trend) => trend.scope_number === state.number);
    return row ? [{ ...row, keyword: entry.keyword }] : [];
  });
  return [
    lines.length
      ? lineChart(lines, "share of papers", choose)
      : h("p", { class: "notice" }, "No share by month: in this scope the keyword has fewer papers than a trend takes, or none with a date."),
    lines.length ? h("p", { class: "soft" }, "Bands are 95 % intervals. Hollow points and dashed lines: the month is not over. A click on a point, or on a number in the table, lists the papers behind it. Months of fewer than five papers stand in the table only.") : null,
    await behind(state, known),
    trends(trended),
    monthly(state, known, shown),
    ...(await Promise.all(known.map((entry) => coWords(state, entry.keyword)))),
    await made(
      "mart.keyword_monthly",
      "mart.keyword_monthly.share",
      "mart.keyword_monthly.share_low",
      "mart.keyword_monthly.is_partial",
      "mart.keyword_trends.growth",
      "mart.keyword_trends.emergence",
      "mart.keyword_trends.slope",
      "mart.keyword_trends.q_value",
      "mart.keyword_trends.burst_start",
      "mart.keyword_trends.trend_status",
      "mart.keyword_pairs.association",
    ),
  ];
}

/**
 * A point for each month from the keyword's first one on; a month without a row had no paper.
 * @param {Found} entry
 * @param {Row[]} months
 */
function points(entry, months) {
  const rows = new Map(entry.months.map((row) => [row.period, row]));
  const first = Math.min(...rows.keys());
  return months
    .filter((row) => row.period >= first && row.papers_total >= FEWEST)
    .map(({ period, papers_total: total, is_partial: isPartial }) => {
      const row = rows.get(period) ?? { share: 0, share_low: 0, share_high: Z_SQUARED / (total + Z_SQUARED), papers: 0 };
      return { period, value: row.share, low: row.share_low, high: row.share_high, part: row.papers, whole: total, isPartial };
    });
}

/** @param {State} state @param {Found[]} known */
async function behind(state, known) {
  const period = monthOf(state.at);
  if (Number.isNaN(period)) return papersOf(state, known, null, "Papers, newest first");
  const place = (await (await tableOf("paper_months")).of(period))[0];
  return papersOf(state, known, place ?? { paper_number: 0, papers: 0 }, `Papers of ${state.at}`);
}

/** @param {State} state @param {Found[]} known @param {Row | null} place @param {string} caption */
async function papersOf(state, known, place, caption) {
  const lists = known.map(async (entry) => {
    const numbers = place
      ? entry.numbers.filter((number) => number >= place.paper_number && number < place.paper_number + place.papers)
      : entry.numbers;
    const wanted = (/** @type {Row} */ paper) => state.scope === "all" || (paper.scopes ?? []).includes(state.number);
    return h("div", null, h("h2", null, entry.keyword), await paperList(numbers, wanted));
  });
  return h(
    "details",
    { class: "behind", id: "behind", open: Boolean(place) },
    h("summary", null, `${caption}${state.scope === "all" ? "" : `, ${scopeText(state.scope)}`}`),
    place ? h("p", null, h("a", { href: here(state, { at: null }) }, "All months")) : null,
    await Promise.all(lists),
  );
}

/** @param {Row[]} rows */
function trends(rows) {
  return table(
    "Trend",
    [
      { head: "Keyword", show: (row) => row.keyword },
      { head: "Papers", show: (row) => whole(row.papers), isNumber: true },
      { head: "Status", show: (row) => words(row.trend_status) },
      { head: "Months", show: (row) => whole(row.n_periods), isNumber: true, isWide: true },
      { head: "Growth", show: (row) => signed(row.growth), isNumber: true },
      { head: "Emergence", show: (row) => signed(row.emergence), isNumber: true },
      { head: "Slope a month", show: (row) => (row.slope === null ? "–" : `${short(row.slope * 100)} pp`), isNumber: true, isWide: true },
      { head: "q", show: (row) => chance(row.q_value), isNumber: true },
      { head: "Burst", show: (row) => (row.burst_start === null ? "–" : `${month(row.burst_start)} to ${month(row.burst_end)}`), isWide: true },
      { head: "First seen", show: (row) => day(row.first_seen), isWide: true },
    ],
    rows,
    "No trend: the keyword has too few dated papers in this scope.",
  );
}

/** @param {State} state @param {Found[]} known @param {Row[]} months */
function monthly(state, known, months) {
  const rows = [...months].reverse().map((row) => ({ ...row, of: known.map((entry) => entry.months.find((found) => found.period === row.period)) }));
  const columns = known.map((entry, place) => ({
    head: entry.keyword,
    isNumber: true,
    show: (/** @type {Row} */ row) => {
      const found = row.of[place];
      if (!found) return "0";
      const said = `${whole(found.papers)} papers of ${month(row.period)} with ${entry.keyword}`;
      return h(
        "span",
        null,
        h("a", { href: here(state, { at: month(row.period) }), "aria-label": said }, whole(found.papers)),
        ` · ${percent(found.share)} (${percents(found.share_low, found.share_high)})`,
      );
    },
  }));
  return h(
    "details",
    { class: "monthly" },
    h("summary", null, "Figures by month"),
    table(
      `Papers and share by month, ${scopeText(state.scope)}`,
      [
        { head: "Month", show: (row) => `${month(row.period)}${row.is_partial ? " (not over)" : ""}` },
        { head: "All papers", show: (row) => whole(row.papers_total), isNumber: true },
        ...columns,
      ],
      rows,
    ),
  );
}

/** @param {State} state @param {string} keyword */
async function coWords(state, keyword) {
  const [pairs, names] = await Promise.all([tableOf("keyword_pairs"), tableOf("keyword_names")]);
  const [rows, other] = await Promise.all([pairs.of(keyword), names.of(keyword)]);
  const spelt = [...(other[0]?.variants ?? []).filter((/** @type {string} */ name) => name !== keyword), ...(other[0]?.acronym ? [other[0].acronym] : [])];
  return h(
    "section",
    null,
    h("h2", null, keyword),
    spelt.length ? h("p", { class: "soft" }, `Also written: ${spelt.join(", ")}`) : null,
    table(
      "Co-words: keywords of the same papers",
      [
        { head: "Keyword", show: (row) => keywordLink(row.other, state.scope), order: (row) => row.other },
        { head: "Papers with both", show: (row) => whole(row.papers), isNumber: true, order: (row) => row.papers },
        { head: "Association", show: (row) => short(row.association), isNumber: true, order: (row) => row.association },
        {
          head: "Compare",
          show: (row) =>
            state.keywords.length < MOST && !state.keywords.includes(row.other)
              ? h("a", { href: here(state, { keywords: [...state.keywords, row.other], at: null }), "aria-label": `Compare with ${row.other}` }, "add")
              : "",
        },
      ],
      rows,
      "No pair of enough papers.",
    ),
  );
}
