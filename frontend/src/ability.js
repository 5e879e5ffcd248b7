/** Whether this browser can seal; where it cannot, the server does the same work and the page says so. */

import { newPair } from "./x25519.js";

const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Whether the browser has a good source of chance, X25519 in WebCrypto (Chrome 133, Firefox 130, Safari 17) and
 * WebAssembly that our policy lets run. Never fails.
 * @returns {Promise<boolean>}
 */
export async function canSeal() {
  try {
    new WebAssembly.Module(EMPTY_MODULE);
    return (await newPair()).public.length === 32;
  } catch {
    return false;
  }
}
