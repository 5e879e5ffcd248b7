/** The page where somebody writes: what the server would seal is sealed here, and the code is shown in its place. */

import { answerFrom, countLetters, find, findAll, guard, length, made, post, sayWay, show, word } from "./screens.js";
import { canSeal, prepare, sealReferral } from "./write.js";

const FACTS = ["referrer", "age_band", "gender", "departement", "avoid_commune", "language", "urgency"];
const PROFESSIONAL = [
  "organisation",
  "callback",
  "bound_by_secrecy",
  "person_agrees",
  "already_known_to_ase",
  "authority_told",
  "own_reference",
];
const MOST = 7000;

const form = find("form.letter");
const able = canSeal();
let isBusy = false;
/** What was sealed and not yet accepted: sent again as it is, so that a lost answer makes no second message.
 * @type {{made: Awaited<ReturnType<typeof sealReferral>>, of: string}|null} */
let waiting = null;
/** @type {{words: string, digits: string}|null} */
let code = null;

if (form) {
  form.noValidate = true;
  form.addEventListener("submit", submit);
  form.addEventListener("input", () => void able.then((yes) => yes && prepare()), { once: true });
  countLetters(form);
  guard(() => code !== null || (!isBusy && length(find("#f-text")?.value ?? "") > 0));
  void able.then(sayWay);
}

/** @param {SubmitEvent} event */
async function submit(event) {
  event.preventDefault();
  if (isBusy || !isWhole()) return;
  isBusy = true;
  if (!(await able)) return form.submit();
  say(word("sending"));
  try {
    await send();
  } catch {
    say(word("network"));
  }
  isBusy = false;
}

/** Seal, once for the same words, and send; keys that changed meanwhile are fetched anew, once. */
async function send({ isSecondTry = false } = {}) {
  const of = JSON.stringify(letter());
  if (waiting?.of !== of) waiting = { made: await sealed(), of };
  const { status, body } = await post(form.dataset.api, waiting.made.body);
  if (status === 201) return accepted(waiting.made.code);
  waiting = null;
  if (body.errors?.wraps?.[0] === "stale" && !isSecondTry && (await refreshKeys())) return send({ isSecondTry: true });
  say(word(status === 400 ? "refused" : "network"));
}

const sealed = () =>
  sealReferral({ salt: form.dataset.salt, fetchAnswer: answerFrom(form.dataset.saltApi), ...letter() });

/** What is sealed: the same parts, under the same names, as the server would make of the form. */
function letter() {
  const given = new FormData(form);
  /** @param {string} name */
  const said = (name) => String(given.get(name) ?? "").trim();
  /** @param {string[]} names */
  const filled = (names) => Object.fromEntries(names.map((name) => [name, said(name)]).filter(([, value]) => value));
  const contact = [...given.keys()].filter((name) => name.startsWith("contact_"));
  const partners = [...findAll("[name=partners]:checked", form), ...findAll("[data-desk]", form)];
  return {
    partners: partners.map(({ value, dataset }) => ({
      slug: dataset.desk ?? value,
      epoch: Number(dataset.epoch),
      key: dataset.key,
    })),
    facts: { ...filled(FACTS), needs: given.getAll("needs") },
    text: said("text"),
    nickname: said("nickname"),
    contact: said("reply") === "contact" ? filled(contact) : {},
    professional: said("referrer") === "professional" ? filled(PROFESSIONAL) : {},
  };
}

/** Whether nothing changed but keys: an association that cannot read any more is for the person to replace. */
async function refreshKeys() {
  const { teams } = await (await fetch(form.dataset.sealingApi, { cache: "no-store", credentials: "omit" })).json();
  const current = new Map(teams.map((/** @type {any} */ team) => [team.partner, team]));
  const readers = [...findAll("[name=partners]:checked", form), ...findAll("[data-desk]", form)];
  for (const reader of readers) {
    const team = current.get(reader.dataset.desk ?? reader.value);
    if (!team) return false;
    reader.dataset.epoch = team.epoch;
    reader.dataset.key = team.key;
  }
  return true;
}

