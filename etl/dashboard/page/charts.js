/**
 * Line and bar charts, drawn by Vega-Lite. Its expressions are interpreted, so that the page needs no `eval`.
 * @module
 */

import { h } from "./dom.js";
import { month, percent, whole } from "./format.js";

/**
 * @typedef {object} Point
 * @property {number} period first day of the month
 * @property {number} value
 * @property {number} low
 * @property {number} high
 * @property {number} part
 * @property {number} whole
 * @property {boolean} isPartial
 */
/** @typedef {{ name: string, points: Point[] }} Line */

// Vega-Embed empties its element by setting markup to nothing: that is all that may ever be parsed.
const types = /** @type {any} */ (globalThis).trustedTypes;
types?.createPolicy("default", { createHTML: (/** @type {string} */ text) => (text === "" ? "" : null) });

/** @type {Promise<any> | undefined} */
let library;

/** @returns {Promise<any>} */
async function embed() {
  // @ts-ignore: written beside this file when the page is published
  library ??= import("./vega.js");
  await library;
  return /** @type {any} */ (globalThis).vegaEmbed;
}

/** Draws the charts of a part of the page: each takes the width of its place, which it has only now. @param {Element} part */
export function drawCharts(part) {
  for (const place of part.querySelectorAll(".chart")) place.dispatchEvent(new Event("shown"));
}

/** @param {string} name */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const config = () => ({
  aria: false,
  background: "transparent",
  font: "system-ui, sans-serif",
  axis: {
    labelColor: colour("text"),
    titleColor: colour("soft"),
    gridColor: colour("edge"),
    domainColor: colour("edge"),
    tickColor: colour("edge"),
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
  },
  view: { stroke: null },
});

/**
 * Shares by month with their intervals. The running month is dashed and hollow.
 * @param {Line[]} lines
 * @param {string} title
 * @param {(period: number) => void} [choose] what happens when a point is clicked
 */
export function lineChart(lines, title, choose) {
  const rows = lines.flatMap((line, place) =>
    line.points.map((point) => ({ ...point, name: line.name, place, at: point.period * 86_400_000 })),
  );
  const dashed = lines.flatMap((line, place) => {
    const first = line.points.findIndex((point) => point.isPartial);
    return rows.filter((row) => row.place === place && first >= 0 && row.period >= (line.points[first - 1] ?? row).period);
  });
  const scale = { domain: lines.map((_, place) => place), range: lines.map((_, place) => colour(`line-${place}`)) };
  const common = {
    x: { field: "at", type: "temporal", scale: { type: "utc" }, axis: { title: null, format: "%b %Y", labelOverlap: true, tickCount: 8, grid: false } },
    color: { field: "place", type: "nominal", scale, legend: null },
  };
  const axis = { title, format: ".2~%" };
  const partial = {
    data: { values: dashed },
    mark: { type: "line", strokeWidth: 2, strokeDash: [4, 4] },
    encoding: { ...common, y: { field: "value", type: "quantitative" } },
  };
  const spec = {
    width: "container",
    height: 300,
    layer: [
      {
        data: { values: rows },
        mark: { type: "area", opacity: 0.16, clip: true },
        encoding: { ...common, y: { field: "low", type: "quantitative", axis }, y2: { field: "high" } },
      },
      {
        data: { values: rows.filter((row) => !row.isPartial) },
        mark: { type: "line", strokeWidth: 2 },
        encoding: { ...common, y: { field: "value", type: "quantitative", axis } },
      },
      ...(dashed.length ? [partial] : []),
      {
        data: { values: rows },
        mark: { type: "point", size: 40, strokeWidth: 1.5, opacity: 1, cursor: choose ? "pointer" : "default" },
        encoding: {
          x: common.x,
          stroke: common.color,
          fill: common.color,
          y: { field: "value", type: "quantitative" },
          shape: { field: "place", type: "nominal", legend: null, scale: { ...scale, range: SHAPES.slice(0, lines.length) } },
          fillOpacity: { condition: { test: "datum.isPartial", value: 0 }, value: 1 },
          tooltip: { field: "period" },
        },
      },
    ],
  };
  const said = `${title} by month: ${lines.map((line) => line.name).join(", ")}. The figures stand in the table below.`;
  return drawn(spec, said, legend(lines), choose);
}

