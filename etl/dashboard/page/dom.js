/**
 * Elements without markup: text is always text, whatever it holds, and a link leads to the web or to this page only.
 * @module
 */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | EventListener>} Attributes */

/**
 * An HTML element. Attributes that are functions listen to the event of their name; null and false leave one out.
 * @param {string} name
 * @param {Attributes | null} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function h(name, attributes, ...children) {
  return /** @type {HTMLElement} */ (filled(document.createElement(name), attributes, children));
}

/**
 * The same in SVG.
 * @param {string} name
 * @param {Attributes | null} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function svg(name, attributes, ...children) {
  return /** @type {SVGElement} */ (filled(document.createElementNS(SVG, name), attributes, children));
}

/**
 * @param {Element} element
 * @param {Attributes | null | undefined} attributes
 * @param {(Child | Child[])[]} children
 */
function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : String(child));
    }
  }
  return element;
}

/**
 * A link to the web, or only its text where the address is not one of the web.
 * @param {string | null} address
 * @param {string} text
 * @returns {Node}
 */
export function outward(address, text) {
  if (!address || !/^https?:\/\/[^\s]+$/i.test(address)) return document.createTextNode(text);
  return h("a", { href: address, rel: "noopener noreferrer external" }, text);
}

/**
 * The address of a view: `#/name?…`. Lists give a parameter several times, empty values are left out.
 * @param {string} view
 * @param {Record<string, string | string[] | null | undefined>} [parameters]
 */
export function address(view, parameters = {}) {
  const said = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of [values].flat()) if (value) said.append(name, value);
  }
  const text = said.toString();
  return `#/${view}${text ? `?${text}` : ""}`;
}
