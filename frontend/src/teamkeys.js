/** Keys of members and teams: made, locked, shared and renewed in a member's browser, and nowhere else. */

import { fourBytes, fromBase64Url, join, random, toBase64Url, utf8, wipe } from "./bytes.js";
import { SALT_BYTES, derive, stretch } from "./derivation.js";
import { CannotOpen } from "./errors.js";
import { ENTROPY_BYTES, phraseOf, readPhrase } from "./paper.js";
import {
  LOCKED_KEY_BYTES,
  SENDER,
  VERSION,
  keyInfo,
  lock,
  openMessage,
  readWrap,
  sealMessage,
  unlock,
  unwrap,
  wrap,
  writtenWrap,
} from "./sealing.js";
import { KEY_BYTES, held, newPair, pairOf } from "./x25519.js";

/**
 * @typedef {import("./sealing.js").Pair} Pair
 * @typedef {import("./sealing.js").Wrap} Wrap
 * @typedef {"passphrase"|"paper"|"passkey"} Way
 * @typedef {{salt: string, locked: string}} Lock a private key locked in one way, as JSON carries it: 16 and 60 bytes
 * @typedef {{enc: string, ct: string}} WrittenKey a sealed key as JSON carries it
 * @typedef {{case: string, sequence: number, from: "sender"|"partner"}} Place where a message stands, as JSON says it
 */

// --- a member -------------------------------------------------------------------------------------------------------

/**
 * A new key pair of a member, its private half locked by a passphrase and by a phrase to keep on paper.
 *
 * `pair` opens things until the page goes; `paper` is shown once; `body` is what the server keeps.
 * @param {{passphrase: string}} given
 */
export async function makeMemberKey({ passphrase }) {
  const pair = await newPair();
  const entropy = random(ENTROPY_BYTES);
  const paper = await phraseOf(entropy);
  const [byPassphrase, byPaper] = await Promise.all([
    lockWithPassphrase(pair, { passphrase }),
    locked(pair, "paper", entropy),
  ]);
  wipe(entropy);
  const body = {
    public_key: toBase64Url(pair.public),
    passphrase_salt: byPassphrase.salt,
    by_passphrase: byPassphrase.locked,
    paper_salt: byPaper.salt,
    by_paper: byPaper.locked,
  };
  return { pair, paper, body };
}

/**
 * The same private key under another passphrase.
 * @param {Pair} pair
 * @param {{passphrase: string}} given
 * @returns {Promise<Lock>}
 */
export async function lockWithPassphrase(pair, { passphrase }) {
  const secret = utf8(passphrase.normalize("NFKC"));
  const lockMade = await locked(pair, "passphrase", secret);
  wipe(secret);
  return lockMade;
}

/**
 * The same private key under the secret of a passkey (passkeys.js).
 * @param {Pair} pair
 * @param {{secret: Uint8Array}} given
 * @returns {Promise<Lock>}
 */
export const lockWithPasskey = (pair, { secret }) => locked(pair, "passkey", secret);

/**
 * The same private key under a new phrase to keep on paper, which is shown once; the earlier phrase opens nothing more.
 * @param {Pair} pair
 * @returns {Promise<{paper: string, lock: Lock}>}
 */
export async function lockWithNewPaper(pair) {
  const entropy = random(ENTROPY_BYTES);
  const paper = await phraseOf(entropy);
  const lockMade = await locked(pair, "paper", entropy);
  wipe(entropy);
  return { paper, lock: lockMade };
}

/**
 * A pair as the browser may keep it for a while: it opens things, and nothing reads the private half back.
 * @param {Pair} pair
 * @returns {Promise<CryptoKeyPair>}
 */
export const holdKeys = (pair) => held(pair);

/**
 * A member's pair. Throws CannotOpen.
 * @param {Lock} kept
 * @param {{publicKey: string, passphrase: string}} given
 */
export async function unlockWithPassphrase(kept, { publicKey, passphrase }) {
  const secret = utf8(passphrase.normalize("NFKC"));
  try {
    return await unlocked(kept, publicKey, "passphrase", secret);
  } finally {
    wipe(secret);
  }
}

/**
 * A member's pair. Throws BadCode when the phrase is mistyped, CannotOpen when it is another one.
 * @param {Lock} kept
 * @param {{publicKey: string, paper: string}} given
 */
export async function unlockWithPaper(kept, { publicKey, paper }) {
  const entropy = await readPhrase(paper);
  try {
    return await unlocked(kept, publicKey, "paper", entropy);
  } finally {
    wipe(entropy);
  }
}

/**
 * A member's pair. Throws CannotOpen.
 * @param {Lock} kept
 * @param {{publicKey: string, secret: Uint8Array}} given
 */
export const unlockWithPasskey = (kept, { publicKey, secret }) => unlocked(kept, publicKey, "passkey", secret);

// --- a team ---------------------------------------------------------------------------------------------------------

/**
 * A new key pair of a team, its private half sealed to each member; `body.shares` by the id of the member's key.
 * @param {{partner: string, epoch: number, members: {id: number|string, public_key: string}[]}} given `partner`: slug
 */
export async function makeTeamKey({ partner, epoch, members }) {
  const pair = await newPair();
  const shares = await Promise.all(
    members.map(async ({ id, public_key: to }) => [id, await shareTeamKey(pair, { partner, epoch, to })]),
  );
  return { pair, body: { epoch, public_key: toBase64Url(pair.public), shares: Object.fromEntries(shares) } };
}

