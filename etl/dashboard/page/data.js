/**
 * The tables of the page. A directory says which file holds which rows; files are loaded when they are wanted.
 * `etl/dashboard/chunks.py` writes them and says how.
 * @module
 */

/**
 * @typedef {object} Directory
 * @property {string} about
 * @property {Record<string, string>} meanings
 * @property {string[]} columns
 * @property {string[]} days
 * @property {string | null} key
 * @property {string | null} delta
 * @property {number[]} starts
 * @property {(string | number)[]} keys
 * @property {number} rows
 */
/** @typedef {string | number} Key */
/** @typedef {Record<string, any>} Row */
/** @typedef {{ keys: Key[], ends: number[], columns: Record<string, any[]> }} Chunk */

const KEPT_FILES = 150;
const root = new URL(document.documentElement.dataset.tables ?? "", document.baseURI);

/** What is published was replaced by something newer while the page was open, or the host is out of reach. */
export class MissingError extends Error {}

/**
 * @param {string} name
 * @returns {Promise<any>}
 */
async function load(name) {
  const answer = await fetch(new URL(name, root), { credentials: "omit" }).catch(() => null);
  if (!answer?.ok) throw new MissingError(name);
  const packed = new Uint8Array(await answer.arrayBuffer());
  // Some hosts undo the compression themselves.
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return JSON.parse(new TextDecoder().decode(packed));
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).json();
}

/** @type {Map<string, Promise<Chunk>>} */
const kept = new Map();

/**
 * Code points in order, as the files are sorted; JavaScript by itself sorts by UTF-16.
 * @param {Key} a
 * @param {Key} b
 */
export function compare(a, b) {
  if (typeof a === "number" || typeof b === "number") return Number(a) - Number(b);
  const shorter = Math.min(a.length, b.length);
  for (let place = 0; place < shorter; place += 1) {
    const left = a.charCodeAt(place);
    const right = b.charCodeAt(place);
    if (left !== right) {
      const isPair = (/** @type {number} */ unit) => unit >= 0xd800 && unit <= 0xdfff;
      return isPair(left) === isPair(right) ? left - right : isPair(left) ? 1 : -1;
    }
  }
  return a.length - b.length;
}

/**
 * The place of the last entry that is not greater than what is sought; -1 where all are.
 * @param {Key[]} sorted
 * @param {Key} sought
 */
