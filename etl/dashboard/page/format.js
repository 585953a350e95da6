/**
 * Figures as people read them. Days come as days since 1970-01-01.
 * @module
 */

const WHOLE = new Intl.NumberFormat("en-GB");
const SHORT = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 3 });
const NONE = "–";

/** @param {number | null | undefined} value */
export const whole = (value) => (value == null ? NONE : WHOLE.format(value));

/** @param {number | null | undefined} value */
export const short = (value) => (value == null ? NONE : SHORT.format(value));

/** @param {number | null | undefined} value */
export const signed = (value) => (value == null ? NONE : `${value > 0 ? "+" : ""}${value.toFixed(2).replace("-", "−")}`);

/** A share as per cent, with as many digits as it takes to see it. @param {number | null | undefined} value */
export function percent(value) {
  if (value == null) return NONE;
  const figure = value * 100;
  const digits = figure === 0 || figure >= 10 ? 1 : figure >= 1 ? 2 : figure >= 0.1 ? 3 : 4;
  return `${figure.toFixed(digits)} %`;
}

/** @param {number | null | undefined} low @param {number | null | undefined} high */
export const percents = (low, high) =>
  low == null || high == null ? NONE : `${percent(low).replace(" %", "")}–${percent(high)}`;

/** A q value. @param {number | null | undefined} value */
export const chance = (value) => (value == null ? NONE : value < 0.001 ? "< 0.001" : value.toFixed(3));

/** @param {number | null | undefined} value */
export const day = (value) => (value == null ? NONE : new Date(value * 86_400_000).toISOString().slice(0, 10));

/** @param {number | null | undefined} value */
export const month = (value) => (value == null ? NONE : day(value).slice(0, 7));

/** The first day of a month that is written YYYY-MM; NaN for anything else. @param {string | null} text */
export const monthOf = (text) => (text && /^\d{4}-\d{2}$/.test(text) ? Date.parse(`${text}-01`) / 86_400_000 : NaN);

/** The day that is written YYYY-MM-DD; NaN for anything else. @param {string | null} text */
export const dayOf = (text) => (text && /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) / 86_400_000 : NaN);

/** @param {string} name */
export const words = (name) => name.replaceAll("_", " ");

/** @param {number} number @param {string} one @param {string} [more] */
export const counted = (number, one, more = `${one}s`) => `${whole(number)} ${number === 1 ? one : more}`;
