/** What the functions of this folder refuse with: no message here ever carries a value. */

/** A wrong key, context or epoch, or bytes that changed; says nothing more. */
export class CannotOpen extends Error {
  constructor() {
    super("cannot open");
    this.name = "CannotOpen";
  }
}

/** A payload over the largest bucket. */
export class TooLong extends Error {
  constructor() {
    super("too long");
    this.name = "TooLong";
  }
}

/**
 * What was typed is no code.
 *
 * `slips` tells, word by word, what looks mistyped: position from 1, and the word that was perhaps meant, or null.
 */
export class BadCode extends Error {
  /** @param {{count?: number|null, slips?: {position: number, meant: string|null}[]}} why */
  constructor({ count = null, slips = [] } = {}) {
    super("not a code");
    this.name = "BadCode";
    this.count = count;
    this.slips = slips;
  }
}
