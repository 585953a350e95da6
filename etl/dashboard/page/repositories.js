/**
 * Repositories: those that rise, moved or are gone, and the papers of each.
 * @module
 */

import { rowsOf, table as tableOf } from "./data.js";
import { address, h, outward } from "./dom.js";
import { counted, day, short, whole } from "./format.js";
import { figure, made, paperList, shortAddress, table } from "./parts.js";

export const title = "Repositories";
const LISTS = /** @type {const} */ ({ papers: "Most papers", rising: "Rising", moved: "Moved", gone: "Gone or archived" });
const SHOWN = 100;

/** @typedef {import("./data.js").Row} Row */

/** @param {URLSearchParams} parameters */
export async function render(parameters) {
  const url = parameters.get("url");
  if (url) return one(url);
  const [states, lists, all] = await Promise.all([rowsOf("repository_states"), rowsOf("repository_lists"), tableOf("repositories")]);
  if (!all.size) return [h("p", { class: "notice" }, "No repository is known yet.")];
  const counts = Object.fromEntries(Object.keys(LISTS).map((name) => [name, lists.filter((row) => row.list === name).length]));
  const list = Object.hasOwn(LISTS, parameters.get("list") ?? "") ? /** @type {string} */ (parameters.get("list")) : counts.rising ? "rising" : "papers";
  const numbers =
    list === "papers"
      ? [...Array(Math.min(SHOWN, all.size)).keys()]
      : lists.filter((row) => row.list === list).map((row) => row.repository_number);
  const rows = await Promise.all(numbers.map((number) => all.at(number)));
  return [
    h("dl", { class: "figures" }, states.map((row) => figure(row.state, whole(row.repositories), `${whole(row.linked)} named by papers`))),
    h("nav", { "aria-label": "Lists", class: "tabs" }, Object.entries(LISTS).map(([name, text]) => h("a", { href: address("repositories", { list: name }), "aria-current": name === list && "page" }, text))),
    table(LISTS[/** @type {keyof LISTS} */ (list)], columns(list), rows, NONE[/** @type {keyof NONE} */ (list)]),
    await made(
      "mart.repository_papers",
      "mart.repository_papers.papers",
      "mart.repository_papers.stars",
      "mart.repository_papers.stars_velocity",
      "core.repositories.state",
      "core.repositories.renamed_to",
    ),
  ];
}

const NONE = {
  papers: "None.",
  rising: "No repository of a paper was observed twice with more stars the second time: it takes dumps of two days.",
  moved: "No repository is known to have moved.",
  gone: "No repository is known to be gone or archived.",
};

/** @param {string} url */
const link = (url) => h("a", { href: address("repositories", { url }) }, shortAddress(url));

/** @param {string} list @returns {import("./parts.js").Column[]} */
function columns(list) {
  /** @type {import("./parts.js").Column[]} */
  const moved = list === "moved" ? [{ head: "Now at", show: (row) => outward(row.renamed_to, shortAddress(row.renamed_to ?? "")) }] : [];
  return [
    { head: "Repository", show: (row) => link(row.repository_url), order: (row) => row.repository_url },
    ...moved,
    { head: "Papers", show: (row) => whole(row.papers), isNumber: true, order: (row) => row.papers },
    { head: "Stars", show: (row) => whole(row.stars), isNumber: true, order: (row) => row.stars },
    { head: "Stars a day", show: (row) => short(row.stars_velocity), isNumber: true, order: (row) => row.stars_velocity },
    { head: "State", show: (row) => row.state, order: (row) => row.state },
    { head: "First paper", show: (row) => day(row.first_paper_on), isWide: true, order: (row) => row.first_paper_on },
  ];
}

/** @param {string} url */
async function one(url) {
  const [names, all, papers] = await Promise.all(["repository_names", "repositories", "repository_papers"].map(tableOf));
  const number = (await names.of(url))[0]?.repository_number;
  if (number === undefined) return [h("p", { class: "notice", role: "status" }, `No repository ${url} is known. `, h("a", { href: address("search", { q: url }) }, "Search for it"))];
  const [row, numbers] = await Promise.all([all.at(number), papers.column(number, "paper_number", false)]);
  return [
    h("h2", null, outward(row.repository_url, shortAddress(row.repository_url))),
    h(
      "dl",
      { class: "figures" },
      figure("papers", whole(row.papers)),
      figure("stars", whole(row.stars), row.stars_velocity === null ? "" : `${short(row.stars_velocity)} a day`),
      figure("state", row.state, row.renamed_to ? outward(row.renamed_to, `now ${shortAddress(row.renamed_to)}`) : ""),
      figure("first paper", day(row.first_paper_on)),
    ),
    h("h2", null, counted(row.papers, "paper")),
    await paperList(numbers.flat()),
    h("p", null, h("a", { href: address("repositories") }, "All repositories")),
    await made("mart.repository_papers", "mart.repository_papers.stars", "mart.repository_papers.stars_velocity", "core.repositories.state"),
  ];
}
