/** A team and its keys: first set-up, shares for colleagues, the next epoch, one's own passphrase, paper and passkey. */

import { toBase64Url, utf8 } from "./bytes.js";
import { CannotOpen } from "./errors.js";
import { all, complain, data, follow, get, made, one, post, sentence, whenSent } from "./page.js";
import { askPasskey, makePasskey } from "./passkeys.js";
import { strength } from "./strength.js";
import {
  lockWithNewPaper,
  lockWithPasskey,
  lockWithPassphrase,
  makeMemberKey,
  makeTeamKey,
  rewrap,
  shareTeamKey,
} from "./teamkeys.js";
import { keychain, pairFrom, teamKeys, tried, whenOpen } from "./unlocking.js";
import { WORDS, fold } from "./words.js";

/** @typedef {import("./sealing.js").Pair} Pair */

const SUGGESTED_WORDS = 6;
const FIRST_EPOCH = 1;

if (one("#premiere-fois")) setUp();
whenOpen(async (member) => {
  const teams = await teamKeys(member);
  for (const form of all("form[data-share]")) wireShare(form, teams);
  for (const form of all("form[data-leaver]")) wireLeaving(form, teams);
});
wireStartAgain();
wireOwnKeys();

// --- first use ------------------------------------------------------------------------------------------------------

function setUp() {
  const { partner, starts_team: startsTeam } = data("depart");
  const choose = one("#choisir");
  wireStrength(choose);
  choose.hidden = false;
  whenSent(choose, async () => {
    const passphrase = chosen(choose);
    if (passphrase === null) return;
    const made = await makeMemberKey({ passphrase });
    choose.reset();
    const team = startsTeam
      ? await makeTeamKey({
          partner,
          epoch: FIRST_EPOCH,
          members: [{ id: 0, public_key: made.body.public_key }],
        })
      : null;
    choose.hidden = true;
    showPaper(one("#papier"), made.paper, (form) => sendKeys(form, { ...made.body, ...(team && { team: team.body }) }));
  });
}

/**
 * @param {any} form
 * @param {object} body
 */
async function sendKeys(form, body) {
  follow(await post(form.dataset.to, body), form);
}

/**
 * The passphrase of a form when it is good enough and typed twice alike, else null with a sentence.
 * @param {any} form
 * @returns {string|null}
 */
function chosen(form) {
  const { passphrase, again } = form.elements;
  if (strength(passphrase.value) === "short") complain(form, sentence("too-short"));
  else if (passphrase.value !== again.value) complain(form, sentence("not-alike"));
  else return passphrase.value;
  return null;
}

/** @param {any} form */
function wireStrength(form) {
  const { passphrase, again } = form.elements;
  const says = one("[data-strength]", form);
  passphrase.addEventListener("input", () => {
    says.textContent = passphrase.value ? sentence(`strength-${strength(passphrase.value)}`) : "";
  });
  one("[data-suggest]", form)?.addEventListener("click", () => {
    passphrase.value = suggestion();
    again.value = "";
    passphrase.type = "text";
    passphrase.dispatchEvent(new Event("input"));
    again.focus();
  });
  one("[data-look]", form)?.addEventListener("change", (/** @type {any} */ event) => {
    passphrase.type = again.type = event.target.checked ? "text" : "password";
  });
}

/** Six words drawn at random: 66 bits. */
function suggestion() {
  const drawn = crypto.getRandomValues(new Uint16Array(SUGGESTED_WORDS));
  return Array.from(drawn, (number) => WORDS[number % WORDS.length]).join(" ");
}

/**
 * Show twelve words to print, then ask for two of them; `next` runs when they are right.
 * @param {any} part
 * @param {string} paper
 * @param {(form: any) => Promise<void>} next
 */
function showPaper(part, paper, next) {
  const words = paper.split(" ");
  one("ol", part).replaceChildren(...words.map((word) => made("li", word)));
  part.hidden = false;
  one("h2", part).focus();
  one("[data-print]", part).addEventListener("click", () => print());
  const check = one("form[data-check]", part);
  const asked = twoPlaces(words.length);
  asked.forEach((place, number) => {
    one(`[data-place="${number}"]`, check).textContent = `${place + 1}`;
  });
  whenSent(check, async () => {
    const typed = all("input", check).map((field) => fold(field.value.trim()));
    if (asked.some((place, number) => fold(words[place]) !== typed[number])) complain(check, sentence("other-words"));
    else await next(check);
  });
}

/**
 * Two different places below `count`, in order.
 * @param {number} count
 */
function twoPlaces(count) {
  const [first, second] = crypto.getRandomValues(new Uint32Array(2));
  const one = first % count;
  const other = (one + 1 + (second % (count - 1))) % count;
  return [one, other].sort((a, b) => a - b);
}

// --- colleagues -----------------------------------------------------------------------------------------------------

/**
 * Give a colleague a share of every epoch that this member opens and they lack.
 * @param {any} form
 * @param {Map<number, Pair>} teams
 */
