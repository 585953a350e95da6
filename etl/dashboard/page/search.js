/**
 * Search over all keywords, papers and repositories: words of the query are looked up in the tables of words, the last
 * one also as the beginning of a word, and what has all of them is found.
 * @module
 */

import { table } from "./data.js";

/** @typedef {"keyword" | "paper" | "repository"} Kind */

const SHORTEST_PREFIX = 3;
// Words that nearly every title has: `sql/dashboard/paper_words.sql` leaves them out.
const COMMON = new Set(["a", "an", "and", "by", "for", "from", "in", "of", "on", "the", "to", "with"]);

/**
 * Letters and digits between anything else, lower case, without accents, as `sql/dashboard/paper_words.sql` has them.
 * @param {string} text
 */
export function wordsOf(text) {
  const plain = text.normalize("NFD").replace(/\p{M}+/gu, "").toLowerCase();
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** @param {string} text */
function withoutSchemes(text) {
  return text
    .trim()
    .replace(/^(https?:\/\/)?(dx\.)?doi\.org\//i, "")
    .replace(/^https?:\/\/(www\.)?arxiv\.org\/(abs|pdf)\//i, "")
    .replace(/^https?:\/\//i, "")
    .replace(/^(arxiv|doi):/i, "")
    .replace(/^10\.\d{4,9}\//, "")
    .replace(/^(\d{4}\.\d{4,5})v\d+$/, "$1");
}

/**
 * Numbers of what has all words of the query, ascending: most used, or newest, first.
 * @param {Kind} kind
 * @param {string} query
 * @returns {Promise<number[]>}
 */
export async function find(kind, query) {
  const wanted = [...new Set(wordsOf(withoutSchemes(query)))].filter((word) => kind !== "paper" || !COMMON.has(word));
  if (!wanted.length) return [];
  const words = await table(`${kind}_words`);
  const last = wanted.length - 1;
  const isOpen = /[\p{L}\p{N}]$/u.test(query) && wanted[last].length >= SHORTEST_PREFIX;
  const lists = await Promise.all(
    wanted.map((word, place) => words.column(word, `${kind}_number`, isOpen && place === last)),
  );
  const merged = lists.map((found) => (found.length === 1 ? found[0] : ascending(found.flat())));
  return merged.sort((a, b) => a.length - b.length).reduce(shared);
}

/** @param {number[]} numbers */
const ascending = (numbers) => [...new Set(numbers)].sort((a, b) => a - b);

/** @param {number[]} few @param {number[]} many */
function shared(few, many) {
  const known = new Set(many);
  return few.filter((number) => known.has(number));
}
