/** The page where somebody comes back: her code stays on this device, which opens and seals what the server keeps. */

import { BadCode, canSeal, forget, openCase, prepare, sealReply } from "./follow.js";
import { answerFrom, countLetters, find, findAll, guard, length, made, post, sayWay, show, word, words } from "./screens.js";

const MOST = 7000;
const OPEN = ["waiting", "acknowledged", "answered"];
// Names of associations are French.
const THEIRS = { lang: "fr", dir: "ltr" };

const form = find("#retour");
const able = canSeal();
let isBusy = false;
let typed = "";
/** @type {Awaited<ReturnType<typeof openCase>>} */
let opened = null;

if (form) {
  form.addEventListener("submit", submit);
  form.addEventListener("input", () => void able.then((yes) => yes && prepare()), { once: true });
  addEventListener("pagehide", () => void drop());
  document.addEventListener("silence", () => void drop());
  guard(() => length(find("[data-write] textarea")?.value ?? "") > 0);
  void able.then(sayWay);
}

/** @param {SubmitEvent} event */
async function submit(event) {
  event.preventDefault();
  if (isBusy) return;
  isBusy = true;
  if (!(await able)) return form.submit();
  typed = find("#f-code").value;
  find(".sending", form).textContent = word("opening");
  try {
    await open();
    if (opened) render();
    else explain(word("unknown"), words("look"));
  } catch (refusal) {
    if (refusal instanceof BadCode) explain(...slips(refusal));
    else explain(word("network"), []);
  }
  isBusy = false;
  const status = find(".sending", form);
  if (status) status.textContent = "";
}

/** Open, or open again, with the code that was typed. */
async function open() {
  await drop();
  const { salt, saltApi, openApi } = form.dataset;
  const fetchCase = async (/** @type {string} */ locator) => {
    const { status, body } = await post(openApi, { locator });
    if (status !== 200 && status !== 404) throw new TypeError("no answer");
    return status === 404 ? null : body;
  };
  opened = await openCase({ typed, salt, fetchAnswer: answerFrom(saltApi), fetchCase });
}

async function drop() {
  const before = opened;
  opened = null;
  if (before) await forget(before);
}

/**
 * Which words look mistyped.
 * @param {BadCode} bad
 * @returns {[string, string[]]}
 */
function slips(bad) {
  if (!bad.slips.length) return [word("count"), []];
  const lines = bad.slips.map(({ position, meant }) =>
    word(meant === null ? "none" : "meant")
      .replace("%place", String(position))
      .replace("%word", meant ?? ""),
  );
  return [word(lines.length > 1 ? "slips" : "slip"), lines];
}

/**
 * What to mend, above the form.
 * @param {string} text
 * @param {string[]} lines
 */
function explain(text, lines) {
  const summary = find("#erreurs");
  find("a", summary).textContent = text;
  find("ul", summary).replaceChildren(...lines.map((line) => made("li", line)));
  summary.hidden = false;
  find("#f-code").setAttribute("aria-invalid", "true");
  summary.focus();
}

// --- the exchange ----------------------------------------------------------------------------------------------------

/** Where it stands, who has it, what was said, and a field for more. */
function render({ isSent = false } = {}) {
  if (!opened) return;
  const main = show("t-case");
  const isLast = opened.status === "waiting" && !opened.plan.some(({ state }) => state === "planned");
  const status = statusOf(isLast ? "last" : opened.status);
  find("[data-title]", main).textContent = status.textContent;
  find("[data-then]", main).textContent = status.dataset.then;
  find("[data-sent]", main).hidden = !isSent;
  find("[data-lost]", main).hidden = !opened.keyLost;
  find("[data-new]", main).hidden = !(opened.keyLost || opened.status === "exhausted");
  find(".steps", main).append(...opened.plan.map(step));
  find("[data-said]", main).hidden = !opened.messages.length;
  find(".talk", main).append(...opened.messages.map(said));
  const reply = find("[data-write]", main);
  reply.hidden = !(OPEN.includes(opened.status) && opened.readers.length);
  reply.addEventListener("submit", send);
  countLetters(reply);
  const sure = find("[data-sure]", main);
  find("[data-erase]", main).addEventListener("click", () => {
    sure.hidden = false;
    find("[data-no]", sure).focus();
  });
  find("[data-no]", sure).addEventListener("click", () => (sure.hidden = true));
  find("[data-yes]", sure).addEventListener("click", erase);
}

/** @param {string} status */
const statusOf = (status) => find(`[data-status="${status}"]`, find("#t-words").content);

/** @param {any} entry */
function step({ name, state }) {
  const line = made("li", "", { class: state });
  const words = find(`[data-state="${state}"]`, find("#t-words").content)?.textContent ?? "";
  line.append(made("strong", name, THEIRS), " ", made("span", words));
  return line;
}

/** @param {any} message */
function said({ from, name, day, text }) {
  const line = made("li", "", { class: from });
  const by = made("p", "", { class: "by" });
  const date = new Date(`${day}T12:00:00`);
  // "25 November" as the server writes it, not "November 25".
  const language = document.documentElement.lang.replace(/^en$/, "en-GB");
  const shown = date.toLocaleDateString(language, { day: "numeric", month: "long" });
  by.append(from === "sender" ? word("you") : made("span", name, THEIRS), " · ", made("time", shown, { datetime: day }));
  line.append(by, made("p", text ?? word("sealed"), { class: "said", dir: "auto" }));
  return line;
}

/** @param {SubmitEvent} event */
async function send(event) {
  event.preventDefault();
  const field = find("textarea", /** @type {any} */ (event.target));
  const place = find(".sending", /** @type {any} */ (event.target));
  const text = field.value.trim();
  if (isBusy) return;
  if (!length(text) || length(text) > MOST) {
    place.textContent = word(length(text) ? "long" : "text");
    field.focus();
    return;
  }
  isBusy = true;
  place.textContent = word("sending");
  try {
    if (await sent(text)) {
      await open();
      field.value = "";
      render({ isSent: true });
    } else place.textContent = whyNot();
  } catch {
    place.textContent = word("network");
  }
  isBusy = false;
}

/** Why words did not go: the exchange has ended meanwhile, or something that passes. */
const whyNot = () =>
  opened && !OPEN.includes(opened.status) ? statusOf(opened.status).textContent : word("network");

/**
 * Whether the words arrived; when somebody else wrote meanwhile, or readers changed, they are sealed again, once.
 * @param {string} text
 */
async function sent(text) {
  for (const isLast of [false, true]) {
    if (!opened) return false;
    const { status } = await post(form.dataset.messageApi, await sealReply(opened, { text }));
    if (status === 201) return true;
    if (status !== 409 || isLast) return false;
    await open();
  }
  return false;
}

async function erase() {
  if (isBusy || !opened) return;
  isBusy = true;
  const { status } = await post(form.dataset.withdrawApi, { locator: opened.locator }).catch(() => ({ status: 0 }));
  isBusy = false;
  if (status !== 200 && status !== 404) {
    find("[data-sure] .sending").textContent = word("network");
    return;
  }
  await drop();
  typed = "";
  show("t-erased");
}
