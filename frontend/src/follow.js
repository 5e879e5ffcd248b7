/** For the page where somebody comes back. Light: what opens is fetched by `prepare`, when somebody begins to type. */

export { canSeal } from "./ability.js";
export { BadCode, CannotOpen, TooLong } from "./errors.js";

/** Fetch what opening needs, so that it is there when the code is typed. */
export const prepare = () => import("./referral.js");

/** @param {Parameters<typeof import("./referral.js").openCase>[0]} given */
export const openCase = async (given) => (await prepare()).openCase(given);

/** @param {Parameters<typeof import("./referral.js").sealReply>} given */
export const sealReply = async (...given) => (await prepare()).sealReply(...given);

/** @param {Parameters<typeof import("./referral.js").forget>[0]} opened */
export const forget = async (opened) => (await prepare()).forget(opened);
