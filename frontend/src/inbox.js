/** A partner's inbox: rows and messages are opened here, answers are sealed here; the server sees neither. */

import { fromBase64Url } from "./bytes.js";
import { CannotOpen, TooLong } from "./errors.js";
import { all, complain, data, follow, get, made, one, post, sentence, whenSent } from "./page.js";
import { readMessage, rewrap, sealAnswer } from "./teamkeys.js";
import { keychain, teamKeys, whenOpen } from "./unlocking.js";

/**
 * @typedef {import("./sealing.js").Pair} Pair
 * @typedef {Map<number, Pair>} Teams pairs by epoch
 */

whenOpen(async (member) => {
  const teams = await teamKeys(member);
  if (one("#demandes")) await openRows(teams);
  if (one("#demande")) await openReferral(teams);
});

/**
 * The content of a message under the newest epoch that opens it. Throws CannotOpen.
 * @param {any} message
 * @param {Teams} teams
 */
async function read(message, teams) {
  const { partner } = /** @type {any} */ (keychain());
  const wraps = message.wraps.filter((/** @type {any} */ wrap) => teams.has(wrap.epoch));
  const newest = wraps.sort((/** @type {any} */ a, /** @type {any} */ b) => b.epoch - a.epoch)[0];
  if (newest === undefined) throw new CannotOpen();
  const team = /** @type {Pair} */ (teams.get(newest.epoch));
  return readMessage(message, { place: message.place, partner, epoch: newest.epoch, team });
}

// --- lists ----------------------------------------------------------------------------------------------------------

/** @param {Teams} teams */
async function openRows(teams) {
  const list = one("#demandes");
  const facts = data("faits");
  const reply = await get(list.dataset.from);
  if (!reply.ok) return;
  await Promise.all(
    all("[data-id]", list).map(async (row) => {
      const message = reply.body.rows[row.dataset.id];
      const place = one(".said", row);
      if (message === undefined) {
        // A closed request whose words are erased: nothing is left to open.
        place.textContent = sentence("erased");
        return;
      }
      try {
        place.textContent = inShort((await read(message, teams)).facts ?? {}, facts);
      } catch (error) {
        if (!(error instanceof CannotOpen)) throw error;
        place.textContent = sentence("unreadable-row");
      }
    }),
  );
  list.dataset.opened = "yes";
}

/**
 * Age, département and needs on one line.
 * @param {any} said
 * @param {any} facts
 */
function inShort(said, facts) {
  const parts = [
    facts.age_band[said.age_band] ?? facts.age_band.unknown,
    facts.departement[said.departement],
    (said.needs ?? []).map((/** @type {string} */ need) => facts.needs[need] ?? need).join(", "),
  ];
  return parts.filter(Boolean).join(" · ");
}

// --- one request ----------------------------------------------------------------------------------------------------

/** @param {Teams} teams */
async function openReferral(teams) {
  const sealed = data("dossier");
  const opened = await Promise.all(
    sealed.messages.map(async (/** @type {any} */ message) => {
      try {
        return await read(message, teams);
      } catch (error) {
        if (!(error instanceof CannotOpen)) throw error;
        return null;
      }
    }),
  );
  opened.forEach((content, place) => showMessage(sealed.messages[place], content));
  one("#illisible").hidden = !opened.includes(null);
  const first = opened[0];
  if (first) await showFacts(first, sealed);
  wireAnswer(sealed);
  wireHandOver(teams);
  one("#demande").dataset.opened = "yes";
}

/**
 * @param {any} message
 * @param {any} content null when it cannot be opened
 */
function showMessage(message, content) {
  const place = one(`[data-sequence="${message.place.sequence}"] .words`);
  place.textContent = content === null ? sentence("unreadable") : content.text;
  place.classList.toggle("closed", content === null);
}

/**
 * @param {any} first
 * @param {any} sealed
 */
async function showFacts(first, sealed) {
  const said = first.facts ?? {};
  const list = one("#faits-lus");
  const { names } = sealed.facts;
  if (first.nickname) line(list, sentence("nickname"), first.nickname);
  for (const name of Object.keys(names)) {
    if (said[name] === undefined) continue;
    const value = name === "avoid_commune" ? await communeName(said[name]) : inWords(said[name], sealed.facts[name]);
    line(list, names[name], value);
  }
  one("#faits").hidden = false;
  showContact(first.contact, sealed.contact);
  if (first.professional) {
    const part = one("#pro");
    lines(one("dl", part), first.professional, sealed.professional);
    part.hidden = false;
  }
  showLaw(said, sealed);
}

