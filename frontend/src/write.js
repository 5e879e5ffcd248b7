/** For the pages where somebody writes. Light: what seals is fetched by `prepare`, when somebody begins to write. */

export { canSeal } from "./ability.js";
export { CannotOpen, TooLong } from "./errors.js";

/** Fetch what sealing needs, so that it is there when the person sends. */
export const prepare = () => import("./referral.js");

/** @param {Parameters<typeof import("./referral.js").sealReferral>[0]} given */
export const sealReferral = async (given) => (await prepare()).sealReferral(given);
