/** Stands where a library would load a module of Node when the page is no browser. */

export const webcrypto = undefined;