const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"];
const SIGNS = ["●", "■", "▲", "◆", "✚", "▼"];

/** @param {Line[]} lines */
function legend(lines) {
  return h(
    "ul",
    { class: "legend" },
    lines.map((line, place) => h("li", { class: `line-${place}` }, h("span", { "aria-hidden": "true" }, SIGNS[place]), ` ${line.name}`)),
  );
}

/**
 * Bars of a whole with a part of it in another colour.
 * @param {{ period: number, part: number, whole: number }[]} bars
 * @param {{ title: string, part: string, rest: string }} words
 */
export function barChart(bars, words) {
  const rows = bars.flatMap((bar) => [
    { at: bar.period * 86_400_000, kind: words.part, value: bar.part, order: 0, ...bar },
    { at: bar.period * 86_400_000, kind: words.rest, value: bar.whole - bar.part, order: 1, ...bar },
  ]);
  const spec = {
    width: "container",
    height: 220,
    data: { values: rows },
    mark: { type: "bar" },
    encoding: {
      x: { field: "at", type: "temporal", timeUnit: "utcyearmonth", axis: { title: null, format: "%b %Y", labelOverlap: true, grid: false } },
      y: { field: "value", type: "quantitative", axis: { title: words.title, tickMinStep: 1 } },
      color: {
        field: "kind",
        type: "nominal",
        scale: { domain: [words.part, words.rest], range: [colour("line-0"), colour("edge")] },
        legend: { title: null, orient: "top", labelColor: colour("text"), labelFontSize: 12 },
      },
      order: { field: "order" },
      tooltip: { field: "period" },
    },
  };
  return drawn(spec, `${words.title} by month. The figures stand in the table below.`, null);
}

/**
 * @param {any} spec
 * @param {string} said
 * @param {Node | null} before
 * @param {(period: number) => void} [choose]
 */
function drawn(spec, said, before, choose) {
  const place = h("div", { class: "chart", role: "img", "aria-label": said });
  const tip = h("div", { class: "tip", hidden: true, "aria-hidden": "true" });
  const start = () =>
    draw(place, tip, spec, choose).catch((error) => {
      place.replaceChildren(h("p", { class: "soft" }, "The chart could not be drawn; the figures stand in the table below."));
      console.error(error);
    });
  place.addEventListener("shown", start, { once: true });
  return h("figure", null, before, place, tip);
}

/**
 * @param {HTMLElement} place
 * @param {HTMLElement} tip
 * @param {any} spec
 * @param {(period: number) => void} [choose]
 */
async function draw(place, tip, spec, choose) {
  const vegaEmbed = await embed();
  const { view } = await vegaEmbed(place, spec, {
    mode: "vega-lite",
    actions: false,
    ast: true,
    config: config(),
    defaultStyle: false,
    hover: false,
    loader: { http: {}, target: "_self" },
    renderer: "svg",
    tooltip: (/** @type {any} */ _, /** @type {MouseEvent} */ event, /** @type {any} */ item, /** @type {any} */ value) =>
      showTip(place, tip, event, value == null || value === "" ? null : item?.datum),
  });
  place.querySelector("svg")?.setAttribute("aria-hidden", "true");
  if (choose) {
    view.addEventListener("click", (/** @type {any} */ _, /** @type {any} */ item) => {
      if (item?.datum?.period !== undefined) choose(item.datum.period);
    });
  }
}

/**
 * @param {HTMLElement} place
 * @param {HTMLElement} tip
 * @param {MouseEvent} event
 * @param {any} row
 */
function showTip(place, tip, event, row) {
  tip.hidden = !row;
  if (!row) return;
  const share = row.low === undefined ? "" : ` (${percent(row.low)} to ${percent(row.high)})`;
  tip.textContent = [
    `${row.name ?? row.kind}, ${month(row.period)}${row.isPartial ? ", not over" : ""}`,
    row.low === undefined ? whole(row.value) : `${percent(row.value)}${share}`,
    `${whole(row.part)} of ${whole(row.whole)} papers`,
  ].join("\n");
  const box = place.getBoundingClientRect();
  tip.style.left = `${Math.min(Math.max(0, event.clientX - box.left + 12), box.width - 200)}px`;
  tip.style.top = `${event.clientY - box.top + 16 + place.offsetTop}px`;
}
