/** The paper phrase: 128 random bits as 12 words of BIP-39, with its checksum of 4 bits. */

import { wipe } from "./bytes.js";
import { readIndexes } from "./codes.js";
import { BadCode } from "./errors.js";
import { BITS_PER_WORD, WORDS } from "./words.js";

export const ENTROPY_BYTES = 16;
const PHRASE_WORDS = 12;

/**
 * Twelve words separated by single spaces.
 * @param {Uint8Array} entropy 16 bytes
 */
export async function phraseOf(entropy) {
  if (entropy.length !== ENTROPY_BYTES) throw new RangeError("not 16 bytes");
  const bits = bitsOf(entropy) + (await checksum(entropy));
  return Array.from({ length: PHRASE_WORDS }, (_, place) => {
    const start = place * BITS_PER_WORD;
    return WORDS[parseInt(bits.slice(start, start + BITS_PER_WORD), 2)];
  }).join(" ");
}

/**
 * The 16 bytes of a typed phrase. Throws BadCode: words as in a code, or a checksum that does not hold.
 * @param {string} typed
 */
export async function readPhrase(typed) {
  const indexes = readIndexes(typed, PHRASE_WORDS);
  const bits = indexes.map((index) => index.toString(2).padStart(BITS_PER_WORD, "0")).join("");
  const entropy = Uint8Array.from({ length: ENTROPY_BYTES }, (_, place) => parseInt(bits.slice(8 * place, 8 * place + 8), 2));
  if (bits.slice(8 * ENTROPY_BYTES) === (await checksum(entropy))) return entropy;
  wipe(entropy);
  throw new BadCode({ count: PHRASE_WORDS });
}

/** @param {Uint8Array} entropy */
async function checksum(entropy) {
  return bitsOf(new Uint8Array(await crypto.subtle.digest("SHA-256", entropy))).slice(0, 4);
}

/** @param {Uint8Array} bytes */
const bitsOf = (bytes) => Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
