/** For the pages of a partner's team. */

export { canSeal } from "./ability.js";
export { BadCode, CannotOpen, TooLong } from "./errors.js";
export { askPasskey, makePasskey } from "./passkeys.js";
export * from "./teamkeys.js";
