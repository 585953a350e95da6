/**
 * Papers and repositories of each day's listings, with why each has its place.
 * @module
 */

import { rowsOf, table as tableOf } from "./data.js";
import { address, h } from "./dom.js";
import { counted, day, dayOf, short, whole, words } from "./format.js";
import { choice, keywordLink, made, paperLine, shortAddress, table } from "./parts.js";

export const title = "Trending papers";

/** @typedef {import("./data.js").Row} Row */

/** @param {URLSearchParams} parameters */
export async function render(parameters) {
  const days = await rowsOf("trending_days");
  if (!days.length) return [h("p", { class: "notice" }, "No dump ranks papers yet: daily listings do, archives do not.")];
  const asked = dayOf(parameters.get("day"));
  const place = days.findIndex((row) => row.observed_on === asked);
  const firstWithPapers = Math.max(0, days.findIndex((row) => row.papers));
  const chosen = days[place < 0 ? firstWithPapers : place];
  const [papers, repositories] = await Promise.all([tableOf("trending_papers"), tableOf("trending_repositories")]);
  const [listed, starred] = await Promise.all([papers.of(chosen.observed_on), repositories.of(chosen.observed_on)]);
  return [
    parameters.get("day") && place < 0 ? h("p", { class: "notice", role: "status" }, `Nothing was listed on ${parameters.get("day")}; this is ${day(chosen.observed_on)}.`) : null,
    picker(days, days.indexOf(chosen)),
    h("h2", null, `Papers listed on ${day(chosen.observed_on)}`),
    await paperRanks(listed),
    await repositoryRanks(starred, chosen.repositories),
    await made(
      "mart.trending_papers",
      "mart.trending_papers.rank",
      "mart.trending_papers.upvotes",
      "mart.trending_papers.position",
      "mart.trending_repositories",
      "mart.trending_repositories.stars_velocity",
    ),
  ];
}

/** @param {Row[]} days @param {number} chosen */
function picker(days, chosen) {
  const lead = (/** @type {string} */ text) => address("trending", { day: text });
  const options = days.map((row) => ({ value: day(row.observed_on), text: `${day(row.observed_on)} (${counted(row.papers, "paper")})` }));
  const [newer, older] = [days[chosen - 1], days[chosen + 1]];
  return h(
    "div",
    { class: "controls" },
    older ? h("a", { class: "step", href: lead(day(older.observed_on)) }, "‹ day before") : null,
    choice("Day", options, day(days[chosen].observed_on), lead),
    newer ? h("a", { class: "step", href: lead(day(newer.observed_on)) }, "next day ›") : null,
  );
}

/** @param {Row[]} rows */
async function paperRanks(rows) {
  if (!rows.length) return h("p", { class: "soft" }, "No papers were listed on this day.");
  const all = await tableOf("papers");
  const papers = await Promise.all(rows.map((row) => all.at(row.paper_number)));
  return h("ol", { class: "papers ranked" }, rows.map((row, place) => ranked(row, papers[place])));
}

/** @param {Row} row @param {Row} paper */
function ranked(row, paper) {
  const item = paperLine(paper);
  item.setAttribute("value", String(row.rank));
  const tags = (row.keywords ?? []).flatMap((/** @type {string} */ keyword, /** @type {number} */ place) => [place ? ", " : " · ", keywordLink(keyword)]);
  item.append(h("span", { class: "why" }, why(row), ...tags));
  return item;
}

/** The figures that the rank is made of, as a sentence. @param {Row} row */
function why(row) {
  const reasons = [];
  if (row.upvotes !== null) reasons.push(counted(row.upvotes, "vote"));
  if (row.upvotes_gained > 0) reasons.push(`${whole(row.upvotes_gained)} of them in ${counted(row.days, "day")}`);
  if (row.is_spike) reasons.push("a spike, which the rank leaves out");
  if (row.comments) reasons.push(counted(row.comments, "comment"));
  if (row.position !== null) reasons.push(`place ${whole(row.position)} in ${words(row.source)}`);
  if (row.previous_on === null) reasons.push("listed for the first time");
  else {
    const moved = row.previous_rank - row.rank;
    const since = `since ${day(row.previous_on)}`;
    reasons.push(moved > 0 ? `up ${whole(moved)} ${since}` : moved < 0 ? `down ${whole(-moved)} ${since}` : `the same rank ${since}`);
  }
  return reasons.join(", ");
}

/** @param {Row[]} rows @param {number} all */
async function repositoryRanks(rows, all) {
  if (!rows.length) return null;
  const known = await tableOf("repositories");
  const found = await Promise.all(rows.map(async (row) => ({ ...row, ...(await known.at(row.repository_number)), stars: row.stars, stars_velocity: row.stars_velocity })));
  return table(
    all > rows.length ? `Repositories of that day, the first ${whole(rows.length)} of ${whole(all)}` : "Repositories of that day",
    [
      { head: "Rank", show: (row) => whole(row.rank), isNumber: true },
      { head: "Repository", show: (row) => h("a", { href: address("repositories", { url: row.repository_url }) }, shortAddress(row.repository_url)) },
      { head: "Stars", show: (row) => whole(row.stars), isNumber: true, order: (row) => row.stars },
      { head: "Gained", show: (row) => (row.stars_gained === null ? "–" : `${whole(row.stars_gained)} in ${counted(row.days, "day")}`), isNumber: true },
      { head: "Stars a day", show: (row) => short(row.stars_velocity), isNumber: true, order: (row) => row.stars_velocity },
      { head: "In trending lists", show: (row) => (row.list_rank === null ? "–" : `place ${whole(row.list_rank)}`), isWide: true },
      { head: "Source", show: (row) => words(row.source ?? "–"), isWide: true },
    ],
    found,
  );
}