/** Whether everything is there; says what is not above the form, and goes there. */
function isWhole() {
  find("#erreurs")?.remove();
  const wrong = [];
  const text = find("#f-text");
  const consent = find("#f-consent");
  const first = find("#f-partners");
  if (first && !find("[name=partners]:checked", form)) wrong.push([first, "partners"]);
  if (!length(text.value)) wrong.push([text, "text"]);
  else if (length(text.value) > MOST) wrong.push([text, "long"]);
  if (!consent.checked) wrong.push([consent, "consent"]);
  for (const field of [first, text, consent]) field?.removeAttribute("aria-invalid");
  for (const note of findAll(".error", form)) note.remove();
  if (!wrong.length) return true;
  const summary = find("#t-words").content.firstElementChild.cloneNode(true);
  for (const [field, name] of wrong) {
    field.setAttribute("aria-invalid", "true");
    mark(field, word(name));
    const line = made("li");
    line.append(made("a", word(name), { href: `#${field.id}` }));
    find("[data-list]", summary).append(line);
  }
  form.before(summary);
  summary.focus();
  return false;
}

/**
 * A sentence beside a field, which a screen reader reads with it.
 * @param {any} field
 * @param {string} text
 */
function mark(field, text) {
  const id = `${field.id}-error`;
  (field.closest("label") ?? field).before(made("p", text, { class: "error", id }));
  const described = new Set((field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)).add(id);
  field.setAttribute("aria-describedby", [...described].join(" "));
}

/** @param {string} text */
const say = (text) => (find(".sending", form).textContent = text);

// --- the code --------------------------------------------------------------------------------------------------------

/** @param {{words: string, digits: string}} drawn */
function accepted(drawn) {
  waiting = null;
  code = drawn;
  form.reset();
  // A refresh now leads to the first page, not back to answers that are sent.
  history.replaceState(null, "", location.pathname);
  document.addEventListener("silence", hide);
  showCode();
}

function showCode() {
  if (!code) return;
  const main = show("t-code");
  find("[data-code]", main).prepend(made("output", code.words, { id: "code", dir: "ltr", lang: "fr", translate: "no" }));
  find("[data-digits]", main).textContent = code.digits.replace(/(.{4})(?=.)/g, "$1 ");
  find("[data-noted]", main).addEventListener("click", askTwo);
}

/** Two words, chosen at random, typed back; a slip is no drama. */
function askTwo() {
  if (!code) return;
  const all = code.words.split(" ");
  const places = twoOf(all.length);
  const main = show("t-typed-back");
  const fields = findAll("input", main);
  findAll("[data-place]", main).forEach((place, nth) => (place.textContent = String(places[nth] + 1)));
  find("[data-again]", main).addEventListener("click", showCode);
  find("form", main).addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (places.every((place, nth) => isWord(fields[nth].value, all[place]))) return done();
    const wrong = find("[data-wrong]", main);
    wrong.hidden = false;
    wrong.focus();
  });
}

function done() {
  code = null;
  document.removeEventListener("silence", hide);
  show("t-end");
}

/**
 * Silence hides the words and does not lose them: they are nowhere else.
 * @param {Event} event
 */
function hide(event) {
  event.preventDefault();
  const main = show("t-asleep");
  find("[data-show]", main).addEventListener("click", showCode);
}

/** @param {number} count */
function twoOf(count) {
  const drawn = crypto.getRandomValues(new Uint8Array(2));
  const first = drawn[0] % count;
  return [first, (first + 1 + (drawn[1] % (count - 1))) % count].sort((one, other) => one - other);
}

/**
 * Whether a typed word is that word: its first four letters name it.
 * @param {string} typed
 * @param {string} expected
 */
function isWord(typed, expected) {
  const [given, wanted] = [typed, expected].map((text) =>
    text.toLowerCase().replaceAll("œ", "oe").normalize("NFKD").replace(/[^a-z]/g, ""),
  );
  return given === wanted || (given.length >= 4 && given.slice(0, 4) === wanted.slice(0, 4));
}
