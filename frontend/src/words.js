/** The 2 048 French words of BIP-39, and how a typed word is read: the same rules as referrals/codes.py. */

// Written by requirements/bundles.sh from the Python side's list, so that there is one source.
import list from "../generated/words.js";

export const BITS_PER_WORD = 11;
const LETTERS_THAT_COUNT = 4;
const LONGEST_TYPED = 400;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz";

/** @type {readonly string[]} */
export const WORDS = Object.freeze(list.split(" "));

const byWholeWord = new Map(WORDS.map((word, index) => [fold(word), index]));
const byFirstLetters = new Map(WORDS.map((word, index) => [fold(word).slice(0, LETTERS_THAT_COUNT), index]));

/**
 * Lower case without accents; æ and œ as two letters.
 * @param {string} text
 */
export function fold(text) {
  return text
    .toLowerCase()
    .replaceAll("œ", "oe")
    .replaceAll("æ", "ae")
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "");
}

/**
 * As much of what somebody typed as is read.
 * @param {string} typed
 */
export const shortened = (typed) => Array.from(typed).slice(0, LONGEST_TYPED).join("");

/**
 * Words that somebody typed, as runs of folded letters.
 * @param {string} typed
 */
export const wordsIn = (typed) => fold(shortened(typed)).match(/[a-z]+/g) ?? [];

/**
 * Index of the word that folded letters name, or null and the word perhaps meant.
 *
 * Refused: letters that name no word, or that are one letter away from another word than the one they name.
 * @param {string} typed
 * @returns {{index: number|null, meant: string|null}}
 */
export function readWord(typed) {
  const exact = byWholeWord.get(typed);
  if (exact !== undefined) return { index: exact, meant: null };
  // Four letters alone are the short way of writing a word, even where a word of five has lost one of its own.
  if (typed.length === LETTERS_THAT_COUNT) return { index: byFirstLetters.get(typed) ?? null, meant: null };
  const near = new Set(oneLetterAway(typed).flatMap((other) => byWholeWord.get(other) ?? []));
  const named = typed.length < LETTERS_THAT_COUNT ? undefined : byFirstLetters.get(typed.slice(0, LETTERS_THAT_COUNT));
  if (named !== undefined && [...near].every((index) => index === named)) return { index: named, meant: null };
  const [only] = near.size === 1 ? near : [];
  return { index: null, meant: only === undefined ? null : WORDS[only] };
}

/**
 * Every spelling with one letter changed, missing or added.
 * @param {string} word
 */
export function oneLetterAway(word) {
  const spellings = [];
  for (let place = 0; place <= word.length; place += 1) {
    const left = word.slice(0, place);
    const right = word.slice(place);
    if (right) spellings.push(left + right.slice(1));
    for (const letter of ALPHABET) {
      spellings.push(left + letter + right);
      if (right) spellings.push(left + letter + right.slice(1));
    }
  }
  return spellings;
}
