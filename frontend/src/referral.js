/** What a person does with a referral, in the order of time: seal it, come back and read, write again, forget. */

import { fromBase64Url, toBase64Url, wipe } from "./bytes.js";
import { newCode, readCode, secretsOf, senderPair } from "./codes.js";
import { SALT_BYTES } from "./derivation.js";
import { CannotOpen } from "./errors.js";
import { SENDER, VERSION, openMessage, sealMessage } from "./sealing.js";
import { KEY_BYTES } from "./x25519.js";

const DIRECTIONS = { sender: "s", partner: "p" };

/**
 * @typedef {import("./sealing.js").Pair} Pair
 * @typedef {import("./codes.js").Code} Code
 * @typedef {{slug: string, epoch: number, key: string}} Team a team's current public key, in base64url
 * @typedef {(locator: string) => Promise<string>} FetchAnswer asks POST /api/v1/follow-up/salt
 * @typedef {{from: "sender"|"partner", name: string, day: string, sequence: number, ciphertext: string,
 *   wraps: import("./sealing.js").WrittenWrap[]}} StoredMessage
 * @typedef {{to: string, epoch: number, key: string}} Reader a team that a further message must be sealed to
 * @typedef {{status: string, plan: object[], messages: StoredMessage[], readers: Reader[], key_lost: boolean}}
 *   StoredCase
 * @typedef {(locator: string) => Promise<StoredCase|null>} FetchCase asks POST /api/v1/follow-up/open; null for a 404
 * @typedef {{from: "sender"|"partner", name: string, day: string, text: string|null}} Read `text` is null when the
 *   bytes cannot be opened
 * @typedef {{locator: string, pair: Pair, status: string, plan: object[], messages: Read[], readers: Reader[],
 *   keyLost: boolean, sequence: number}} OpenedCase `sequence`: the place of a further message
 */

/**
 * Draw a code and seal a first message to teams, in the order of the plan (the duty desk last), and to the sender.
 *
 * `salt` is the site's, 16 bytes in base64url. Empty parts are left out of the message. The body is that of
 * POST /api/v1/referrals: nothing in it can be read without a team's key or the code. The code must be shown only
 * once the server has answered 201. Throws TooLong, CannotOpen for a malformed salt, key or answer, and whatever
 * `fetchAnswer` throws.
 * @param {{salt: string, fetchAnswer: FetchAnswer, partners: Team[], facts: object, text: string, nickname?: string,
 *   contact?: object, professional?: object}} given
 */
export async function sealReferral({ salt, fetchAnswer, partners, facts, text, nickname, contact, professional }) {
  const code = newCode();
  const { locator, pair } = await keysOf(code, { salt, fetchAnswer });
  const context = { case: pair.public, sequence: 0, direction: /** @type {const} */ ("s") };
  const content = { text, ...filled({ facts, nickname, contact, professional }) };
  const readers = partners.map(({ slug: to, epoch, key }) => ({ to, epoch, key }));
  const sealed = await sealMessage(content, { context, to: addressees(readers, pair.public) });
  const body = {
    v: VERSION,
    locator,
    sender_key: toBase64Url(pair.public),
    facts,
    plan: partners.map(({ slug }) => slug),
    ...sealed,
  };
  wipe(pair.private);
  return { code: { words: code.words, digits: code.digits }, body };
}

/**
 * The case of a code that somebody typed, its messages opened; null when no case answers to it.
 *
 * Throws BadCode before anything is asked, and whatever the two functions throw. Call `forget` when it is read.
 * @param {{typed: string, salt: string, fetchAnswer: FetchAnswer, fetchCase: FetchCase}} given
 * @returns {Promise<OpenedCase|null>}
 */
export async function openCase({ typed, salt, fetchAnswer, fetchCase }) {
  const { locator, pair } = await keysOf(readCode(typed), { salt, fetchAnswer });
  const stored = await fetchCase(locator);
  if (stored === null) {
    wipe(pair.private);
    return null;
  }
  const { status, plan, readers, key_lost: keyLost } = stored;
  const messages = await Promise.all(stored.messages.map((message) => read(message, pair)));
  const sequence = 1 + Math.max(-1, ...stored.messages.map((message) => message.sequence));
  return { locator, pair, status, plan, messages, readers, keyLost, sequence };
}

/**
 * Seal one more message of the person to those who read now. Throws TooLong, CannotOpen for a malformed key.
 *
 * The body is that of POST /api/v1/follow-up/message. On a 409 somebody else wrote, or readers changed: open again.
 * @param {OpenedCase} opened
 * @param {{text: string}} given
 */
export async function sealReply({ locator, pair, readers, sequence }, { text }) {
  const context = { case: pair.public, sequence, direction: /** @type {const} */ ("s") };
  const sealed = await sealMessage({ text }, { context, to: addressees(readers, pair.public) });
  return { v: VERSION, locator, sequence, ...sealed };
}

/**
 * Drop what was opened: keys are overwritten, texts let go.
 * @param {OpenedCase} opened
 */
export function forget(opened) {
  wipe(opened.pair.private);
  opened.messages.length = 0;
}

/**
 * @param {Code} code
 * @param {{salt: string, fetchAnswer: FetchAnswer}} how
 */
async function keysOf(code, { salt, fetchAnswer }) {
  const secrets = await secretsOf(code, fromBase64Url(salt, SALT_BYTES));
  const locator = toBase64Url(secrets.locator);
  try {
    const pair = await senderPair(secrets.seed, fromBase64Url(await fetchAnswer(locator), 32));
    return { locator, pair };
  } finally {
    wipe(secrets.seed);
  }
}

/**
 * @param {StoredMessage} message
 * @param {Pair} pair
 * @returns {Promise<Read>}
 */
async function read({ from, name, day, sequence, ciphertext, wraps }, pair) {
  const context = { case: pair.public, sequence, direction: DIRECTIONS[from] };
  try {
    const { text } = await openMessage({ ciphertext, wraps }, { context, to: SENDER, epoch: 0, pair });
    return { from, name, day, text };
  } catch (refusal) {
    if (refusal instanceof CannotOpen) return { from, name, day, text: null };
    throw refusal;
  }
}

/**
 * @param {Reader[]} readers
 * @param {Uint8Array} sender
 */
const addressees = (readers, sender) => [
  ...readers.map(({ to, epoch, key }) => ({ to, epoch, key: fromBase64Url(key, KEY_BYTES) })),
  { to: SENDER, epoch: 0, key: sender },
];

/** @param {Record<string, object|string|undefined>} parts */
const filled = (parts) =>
  Object.fromEntries(Object.entries(parts).filter(([, part]) => part && (typeof part === "string" || Object.keys(part).length)));
