/**
 * Small charts that stand in a line of text.
 * @module
 */

import { svg } from "./dom.js";
import { percent } from "./format.js";

const WIDTH = 120;
const HEIGHT = 28;
const EDGE = 3;

/**
 * Shares by month, the last one marked.
 * @param {number[] | null} shares
 */
export function sparkline(shares) {
  const values = shares ?? [];
  if (values.length < 2) return svg("svg", { width: WIDTH, height: HEIGHT, "aria-hidden": "true" });
  const top = Math.max(...values) || 1;
  const points = values.map((value, place) => [
    EDGE + (place * (WIDTH - 2 * EDGE)) / (values.length - 1),
    HEIGHT - EDGE - (value / top) * (HEIGHT - 2 * EDGE),
  ]);
  const [x, y] = points[points.length - 1];
  const said = `${values.length} months, from ${percent(values[0])} to ${percent(values[values.length - 1])}, most ${percent(top)}`;
  return svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": said },
    svg("polyline", { points: points.map((point) => point.map((part) => part.toFixed(1)).join(",")).join(" ") }),
    svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 2.5 }),
  );
}

/**
 * A value between its bounds on a common scale.
 * @param {number | null} low
 * @param {number | null} value
 * @param {number | null} high
 * @param {number} least
 * @param {number} most
 */
export function interval(low, value, high, least, most) {
  const place = (/** @type {number} */ figure) =>
    (EDGE + ((figure - least) / (most - least || 1)) * (WIDTH - 2 * EDGE)).toFixed(1);
  const middle = HEIGHT / 2;
  const parts =
    low == null || value == null || high == null
      ? []
      : [
          svg("line", { class: "reach", x1: place(low), x2: place(high), y1: middle, y2: middle }),
          svg("circle", { cx: place(value), cy: middle, r: 3.5 }),
        ];
  const zero = least < 0 ? [svg("line", { class: "zero", x1: place(0), x2: place(0), y1: 2, y2: HEIGHT - 2 })] : [];
  return svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" },
    zero,
    parts,
  );
}
