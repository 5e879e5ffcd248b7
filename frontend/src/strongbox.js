/** The member's private key between two pages: held by the browser, readable by nobody, gone after ten idle minutes.
 *
 * Signing out and locking the screen empty it as well (Clear-Site-Data, config/middleware.py). */

const NAME = "espace";
const STORE = "keys";
const MEMBER = "member";
const IDLE_MILLISECONDS = 10 * 60 * 1000;
const NOTED_EVERY_MILLISECONDS = 15 * 1000;

let noted = 0;
let keepsNothing = false;

/** @returns {Promise<IDBDatabase>} */
function database() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>}
 */
async function within(mode, act) {
  let base;
  try {
    base = await database();
    return await new Promise((resolve, reject) => {
      const transaction = base.transaction(STORE, mode);
      const asked = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = () => reject(transaction.error);
    });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    // Some private windows keep nothing: the key is then opened anew on each page.
    keepsNothing = true;
    return undefined;
  } finally {
    base?.close();
  }
}

/**
 * Keep a pair that cannot be read back, for the pages that follow.
 * @param {string} publicKey
 * @param {CryptoKeyPair} pair
 */
export const keep = (publicKey, pair) =>
  within("readwrite", (store) => store.put({ publicKey, pair, usedAt: Date.now() }, MEMBER));

/**
 * The pair of a public key, when it is there and was used in the last ten minutes; else whatever is there is forgotten.
 * @param {string} publicKey
 * @returns {Promise<CryptoKeyPair|null>}
 */
export async function recall(publicKey) {
  const kept = await within("readonly", (store) => store.get(MEMBER));
  if (kept === undefined) return null;
  if (kept.publicKey === publicKey && Date.now() - kept.usedAt < IDLE_MILLISECONDS) return kept.pair;
  await forget();
  return null;
}

/** Forget the key. */
export const forget = () => within("readwrite", (store) => store.delete(MEMBER));

/**
 * Note that the key is in use; whether it is still there. In one transaction: what somebody forgets meanwhile, in this
 * page or in another, does not come back.
 */
const used = () =>
  within("readwrite", (store) => {
    const asked = store.get(MEMBER);
    asked.onsuccess = () => {
      if (asked.result !== undefined) store.put({ ...asked.result, usedAt: Date.now() }, MEMBER);
    };
    return asked;
  });

/**
 * Note that somebody is there, and forget the key when nobody was for ten minutes: the screen locks at that moment by
 * itself (static/espace.js, by the same signs of life), so the page is left to it. `gone` is called once, when somebody
 * is there and the key is not.
 * @param {() => void} gone
 */
export function watch(gone) {
  let touched = Date.now();
  const touch = async () => {
    touched = Date.now();
    if (touched - noted < NOTED_EVERY_MILLISECONDS) return;
    noted = touched;
    if ((await used()) !== undefined || keepsNothing) return;
    clearInterval(timer);
    gone();
  };
  const look = () => {
    if (Date.now() - touched < IDLE_MILLISECONDS) return;
    clearInterval(timer);
    forget();
  };
  const timer = setInterval(look, 1000);
  for (const kind of ["keydown", "pointerdown", "pointermove", "scroll", "input"]) {
    addEventListener(kind, touch, { passive: true });
  }
  addEventListener("visibilitychange", look);
  touch();
}
