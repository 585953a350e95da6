/**
 * Promises of code, and which of them were kept.
 * @module
 */

import { barChart } from "./charts.js";
import { figures, rowsOf, table as tableOf } from "./data.js";
import { h, outward } from "./dom.js";
import { counted, day, month, percent, percents, whole } from "./format.js";
import { figure, longList, made, paperLine, shortAddress, table } from "./parts.js";

export const title = "Promises kept";

/** @typedef {import("./data.js").Row} Row */

export async function render() {
  const [held, months] = await Promise.all([figures(), rowsOf("promise_months")]);
  const [all, kept] = [held.promises ?? 0, held.promises_kept ?? 0];
  if (!all) return [h("p", { class: "notice" }, "No paper promises code yet.")];
  const bars = months.map((row) => ({ period: row.period, part: row.kept, whole: row.promised }));
  return [
    h("dl", { class: "figures" }, figure("promises", whole(all)), figure("kept", whole(kept), `${percent(kept / all)} of them`), figure("still open", whole(all - kept))),
    barChart(bars, { title: "promises made", part: "kept by now", rest: "still open" }),
    table(
      "By the month of the promise",
      [
        { head: "Month", show: (row) => month(row.period) },
        { head: "Promised", show: (row) => whole(row.promised), isNumber: true },
        { head: "Kept by now", show: (row) => whole(row.kept), isNumber: true },
        { head: "Within 90 days", show: (row) => whole(row.kept_soon), isNumber: true, isWide: true },
        { head: "Share kept", show: (row) => percent(row.share), isNumber: true },
        { head: "95 % interval", show: (row) => percents(row.share_low, row.share_high), isNumber: true },
      ],
      [...months].reverse(),
    ),
    h("h2", null, "Kept, the newest first"),
    await list(0, kept, "None was kept yet."),
    h("h2", null, "Still open, the newest first"),
    await list(kept, all, "None is open."),
    await made("mart.code_promises", "mart.code_promises.promised_on", "mart.code_promises.kept_on", "mart.code_promises.days_to_code"),
  ];
}

/** @param {number} from @param {number} to @param {string} none */
async function list(from, to, none) {
  const papers = await tableOf("papers");
  const numbers = Array.from({ length: to - from }, (_, place) => from + place);
  return longList(numbers, "promises", async (row) => promise(row, await papers.at(row.paper_number)), undefined, none);
}

/** @param {Row} row @param {Row} paper */
function promise(row, paper) {
  const reason =
    row.kept_on === null
      ? `promised ${day(row.promised_on)}`
      : h("span", null, `promised ${day(row.promised_on)}, kept ${day(row.kept_on)} after ${counted(row.days_to_code, "day")}: `, outward(row.repository_url, shortAddress(row.repository_url ?? "")));
  const item = paperLine({ ...paper, repository_url: null, statement: null }, reason);
  if (row.sentence) item.append(h("q", null, row.sentence));
  return item;
}
