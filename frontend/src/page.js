/** What the pages of a partner's team share: parts of the page, its sentences, what it sends. */

/**
 * A part of the page that is known to be there.
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {any}
 */
export const one = (selector, within = document) => within.querySelector(selector);

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {any[]}
 */
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/**
 * A block of data that the server wrote into the page.
 * @param {string} id
 */
export const data = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

/**
 * A sentence of the page, in the language of the page.
 * @param {string} name
 */
export const sentence = (name) => one(`#phrases [data-name="${name}"]`)?.textContent ?? "";

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
 * Say what went wrong in a form, where a screen reader hears it; an empty text takes it away.
 * @param {ParentNode} form
 * @param {string} text
 */
export function complain(form, text) {
  const place = one("[role=alert]", form);
  place.textContent = text;
  place.hidden = !text;
}

/**
 * What the server answers; `next` leads on, `notice` is a sentence for the person.
 * @typedef {{ok: boolean, status: number, body: any}} Reply
 */

/**
 * @param {string} address
 * @returns {Promise<Reply>}
 */
export const get = (address) => send(address, { headers: { Accept: "application/json" } });

/**
 * @param {string} address
 * @param {object} body
 * @returns {Promise<Reply>}
 */
export const post = (address, body) =>
  send(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": one("meta[name=form-token]").content },
    body: JSON.stringify(body),
  });

/**
 * @param {string} address
 * @param {RequestInit} how
 * @returns {Promise<Reply>}
 */
async function send(address, how) {
  let response;
  try {
    response = await fetch(address, how);
  } catch {
    return { ok: false, status: 0, body: { notice: sentence("no-network") } };
  }
  // Signed out, locked or removed from the team meanwhile: the page says so itself.
  if (response.status === 401 || response.redirected) location.reload();
  const isJson = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
  const body = isJson ? await response.json() : { notice: sentence("refused") };
  return { ok: response.ok && isJson, status: response.status, body };
}

/**
 * Follow an answer, or say why it was refused.
 * @param {Reply} reply
 * @param {ParentNode} form
 */
export function follow(reply, form) {
  if (reply.ok) location.assign(reply.body.next);
  else complain(form, reply.body.notice ?? sentence("refused"));
}

/**
 * Do something once at a time when a form is sent; its button rests meanwhile.
 * @param {any} form
 * @param {() => Promise<void>} act
 */
export function whenSent(form, act) {
  form?.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    form.setAttribute("aria-busy", "true");
    complain(form, "");
    try {
      await act();
    } catch (error) {
      complain(form, sentence("cannot"));
      throw error;
    } finally {
      delete form.dataset.busy;
      form.removeAttribute("aria-busy");
    }
  });
}
