/** Opening one's key: passphrase, paper phrase or passkey, once for several pages; and the team keys that it opens. */

import { fromBase64Url } from "./bytes.js";
import { BadCode, CannotOpen } from "./errors.js";
import { all, complain, data, one, sentence, whenSent } from "./page.js";
import { askPasskey } from "./passkeys.js";
import { forget, keep, recall, watch } from "./strongbox.js";
import { holdKeys, openShare, unlockWithPaper, unlockWithPasskey, unlockWithPassphrase } from "./teamkeys.js";

/** @typedef {import("./sealing.js").Pair} Pair */

/**
 * What the server wrote for this member: the locked key, and the team's epochs with their shares.
 * @typedef {{partner: string, member: any, epochs: any[]}} Keychain
 */

/** @returns {Keychain|null} */
export const keychain = () => data("trousseau");

/**
 * Show the panel that opens the key, or the sign that it is open; `act` runs as soon as it is.
 * @param {(member: CryptoKeyPair) => Promise<void>} act
 */
export async function whenOpen(act) {
  const chain = keychain();
  if (chain === null) return;
  const { public_key: publicKey } = chain.member;
  const open = async (/** @type {CryptoKeyPair} */ member) => {
    one("#ouvrir").hidden = true;
    one("#ouvert").hidden = false;
    watch(() => location.reload());
    await act(member);
  };
  one("#refermer").addEventListener("click", async () => {
    await forget();
    location.reload();
  });
  const kept = await recall(publicKey);
  if (kept !== null) {
    await open(kept);
    return;
  }
  one("#ouvrir").hidden = false;
  ways(chain, async (/** @type {Pair} */ pair) => {
    const member = await holdKeys(pair);
    pair.private.fill(0);
    await keep(publicKey, member);
    await open(member);
    one("#contenu").focus();
  });
}

/**
 * Wire the forms of the panel.
 * @param {Keychain} chain
 * @param {(pair: Pair) => Promise<void>} opened
 */
function ways(chain, opened) {
  for (const form of all("#ouvrir form[data-way]")) {
    whenSent(form, async () => {
      const pair = await tried(form, () => pairFrom(chain, form.dataset.way, one("[name=secret]", form).value));
      if (pair === null) return;
      form.reset();
      await opened(pair);
    });
  }
  const button = one("#par-cle");
  if (!chain.member.passkeys.length || !("credentials" in navigator)) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const pair = await tried(one("#ouvrir"), () => pairFromPasskey(chain));
    if (pair !== null) await opened(pair);
  });
}

/**
 * A pair that can be locked anew, from what somebody typed. Throws CannotOpen, BadCode.
 * @param {Keychain} chain
 * @param {string} way
 * @param {string} secret
 * @returns {Promise<Pair>}
 */
export function pairFrom({ member }, way, secret) {
  const publicKey = member.public_key;
  return way === "paper"
    ? unlockWithPaper(member.paper, { publicKey, paper: secret })
    : unlockWithPassphrase(member.passphrase, { publicKey, passphrase: secret });
}

/**
 * @param {Keychain} chain
 * @returns {Promise<Pair>}
 */
async function pairFromPasskey({ member }) {
  const used = await askPasskey(member.passkeys.map((/** @type {any} */ key) => fromBase64Url(key.id)));
  if (used === null) throw new CannotOpen();
  const written = member.passkeys.find((/** @type {any} */ key) => sameBytes(fromBase64Url(key.id), used.id));
  return unlockWithPasskey(written, { publicKey: member.public_key, secret: used.secret });
}

/**
 * @param {Uint8Array} left
 * @param {Uint8Array} right
 */
const sameBytes = (left, right) => left.length === right.length && left.every((byte, place) => byte === right[place]);

/**
 * What `open` gives, or null with a sentence in the form.
 * @template T
 * @param {any} form
 * @param {() => Promise<T>} open
 * @returns {Promise<T|null>}
 */
export async function tried(form, open) {
  try {
    return await open();
  } catch (error) {
    complain(form, refusal(error, form));
    return null;
  }
}

/**
 * @param {unknown} error
 * @param {any} form
 */
function refusal(error, form) {
  if (error instanceof BadCode) {
    const [slip] = error.slips;
    if (slip === undefined) return sentence("paper-count");
    return sentence(slip.meant === null ? "paper-slip" : "paper-meant")
      .replace("{n}", `${slip.position}`)
      .replace("{mot}", slip.meant ?? "");
  }
  if (error instanceof CannotOpen) return sentence(form.dataset.way === "paper" ? "wrong-paper" : "wrong-passphrase");
  if (error instanceof DOMException) return sentence("no-passkey");
  throw error;
}

/**
 * The team's pairs that this member opens, by epoch; one that does not open is left out.
 * @param {CryptoKeyPair} member
 * @returns {Promise<Map<number, Pair>>}
 */
export async function teamKeys(member) {
  const { partner, epochs } = /** @type {Keychain} */ (keychain());
  const opened = new Map();
  for (const { epoch, public_key: publicKey, share } of epochs) {
    if (share === null) continue;
    try {
      opened.set(epoch, await openShare(share, { partner, epoch, publicKey, member }));
    } catch (error) {
      if (!(error instanceof CannotOpen)) throw error;
    }
  }
  return opened;
}
