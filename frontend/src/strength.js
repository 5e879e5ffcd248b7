/** How good a passphrase is, as one word: length counts, and nothing is asked about capitals or signs. */

const FEWEST_CHARACTERS = 16;
const FEWEST_WORDS = 4;
const MANY_CHARACTERS = 28;
const FEWEST_DIFFERENT = 6;

/**
 * `short`, `fair`, `good` or `strong`; a short one is refused.
 * @param {string} passphrase
 * @returns {"short"|"fair"|"good"|"strong"}
 */
export function strength(passphrase) {
  const characters = [...passphrase.trim()];
  const words = passphrase.trim().split(/\s+/).filter((word) => [...word].length > 1);
  if (characters.length < FEWEST_CHARACTERS || new Set(characters).size < FEWEST_DIFFERENT) return "short";
  if (new Set(words).size >= FEWEST_WORDS) return characters.length >= MANY_CHARACTERS ? "strong" : "good";
  return "fair";
}
