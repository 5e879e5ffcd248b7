/** The code that stands for a name: 66 random bits, as six words or twenty digits, and the keys that come from it. */

import { random, utf8, wipe } from "./bytes.js";
import { derive, stretch } from "./derivation.js";
import { BadCode } from "./errors.js";
import { BITS_PER_WORD, WORDS, readWord, shortened, wordsIn } from "./words.js";
import { pairOf } from "./x25519.js";

const BITS = 66n;
const CODE_WORDS = 6;
const DIGITS = 20;
const LOCATOR_BYTES = 16;

/**
 * @typedef {{number: bigint, words: string, digits: string}} Code
 * @typedef {{locator: Uint8Array, seed: Uint8Array}} Secrets `locator` (16 bytes) finds the case, `seed` (32 bytes)
 *   opens it together with the server's answer
 */

/**
 * 66 bits from the browser's random source.
 * @returns {Code}
 */
export function newCode() {
  const bytes = random(9);
  bytes[0] &= 3;
  const code = codeOf(bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n));
  wipe(bytes);
  return code;
}

/**
 * The code of a number.
 * @param {bigint} number
 * @returns {Code}
 */
export function codeOf(number) {
  if (number < 0n || number >> BITS) throw new RangeError("a code has 66 bits");
  const indexes = Array.from({ length: CODE_WORDS }, (_, place) =>
    Number(BigInt.asUintN(BITS_PER_WORD, number >> BigInt((CODE_WORDS - 1 - place) * BITS_PER_WORD))),
  );
  return { number, words: indexes.map((index) => WORDS[index]).join(" "), digits: `${number}`.padStart(DIGITS, "0") };
}

/**
 * The code that somebody typed: words or digits, accents, case and punctuation aside.
 *
 * Throws BadCode: a wrong count, a word that the list does not have, or one that is a letter away from another word
 * of the list than the one that its first four letters name.
 * @param {string} typed
 * @returns {Code}
 */
export function readCode(typed) {
  const digits = shortened(typed).replace(/[\s.-]/g, "");
  if (/^[0-9]+$/.test(digits)) {
    if (digits.length !== DIGITS || BigInt(digits) >> BITS) throw new BadCode({ count: digits.length });
    return codeOf(BigInt(digits));
  }
  return codeOf(readIndexes(typed, CODE_WORDS).reduce((number, index) => (number << 11n) | BigInt(index), 0n));
}

/**
 * Indexes of exactly `count` typed words. Throws BadCode.
 * @param {string} typed
 * @param {number} count
 */
export function readIndexes(typed, count) {
  const given = wordsIn(typed);
  if (given.length !== count) throw new BadCode({ count: given.length });
  const read = given.map(readWord);
  const slips = read.flatMap(({ index, meant }, place) => (index === null ? [{ position: place + 1, meant }] : []));
  if (slips.length) throw new BadCode({ slips });
  return read.map(({ index }) => /** @type {number} */ (index));
}

/**
 * What a code opens; one Argon2id.
 * @param {Code} code
 * @param {Uint8Array} salt the site's 16 bytes
 * @returns {Promise<Secrets>}
 */
export async function secretsOf(code, salt) {
  const bytes = Uint8Array.from({ length: 9 }, (_, place) => Number(BigInt.asUintN(8, code.number >> BigInt(64 - 8 * place))));
  const master = await stretch(bytes, salt);
  const [locator, seed] = await Promise.all([
    derive(master, { info: utf8("eclaircie/1/locator"), length: LOCATOR_BYTES }),
    derive(master, { info: utf8("eclaircie/1/seed") }),
  ]);
  wipe(bytes, master);
  return { locator, seed };
}

/**
 * The sender's key pair.
 * @param {Uint8Array} seed
 * @param {Uint8Array} answer what the server's second pepper makes of the locator, 32 bytes
 */
export const senderPair = async (seed, answer) =>
  pairOf(await derive(seed, { salt: answer, info: utf8("eclaircie/1/sender") }));