function lastNotAfter(sorted, sought) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(sorted[middle], sought) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export class Table {
  /**
   * @param {string} name
   * @param {Directory} directory
   */
  constructor(name, directory) {
    this.name = name;
    this.directory = directory;
  }

  /** How many rows there are. */
  get size() {
    return this.directory.rows;
  }

  /**
   * @param {number} number
   * @returns {Promise<Chunk>}
   */
  #chunk(number) {
    const name = `${this.name}/${number}.json.gz`;
    let found = kept.get(name);
    if (found) kept.delete(name);
    else found = load(name).then((parts) => this.#decoded(parts));
    kept.set(name, found);
    found.catch(() => kept.delete(name));
    if (kept.size > KEPT_FILES) kept.delete(/** @type {string} */ (kept.keys().next().value));
    return found;
  }

  /**
   * @param {any[][]} parts
   * @returns {Chunk}
   */
  #decoded(parts) {
    const { columns, key, delta } = this.directory;
    const [keys, counts] = key ? parts.splice(0, 2) : [[], []];
    let end = 0;
    const ends = counts.map((count) => (end += count));
    /** @type {Record<string, any[]>} */
    const named = Object.fromEntries(columns.map((column, place) => [column, parts[place]]));
    if (delta) {
      const values = named[delta];
      ends.forEach((after, run) => {
        for (let row = (run ? ends[run - 1] : 0) + 1; row < after; row += 1) values[row] += values[row - 1];
      });
    }
    return { keys, ends, columns: named };
  }

  /**
   * @param {Chunk} chunk
   * @param {number} place
   * @param {Key} [key]
   * @returns {Row}
   */
  #row(chunk, place, key) {
    /** @type {Row} */
    const row = key === undefined ? {} : { [/** @type {string} */ (this.directory.key)]: key };
    for (const column of this.directory.columns) row[column] = chunk.columns[column][place];
    return row;
  }

  /**
   * The row at a place, of a table without key.
   * @param {number} place
   * @returns {Promise<Row>}
   */
  async at(place) {
    const file = lastNotAfter(this.directory.starts, place);
    return this.#row(await this.#chunk(file), place - this.directory.starts[file]);
  }

  /**
   * All rows of a key; none where there is no such key.
   * @param {Key} key
   * @returns {Promise<Row[]>}
   */
  async of(key) {
    const file = lastNotAfter(this.directory.keys, key);
    if (file < 0) return [];
    const chunk = await this.#chunk(file);
    const run = lastNotAfter(chunk.keys, key);
    if (run < 0 || chunk.keys[run] !== key) return [];
    const from = run ? chunk.ends[run - 1] : 0;
    return Array.from({ length: chunk.ends[run] - from }, (_, place) => this.#row(chunk, from + place, key));
  }

  /**
   * One column of the rows of a key, and of all keys that begin with it where a prefix will do; a list for each key.
   * Looks into three files at most.
   * @param {Key} key
   * @param {string} column
   * @param {boolean} isPrefix
   * @returns {Promise<number[][]>}
   */
  async column(key, column, isPrefix) {
    const { keys } = this.directory;
    const first = Math.max(0, lastNotAfter(keys, key));
    const isMeant = (/** @type {Key} */ name) => (isPrefix ? String(name).startsWith(String(key)) : name === key);
    const found = [];
    for (let file = first; file < Math.min(keys.length, isPrefix ? first + 3 : first + 1); file += 1) {
      if (file > first && !isMeant(keys[file])) break;
      const chunk = await this.#chunk(file);
      let run = Math.max(0, lastNotAfter(chunk.keys, key));
      if (compare(chunk.keys[run], key) < 0) run += 1;
      for (; run < chunk.keys.length; run += 1) {
        if (!isMeant(chunk.keys[run])) break;
        found.push(chunk.columns[column].slice(run ? chunk.ends[run - 1] : 0, chunk.ends[run]));
      }
    }
    return found;
  }

  /**
   * All rows of a small table.
   * @returns {Promise<Row[]>}
   */
  async all() {
    const chunks = await Promise.all(this.directory.starts.map((_, file) => this.#chunk(file)));
    return chunks.flatMap((chunk) => {
      if (!this.directory.key) {
        const length = chunk.columns[this.directory.columns[0]].length;
        return Array.from({ length }, (_, place) => this.#row(chunk, place));
      }
      return chunk.keys.flatMap((key, run) => {
        const from = run ? chunk.ends[run - 1] : 0;
        return Array.from({ length: chunk.ends[run] - from }, (_, place) => this.#row(chunk, from + place, key));
      });
    });
  }
}

/** @type {Promise<Record<string, Directory>> | undefined} */
let directories;

/**
 * A table by its name.
 * @param {string} name
 */
export async function table(name) {
  directories ??= load("tables.json.gz");
  return new Table(name, (await directories)[name]);
}

/** All rows of a small table. @param {string} name @returns {Promise<Row[]>} */
export const rowsOf = async (name) => (await table(name)).all();

/** What the snapshot holds, by name. @returns {Promise<Record<string, number | null>>} */
export async function figures() {
  return Object.fromEntries((await rowsOf("figures")).map((row) => [row.figure, row.number ?? row.day]));
}

/** The number of a scope; -1 where there is none of that name. @param {string} name */
export async function scopeNumber(name) {
  return (await rowsOf("scopes")).findIndex((row) => row.scope === name);
}
