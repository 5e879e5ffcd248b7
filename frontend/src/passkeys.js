/** A passkey as a way to open a member's private key: the secret that it computes for us (WebAuthn PRF). */

import { random, utf8 } from "./bytes.js";

// The same for everybody: what differs is the passkey, and the salt of the lock.
const QUESTION = utf8("eclaircie/1/prf");
const ES256 = -7;
const RS256 = -257;

/**
 * Make a passkey that can compute a secret, for this site and this device or security key.
 *
 * `secret` is null when the passkey tells it only once it is used: call `askPasskey` next. Returns null when the
 * passkey cannot compute secrets at all. Throws the browser's NotAllowedError when the person refuses.
 * @param {{user: Uint8Array, name: string}} who `user`: bytes that name the account and no person
 * @returns {Promise<{id: Uint8Array, secret: Uint8Array|null}|null>}
 */
export async function makePasskey({ user, name }) {
  const made = /** @type {PublicKeyCredential} */ (
    await navigator.credentials.create({
      publicKey: {
        challenge: random(32),
        rp: { name: location.hostname },
        user: { id: user, name, displayName: name },
        pubKeyCredParams: [ES256, RS256].map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { userVerification: "required" },
        attestation: "none",
        extensions: { prf: { eval: { first: QUESTION } } },
      },
    })
  );
  const { prf } = made.getClientExtensionResults();
  if (!prf?.enabled) return null;
  return { id: new Uint8Array(made.rawId), secret: prf.results ? new Uint8Array(prf.results.first) : null };
}

/**
 * Which of these passkeys the person used, and the 32 bytes that it computes; null when it computes none.
 * @param {Uint8Array[]} ids
 * @returns {Promise<{id: Uint8Array, secret: Uint8Array}|null>}
 */
export async function askPasskey(ids) {
  const used = /** @type {PublicKeyCredential} */ (
    await navigator.credentials.get({
      publicKey: {
        challenge: random(32),
        allowCredentials: ids.map((id) => ({ type: "public-key", id })),
        userVerification: "required",
        extensions: { prf: { eval: { first: QUESTION } } },
      },
    })
  );
  const result = used.getClientExtensionResults().prf?.results?.first;
  return result ? { id: new Uint8Array(used.rawId), secret: new Uint8Array(result) } : null;
}
