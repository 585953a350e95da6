/**
 * What several views are made of: tables, lists of papers, and how a figure is made.
 * @module
 */

import { rowsOf, table as tableOf } from "./data.js";
import { address, h, outward } from "./dom.js";
import { counted, day, whole, words } from "./format.js";

/** @typedef {import("./data.js").Row} Row */
/** @typedef {import("./dom.js").Child} Child */
/**
 * @typedef {object} Column
 * @property {string} head
 * @property {(row: Row) => Child} show
 * @property {boolean} [isNumber]
 * @property {(row: Row) => number | string | null} [order] what to sort by, where a reader may
 * @property {boolean} [isWide] whether a phone leaves it out
 */

/**
 * A table with its caption. Columns with an order have a button that sorts by them.
 * @param {string} caption
 * @param {Column[]} columns
 * @param {Row[]} rows
 * @param {string} [none] what is said where there are no rows
 */
export function table(caption, columns, rows, none = "None.") {
  if (!rows.length) return h("section", { class: "table" }, h("p", { class: "caption" }, caption), h("p", { class: "soft" }, none));
  const body = h("tbody", null, rows.map((row) => line(columns, row)));
  const heads = columns.map((column) =>
    h("th", { scope: "col", class: style(column) }, column.order ? sorter(column, columns, rows, body) : column.head),
  );
  return h(
    "div",
    { class: "table", tabindex: 0, role: "region", "aria-label": caption },
    h("table", null, h("caption", null, caption), h("thead", null, h("tr", null, heads)), body),
  );
}

/** @param {Column} column */
const style = (column) => [column.isNumber && "number", column.isWide && "wide"].filter(Boolean).join(" ") || null;

/** @param {Column[]} columns @param {Row} row */
function line(columns, row) {
  const cells = columns.map((column) => {
    const shown = column.show(row);
    // Days and single words stand on one line.
    const isWhole = typeof shown === "string" && shown.length <= 10;
    return h("td", { class: [style(column), isWhole && "whole"].filter(Boolean).join(" ") || null }, shown);
  });
  return h("tr", null, cells);
}

/** @param {Column} column @param {Column[]} columns @param {Row[]} rows @param {HTMLElement} body */
function sorter(column, columns, rows, body) {
  const order = /** @type {(row: Row) => number | string | null} */ (column.order);
  const sort = (/** @type {Event} */ event) => {
    const head = /** @type {HTMLElement} */ (event.currentTarget).closest("th");
    const isDown = head?.getAttribute("aria-sort") !== "descending";
    for (const other of head?.parentElement?.children ?? []) other.removeAttribute("aria-sort");
    head?.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    const sorted = [...rows].sort((one, other) => compared(order(one), order(other)) * (isDown ? -1 : 1));
    body.replaceChildren(...sorted.map((row) => line(columns, row)));
  };
  return h("button", { type: "button", class: "sort", click: sort }, column.head);
}

/** @param {number | string | null} one @param {number | string | null} other */
function compared(one, other) {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? -1 : 1;
  return one < other ? -1 : 1;
}

/** @param {string} keyword @param {string} [scope] */
export const keywordLink = (keyword, scope) =>
  h("a", { href: address("keywords", { k: keyword, scope: scope === "all" ? null : scope }) }, keyword);

/** Where a paper can be read, as far as its identifier says. @param {string} paperId */
export function paperAddress(paperId) {
  const [scheme, name] = [paperId.slice(0, paperId.indexOf(":")), paperId.slice(paperId.indexOf(":") + 1)];
  if (scheme === "arxiv") return `https://arxiv.org/abs/${encodeURI(name)}`;
  return scheme === "doi" ? `https://doi.org/${encodeURI(name)}` : null;
}

const STATEMENTS = {
  promised: "code promised",
  on_request: "code on request",
  claimed_without_link: "says it has code, without a link",
};

/**
 * A paper on two lines: title; then author, day and code.
 * @param {Row} paper a row of the table `papers`
 * @param {...Child} reasons
 */
