/**
 * What each column means, in the words of the database itself.
 * @module
 */

import { rowsOf } from "./data.js";
import { address, h } from "./dom.js";
import { table } from "./parts.js";

export const title = "How each figure is made";

/** @param {URLSearchParams} parameters */
export async function render(parameters) {
  const rows = await rowsOf("dictionary");
  const chosen = parameters.get("table");
  const tables = rows.filter((row) => row.place === 0);
  const shown = tables.filter((row) => !chosen || row.table_name === chosen);
  return [
    h("p", null, "These are the comments on the tables and columns of ", h("code", null, "papers.duckdb"), ", which lies beside this page: ", h("code", null, "SELECT table_name, column_name, comment FROM duckdb_columns()"), " says the same. Each page names the columns that it shows."),
    h(
      "nav",
      { "aria-label": "Tables", class: "tabs" },
      h("a", { href: address("method"), "aria-current": !chosen && "page" }, "all"),
      tables.map((row) => h("a", { href: address("method", { table: row.table_name }), "aria-current": chosen === row.table_name && "page" }, row.table_name)),
    ),
    shown.length ? null : h("p", { class: "notice", role: "status" }, `No table ${chosen}.`),
    ...shown.map((row) =>
      h(
        "section",
        null,
        h("h2", null, h("code", null, row.table_name)),
        h("p", null, row.meaning || "Not described."),
        table(
          `Columns of ${row.table_name}`,
          [
            { head: "Column", show: (column) => h("code", null, column.column_name) },
            { head: "Type", show: (column) => column.type, isWide: true },
            { head: "Meaning", show: (column) => column.meaning },
          ],
          rows.filter((column) => column.table_name === row.table_name && column.place > 0),
        ),
      ),
    ),
  ];
}
