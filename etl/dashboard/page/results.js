/**
 * What the search finds among all keywords, papers and repositories.
 * @module
 */

import { table as tableOf } from "./data.js";
import { address, h } from "./dom.js";
import { counted, whole } from "./format.js";
import { keywordLink, longList, paperLine, shortAddress } from "./parts.js";
import { find } from "./search.js";

export const title = "Search";

/** @typedef {import("./data.js").Row} Row */

/** @param {URLSearchParams} parameters */
export async function render(parameters) {
  const query = parameters.get("q")?.trim() ?? "";
  if (!query) return [h("p", null, "Words of keywords, titles, identifiers and repositories; the last word may be the beginning of one.")];
  const [keywords, papers, repositories] = await Promise.all([find("keyword", query), find("paper", query), find("repository", query)]);
  const exact = (await (await tableOf("keyword_papers")).column(query.toLowerCase(), "paper_number", false)).flat().length;
  return [
    h("p", { role: "status" }, `“${query}”: ${counted(keywords.length, "keyword")}, ${counted(papers.length, "paper")}, ${counted(repositories.length, "repository", "repositories")}.`),
    exact ? h("p", { class: "exact" }, "The keyword ", keywordLink(query.toLowerCase()), ` has ${counted(exact, "paper")}.`) : null,
    ...(await section("Keywords, the most used first", keywords, "keywords", keyword)),
    ...(await section("Papers, the newest first", papers, "papers", (paper) => paperLine(paper))),
    ...(await section("Repositories, those of most papers first", repositories, "repositories", repository)),
  ];
}

/** @param {string} caption @param {number[]} numbers @param {string} name @param {(row: Row) => Node} show */
async function section(caption, numbers, name, show) {
  return numbers.length ? [h("h2", null, caption), await longList(numbers, name, show)] : [];
}

/** @param {Row} row */
const keyword = (row) => h("li", null, keywordLink(row.keyword), h("span", { class: "facts" }, ` ${counted(row.papers, "paper")}`));

/** @param {Row} row */
const repository = (row) =>
  h(
    "li",
    null,
    h("a", { href: address("repositories", { url: row.repository_url }) }, shortAddress(row.repository_url)),
    h("span", { class: "facts" }, ` ${counted(row.papers, "paper")}${row.stars === null ? "" : `, ${whole(row.stars)} stars`}`),
  );
