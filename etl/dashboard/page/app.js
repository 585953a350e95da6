/**
 * Which view is shown: the part of the address after `#` says it, so that every view can be linked to.
 * @module
 */

import * as availability from "./availability.js";
import { drawCharts } from "./charts.js";
import { MissingError, figures } from "./data.js";
import { address, h } from "./dom.js";
import { day } from "./format.js";
import * as keywords from "./keywords.js";
import * as method from "./method.js";
import * as overview from "./overview.js";
import * as promises from "./promises.js";
import * as quality from "./quality.js";
import * as repositories from "./repositories.js";
import * as results from "./results.js";
import * as trending from "./trending.js";

/** @typedef {{ title: string, render: (parameters: URLSearchParams) => Promise<(Node | null)[]> }} View */

/** @type {Record<string, View>} */
const VIEWS = { "": overview, keywords, code: availability, promises, repositories, trending, quality, method, search: results };
const NAMES = { "": "Overview", keywords: "Keywords", code: "Code", promises: "Promises", repositories: "Repositories", trending: "Trending", quality: "Quality", method: "Method" };

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const query = /** @type {HTMLInputElement} */ (document.getElementById("query"));
let turn = 0;
let shown = "";

/** @param {boolean} isFirst */
async function show(isFirst) {
  const [, name, text] = /^#?\/?([^?]*)\??(.*)$/s.exec(location.hash) ?? ["", "", ""];
  const view = Object.hasOwn(VIEWS, name) ? VIEWS[name] : null;
  const mine = (turn += 1);
  main.setAttribute("aria-busy", "true");
  const content = await (view ? parts(view, new URLSearchParams(text)) : [h("p", { class: "notice" }, "There is no such view.")]);
  if (mine !== turn) return;
  const heading = h("h1", { tabindex: -1 }, view?.title ?? "Not found");
  main.replaceChildren(heading, ...content.filter((part) => part !== null));
  main.removeAttribute("aria-busy");
  drawCharts(main);
  document.title = `${view?.title ?? "Not found"} – paper-trends`;
  mark(name);
  if (name === "search" && document.activeElement !== query) query.value = new URLSearchParams(text).get("q") ?? "";
  // The same view with another choice keeps its place; another view begins at its heading.
  if (!isFirst && name !== shown && document.activeElement !== query) heading.focus();
  if (name !== shown) scrollTo(0, 0);
  shown = name;
  main.dataset.view = location.hash;
}

/**
 * @param {View} view
 * @param {URLSearchParams} parameters
 */
async function parts(view, parameters) {
  try {
    return await view.render(parameters);
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    const again = h("button", { type: "button", click: () => location.reload() }, "Load the page again");
    return [h("div", { class: "notice", role: "alert" }, h("p", null, `The file ${error.message} is not there: something newer was published, or the host is out of reach.`), again)];
  }
}

/** @param {string} name */
function mark(name) {
  for (const link of document.querySelectorAll("#views a")) {
    if (link.getAttribute("href") === address(name)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function listen() {
  let typed = 0;
  const search = () => {
    location.hash = address("search", { q: query.value });
  };
  query.form?.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  query.addEventListener("input", () => {
    const mine = (typed += 1);
    setTimeout(() => {
      // Who went elsewhere meanwhile is not called back.
      const isMeant = mine === typed && document.activeElement === query && query.value.trim().length > 1;
      if (isMeant) search();
    }, 200);
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.matches("input, select, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      query.focus();
    }
  });
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  addEventListener("hashchange", () => show(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(false));
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details")) part.open = true;
  });
}

async function start() {
  document.getElementById("views")?.append(...Object.entries(NAMES).map(([name, text]) => h("a", { href: address(name) }, text)));
  listen();
  await show(true);
  const held = await figures();
  document.getElementById("footer")?.append(
    h("p", null, `As of ${day(held.as_of)}. `, h("a", { href: "../papers.duckdb" }, "papers.duckdb"), " · ", h("a", { href: "../manifest.json" }, "all files"), " · ", h("a", { href: address("method") }, "what each column means")),
  );
}

start();