/**
 * A team's private key, sealed to one member.
 * @param {Pair} team
 * @param {{partner: string, epoch: number, to: string}} given `to`: the member's public key
 * @returns {Promise<WrittenKey>}
 */
export const shareTeamKey = async (team, { partner, epoch, to }) =>
  writtenWrap(await wrap(team.private, { to: fromBase64Url(to, KEY_BYTES), info: shareInfo({ partner, epoch }) }));

/**
 * A team's pair of an epoch, from a member's share. Throws CannotOpen, also when it is not the pair of `publicKey`.
 * @param {WrittenKey} share
 * @param {{partner: string, epoch: number, publicKey: string, member: Pair|CryptoKeyPair}} given `publicKey`: the team's
 * @returns {Promise<Pair>}
 */
export async function openShare(share, { partner, epoch, publicKey, member }) {
  const team = await pairOf(await unwrap(readWrap(share), { pair: member, info: shareInfo({ partner, epoch }) }));
  if (toBase64Url(team.public) === publicKey) return team;
  forgetKeys(team);
  throw new CannotOpen();
}

/**
 * The key of a message, sealed anew to the team's next epoch, or to another team. Throws CannotOpen.
 * @param {WrittenKey} sealedKey
 * @param {{place: Place, partner: string, from: {epoch: number, pair: Pair},
 *   to: {epoch: number, key: Uint8Array, partner?: string}}} given `to.partner`: the other team
 * @returns {Promise<WrittenKey>}
 */
export async function rewrap(sealedKey, { place, partner, from, to }) {
  const context = contextOf(place);
  const info = keyInfo(context, { to: partner, epoch: from.epoch });
  const key = await unwrap(readWrap(sealedKey), { pair: from.pair, info });
  const next = keyInfo(context, { to: to.partner ?? partner, epoch: to.epoch });
  const sealed = writtenWrap(await wrap(key, { to: to.key, info: next }));
  wipe(key);
  return sealed;
}

// --- a referral -----------------------------------------------------------------------------------------------------

/**
 * The content of a message sealed to the team. Throws CannotOpen.
 * @param {{ciphertext: string, wraps: import("./sealing.js").WrittenWrap[]}} sealed
 * @param {{place: Place, partner: string, epoch: number, team: Pair}} given
 */
export const readMessage = (sealed, { place, partner, epoch, team }) =>
  openMessage(sealed, { context: contextOf(place), to: partner, epoch, pair: team });

/**
 * An answer, sealed to the person who wrote and to the team itself. Throws TooLong.
 * @param {{case: string, sequence: number, text: string, partner: string, epoch: number, key: string}} given `case`:
 *   the sender's public key; `key`: the team's
 */
export async function sealAnswer({ case: caseKey, sequence, text, partner, epoch, key }) {
  const sender = fromBase64Url(caseKey, KEY_BYTES);
  const to = [
    { to: partner, epoch, key: fromBase64Url(key, KEY_BYTES) },
    { to: SENDER, epoch: 0, key: sender },
  ];
  const context = { case: sender, sequence, direction: /** @type {const} */ ("p") };
  return { v: VERSION, sequence, ...(await sealMessage({ text }, { context, to })) };
}

/**
 * Overwrite private keys.
 * @param {...Pair} pairs
 */
export const forgetKeys = (...pairs) => wipe(...pairs.map((pair) => pair.private));

// --- the formats ----------------------------------------------------------------------------------------------------

/** @param {{partner: string, epoch: number}} of */
const shareInfo = ({ partner, epoch }) => join(utf8("eclaircie/1/team\0"), fourBytes(epoch), utf8(partner));

/**
 * @param {Place} place
 * @returns {import("./sealing.js").Context}
 */
const contextOf = ({ case: caseKey, sequence, from }) => ({
  case: fromBase64Url(caseKey, KEY_BYTES),
  sequence,
  direction: from === "sender" ? "s" : "p",
});

/**
 * @param {Way} way
 * @param {Uint8Array} publicKey
 */
const lockAad = (way, publicKey) => join(utf8(`eclaircie/1/member/${way}\0`), publicKey);

/**
 * @param {Way} way
 * @param {Uint8Array} secret
 * @param {Uint8Array} salt
 */
const keyOf = (way, secret, salt) =>
  way === "passphrase" ? stretch(secret, salt) : derive(secret, { salt, info: utf8(`eclaircie/1/${way}`) });

/**
 * @param {Pair} pair
 * @param {Way} way
 * @param {Uint8Array} secret
 * @returns {Promise<Lock>}
 */
async function locked(pair, way, secret) {
  const salt = random(SALT_BYTES);
  const key = await keyOf(way, secret, salt);
  const bytes = await lock(key, pair.private, lockAad(way, pair.public));
  wipe(key);
  return { salt: toBase64Url(salt), locked: toBase64Url(bytes) };
}

/**
 * @param {Lock} kept
 * @param {string} publicKey
 * @param {Way} way
 * @param {Uint8Array} secret
 * @returns {Promise<Pair>}
 */
async function unlocked(kept, publicKey, way, secret) {
  const key = await keyOf(way, secret, fromBase64Url(kept.salt, SALT_BYTES));
  const publicBytes = fromBase64Url(publicKey, KEY_BYTES);
  try {
    const bytes = await unlock(key, fromBase64Url(kept.locked, LOCKED_KEY_BYTES), lockAad(way, publicBytes));
    return { private: bytes, public: publicBytes };
  } finally {
    wipe(key);
  }
}
