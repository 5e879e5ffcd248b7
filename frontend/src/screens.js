/** What the two pages of a person share: parts of a screen, its words, what it sends, and one screen after another. */

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {any}
 */
export const find = (selector, within = document) => within.querySelector(selector);

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {any[]}
 */
export const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

const wordsOfPage = () => find("#t-words").content;

/**
 * A sentence of the page, in the language of the page.
 * @param {string} name
 */
export const word = (name) => find(`[data-word="${name}"]`, wordsOfPage()).textContent;

/**
 * @param {string} name
 * @returns {string[]}
 */
export const words = (name) => findAll(`[data-word="${name}"]`, wordsOfPage()).map((one) => one.textContent);

/**
 * Another screen in place of the one that is shown, without a new address; its heading takes the focus.
 * @param {string} name of a template
 */
export function show(name) {
  const main = find("#contenu");
  main.replaceChildren(find(`#${name}`).content.cloneNode(true));
  scrollTo(0, 0);
  find("h1", main).focus({ preventScroll: true });
  return main;
}

/**
 * An element with a text; no markup is ever read from a value.
 * @param {string} tag
 * @param {string} [text]
 * @param {Record<string, string>} [attributes]
 */
export function made(tag, text = "", attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/**
 * Send JSON; what the server answers. Throws TypeError when the network fails.
 * @param {string} address
 * @param {object} body
 */
export async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
  });
  return { status: answer.status, body: await answer.json().catch(() => ({})) };
}

/**
 * The server's half of a key.
 * @param {string} address
 * @returns {(locator: string) => Promise<string>}
 */
export const answerFrom = (address) => async (locator) => {
  const { status, body } = await post(address, { locator });
  if (status !== 200) throw new TypeError("no answer");
  return body.salt;
};

/**
 * Say which of the two ways this device takes.
 * @param {boolean} seals
 */
export function sayWay(seals) {
  for (const one of findAll("[data-server-way]")) one.hidden = seals;
  for (const one of findAll("[data-browser-way]")) one.hidden = !seals;
}

/**
 * Count the letters of a text as they are typed.
 * @param {ParentNode} within
 */
export function countLetters(within) {
  const field = find("textarea", within);
  const place = find("[data-count]", within);
  const show = () => (place.textContent = place.dataset.count.replace("%n", String(length(field.value))));
  field.addEventListener("input", show);
}

/** @param {string} text */
export const length = (text) => Array.from(text.trim()).length;

/**
 * Ask before the page is lost with something on it; never when Quitter was touched, which hides the page first.
 * @param {() => boolean} holds whether something would be lost
 */
export function guard(holds) {
  addEventListener("beforeunload", (event) => {
    if (holds() && !document.documentElement.classList.contains("veil")) event.preventDefault();
  });
}