/**
 * The way to reach the person, in a red band unless a message may be left.
 * @param {any} contact
 * @param {any} labels
 */
function showContact(contact, labels) {
  if (!contact) {
    one("#sans-contact").hidden = false;
    return;
  }
  const part = one("#contact");
  const mayLeave = contact.contact_message === "yes";
  one(mayLeave ? ".may" : ".must-not", part).hidden = false;
  part.classList.toggle("red", !mayLeave);
  lines(one("dl", part), contact, labels);
  part.hidden = false;
}

/**
 * For a minor, or somebody of unknown age: the law in plain words, and the cell of the département.
 * @param {any} said
 * @param {any} sealed
 */
function showLaw(said, sealed) {
  if (!sealed.minors.includes(said.age_band ?? "unknown")) return;
  one("#loi").hidden = false;
  const cells = all("#loi [data-departement]");
  const known = cells.filter((cell) => cell.dataset.departement === said.departement);
  for (const cell of known.length ? known : cells) cell.hidden = false;
}

/**
 * @param {Element} list
 * @param {Record<string, string>} values
 * @param {any} labels
 */
function lines(list, values, labels) {
  for (const [name, label] of Object.entries(labels.names)) {
    if (values[name]) line(list, /** @type {string} */ (label), inWords(values[name], labels[name]));
  }
}

/**
 * @param {Element} list
 * @param {string} label
 * @param {string} value
 */
function line(list, label, value) {
  const said = made("dd");
  said.append(made("bdi", value));
  list.append(made("dt", label), said);
}

/**
 * @param {string|string[]} value
 * @param {Record<string, string>|undefined} labels
 */
const inWords = (value, labels) => [value].flat().map((one) => labels?.[one] ?? one).join(", ");

/** @param {string} insee */
async function communeName(insee) {
  const reply = await get(one("#demande").dataset.communes);
  return (reply.ok && reply.body[insee]) || insee;
}

// --- acts that need the browser ---------------------------------------------------------------------------------------

/** @param {any} sealed */
function wireAnswer(sealed) {
  const form = one("#repondre");
  if (!form) return;
  const chain = /** @type {any} */ (keychain());
  const current = chain.epochs.find((/** @type {any} */ epoch) => epoch.is_current);
  form.hidden = false;
  whenSent(form, async () => {
    const field = one("textarea", form);
    const text = field.value.trim();
    if (!text) return complain(form, sentence("empty"));
    try {
      const body = await sealAnswer({
        case: sealed.case,
        sequence: sealed.sequence,
        text,
        partner: chain.partner,
        epoch: current.epoch,
        key: current.public_key,
      });
      const reply = await post(form.dataset.to, body);
      if (reply.ok) field.value = "";
      follow(reply, form);
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
      complain(form, sentence("too-long"));
    }
  });
}

/** @param {Teams} teams */
function wireHandOver(teams) {
  const form = one("#relais");
  if (!form) return;
  const others = data("equipes");
  const { partner } = /** @type {any} */ (keychain());
  form.hidden = false;
  whenSent(form, async () => {
    const to = others.find((/** @type {any} */ team) => team.slug === form.elements.partner.value);
    if (to === undefined) return complain(form, sentence("choose-team"));
    if (!form.elements.agreed.checked) return complain(form, sentence("agreement"));
    const asked = await get(form.dataset.keys);
    if (!asked.ok) return complain(form, asked.body.notice ?? sentence("refused"));
    const key = fromBase64Url(to.public_key);
    const keys = {};
    for (const { id, place, wraps } of asked.body.messages) {
      const wrap = wraps.find((/** @type {any} */ one) => teams.has(one.epoch));
      if (wrap === undefined) return complain(form, sentence("unreadable"));
      const from = { epoch: wrap.epoch, pair: /** @type {Pair} */ (teams.get(wrap.epoch)) };
      keys[id] = await rewrap(wrap, { place, partner, from, to: { epoch: to.epoch, key, partner: to.slug } });
    }
    follow(await post(form.dataset.to, { to: { slug: to.slug, epoch: to.epoch }, agreed: true, keys }), form);
  });
}