export function paperLine(paper, ...reasons) {
  const more = paper.authors > 1 ? ` and ${counted(paper.authors - 1, "other")}` : "";
  const said = STATEMENTS[/** @type {keyof STATEMENTS} */ (paper.statement)];
  const facts = [
    paper.author && `${paper.author}${more}`,
    paper.published_on !== null && h("time", { datetime: day(paper.published_on) }, day(paper.published_on)),
    paper.repository_url
      ? h("span", { class: "code" }, "code: ", outward(paper.repository_url, shortAddress(paper.repository_url)))
      : said,
    ...reasons,
  ].filter(Boolean);
  return h(
    "li",
    { class: "paper" },
    h("span", { class: "title" }, outward(paperAddress(paper.paper_id), paper.title)),
    h("span", { class: "facts" }, facts.flatMap((fact, place) => (place ? [" · ", fact] : [fact]))),
  );
}

/** @param {string} url */
export const shortAddress = (url) => url.replace(/^https?:\/\/(www\.)?(github\.com\/)?/, "");

/**
 * Papers by their numbers, some at a time.
 * @param {number[]} numbers
 * @param {(paper: Row) => boolean} [wanted]
 */
export function paperList(numbers, wanted = () => true) {
  return longList(numbers, "papers", (paper) => paperLine(paper), wanted, "No papers.");
}

const SHOWN = 20;

/**
 * Rows of a numbered table, some at a time with a button for more.
 * @param {number[]} numbers
 * @param {string} name
 * @param {(row: Row) => Node | Promise<Node>} show
 * @param {(row: Row) => boolean} [wanted]
 * @param {string} [none]
 * @returns {Promise<Node>}
 */
export function longList(numbers, name, show, wanted = () => true, none = "None.") {
  const list = h("ol", { class: "papers" });
  const button = h("button", { type: "button" }, "Show more");
  let next = 0;
  const more = async () => {
    const rows = await tableOf(name);
    let shown = 0;
    while (shown < SHOWN && next < numbers.length) {
      const some = numbers.slice(next, next + SHOWN);
      next += some.length;
      const found = (await Promise.all(some.map((number) => rows.at(number)))).filter(wanted);
      shown += found.length;
      list.append(...(await Promise.all(found.map(show))));
    }
    button.hidden = next >= numbers.length;
    button.textContent = `Show more of ${whole(numbers.length)}`;
    if (!list.childElementCount) list.replaceWith(h("p", { class: "soft" }, none));
  };
  button.addEventListener("click", async () => {
    const seen = list.childElementCount;
    await more();
    list.children[seen]?.querySelector("a")?.focus();
  });
  return more().then(() => h("div", { class: "list" }, list, button));
}

/**
 * What the data dictionary says of the columns that a view shows.
 * @param {...string} columns `schema.table.column`, or `schema.table` for the table itself
 */
export async function made(...columns) {
  const dictionary = await rowsOf("dictionary");
  const entries = columns.map((name) => {
    const row = dictionary.find((found) => name === (found.column_name ? `${found.table_name}.${found.column_name}` : found.table_name));
    return [h("dt", null, h("code", null, name)), h("dd", null, row?.meaning || "not described")];
  });
  return h(
    "details",
    { class: "made" },
    h("summary", null, "How these figures are made"),
    h("dl", null, entries.flat()),
    h("p", null, h("a", { href: address("method") }, "All tables and columns")),
  );
}

/** @param {string} name @param {string | number} value @param {Child} [note] */
export const figure = (name, value, note) =>
  h("div", { class: "figure" }, h("dt", null, name), h("dd", null, value, note ? h("small", null, note) : null));

/**
 * A choice that leads to another address of the same view.
 * @param {string} label
 * @param {{ value: string, text: string }[]} options
 * @param {string} chosen
 * @param {(value: string) => string} lead
 */
export function choice(label, options, chosen, lead) {
  const select = /** @type {HTMLSelectElement} */ (
    h("select", null, options.map(({ value, text }) => h("option", { value, selected: value === chosen }, text)))
  );
  select.addEventListener("change", () => {
    location.hash = lead(select.value);
  });
  return h("label", { class: "choice" }, h("span", null, label), select);
}

/** @param {string} scope */
export const scopeText = (scope) => (scope === "all" ? "all papers" : words(scope.replace(":", ": ")));

/** Scopes of at least some papers, for a choice. */
export async function scopeOptions() {
  const scopes = await rowsOf("scopes");
  return scopes.map((row) => ({ value: row.scope, text: `${scopeText(row.scope)} (${whole(row.papers)})` }));
}
