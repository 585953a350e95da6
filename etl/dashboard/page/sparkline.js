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

/** @typedef {[number | null, number | null, number | null]} Bounded a lower bound, the value, and an upper bound */

/**
 * A value between its bounds, on a scale from nothing to the most.
 * @param {Bounded} bounded
 * @param {number} most
 */
export const interval = (bounded, most) => strip([[bounded, HEIGHT / 2, "now"]], most);

/**
 * Two values with their bounds on one scale: what was above, what is below.
 * @param {Bounded} before
 * @param {Bounded} now
 * @param {number} most
 */
export const intervals = (before, now, most) => strip([[before, HEIGHT / 3.2, "then"], [now, HEIGHT / 1.45, "now"]], most);

/**
 * @param {[Bounded, number, string][]} lines
 * @param {number} most
 */
function strip(lines, most) {
  const place = (/** @type {number} */ figure) => (EDGE + (figure / (most || 1)) * (WIDTH - 2 * EDGE)).toFixed(1);
  const parts = lines.map(([[low, value, high], y, name]) =>
    low == null || value == null || high == null
      ? null
      : svg(
          "g",
          { class: name },
          svg("line", { class: "reach", x1: place(low), x2: place(high), y1: y, y2: y }),
          svg("circle", { cx: place(value), cy: y, r: 3.5 }),
        ),
  );
  return svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" }, parts);
}