function wireShare(form, teams) {
  const { partner } = /** @type {any} */ (keychain());
  one("button", form).disabled = !teams.size;
  whenSent(form, async () => {
    const shares = {};
    for (const [epoch, pair] of teams) {
      shares[epoch] = await shareTeamKey(pair, { partner, epoch, to: form.dataset.share });
    }
    follow(await post(form.dataset.to, { to: Number(form.dataset.key), shares }), form);
  });
}

/**
 * A colleague leaves: a new epoch for those who stay, and every message that lives sealed to it.
 * @param {any} form
 * @param {Map<number, Pair>} teams
 */
function wireLeaving(form, teams) {
  const { partner, epochs } = /** @type {any} */ (keychain());
  const current = epochs.find((/** @type {any} */ epoch) => epoch.is_current);
  one("button", form).disabled = false;
  whenSent(form, async () => {
    if (!form.elements.sure.checked) return complain(form, sentence("sure"));
    const asked = await get(`${form.dataset.keys}?sans=${form.dataset.leaver}`);
    if (!asked.ok) return complain(form, asked.body.notice ?? sentence("refused"));
    const { members, messages } = asked.body;
    const next = await makeTeamKey({ partner, epoch: current.epoch + 1, members });
    const progress = one("progress", form);
    progress.max = Math.max(messages.length, 1);
    progress.hidden = false;
    const to = { epoch: next.body.epoch, key: next.pair.public };
    const rewraps = {};
    for (const [place, message] of messages.entries()) {
      const wrap = message.wraps.find((/** @type {any} */ one) => teams.has(one.epoch));
      if (wrap === undefined) throw new CannotOpen();
      const from = { epoch: wrap.epoch, pair: /** @type {Pair} */ (teams.get(wrap.epoch)) };
      rewraps[message.id] = await rewrap(wrap, { place: message.place, partner, from, to });
      progress.value = place + 1;
    }
    follow(await post(form.dataset.to, { ...next.body, rewraps, without: Number(form.dataset.leaver) }), form);
  });
}

/** Nobody can open the last epoch: another one, and nothing is re-wrapped. */
function wireStartAgain() {
  const form = one("#recommencer");
  if (!form) return;
  form.hidden = false;
  whenSent(form, async () => {
    if (!form.elements.sure.checked) return complain(form, sentence("sure"));
    const { partner, epochs } = /** @type {any} */ (keychain());
    const current = epochs.find((/** @type {any} */ epoch) => epoch.is_current);
    const asked = await get(form.dataset.keys);
    if (!asked.ok) return complain(form, asked.body.notice ?? sentence("refused"));
    const { body } = await makeTeamKey({ partner, epoch: current.epoch + 1, members: asked.body.members });
    follow(await post(form.dataset.to, body), form);
  });
}

// --- one's own keys -------------------------------------------------------------------------------------------------

/** Each form opens the key anew: what the browser holds between two pages cannot be locked again. */
function wireOwnKeys() {
  const change = one("#changer-phrase");
  if (!change) return;
  wireStrength(change);
  whenSent(change, async () => {
    const passphrase = chosen(change);
    const pair = passphrase === null ? null : await own(change);
    if (passphrase === null || pair === null) return;
    const lock = await lockWithPassphrase(pair, { passphrase });
    pair.private.fill(0);
    follow(await post(change.dataset.to, lock), change);
  });

  const paper = one("#changer-papier");
  whenSent(paper, async () => {
    const pair = await own(paper);
    if (pair === null) return;
    const { paper: words, lock } = await lockWithNewPaper(pair);
    pair.private.fill(0);
    paper.hidden = true;
    showPaper(one("#papier"), words, async (form) => follow(await post(paper.dataset.to, lock), form));
  });

  const passkey = one("#ajouter-cle");
  if (!("credentials" in navigator)) return;
  passkey.hidden = false;
  whenSent(passkey, async () => {
    const pair = await own(passkey);
    if (pair !== null) await addPasskey(passkey, pair);
  });
}

/**
 * The member's pair, opened by the passphrase or the twelve words that the form holds; null with a sentence.
 * @param {any} form
 * @returns {Promise<Pair|null>}
 */
function own(form) {
  const { secret } = form.elements;
  const chain = /** @type {any} */ (keychain());
  return tried(form, async () => {
    try {
      return await pairFrom(chain, "passphrase", secret.value);
    } catch (error) {
      // Twelve words open it as well: that is what they are for when the passphrase is forgotten.
      if (!(error instanceof CannotOpen) || secret.value.trim().split(/\s+/).length !== 12) throw error;
      return pairFrom(chain, "paper", secret.value);
    }
  });
}

/**
 * @param {any} form
 * @param {Pair} pair
 */
async function addPasskey(form, pair) {
  const name = form.elements.name.value.trim();
  try {
    const made = await makePasskey({ user: utf8(form.dataset.who), name: name || form.dataset.name });
    const used = made !== null && made.secret === null ? await askPasskey([made.id]) : made;
    if (used === null || used.secret === null) return complain(form, sentence("passkey-without-secret"));
    const lock = await lockWithPasskey(pair, { secret: used.secret });
    used.secret.fill(0);
    follow(await post(form.dataset.to, { ...lock, id: toBase64Url(used.id), name }), form);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    complain(form, sentence("no-passkey"));
  } finally {
    pair.private.fill(0);
  }
}
