/** Ids that the sender makes and keeps. */

/**
 * A UUIDv7 (RFC 9562): 48 bits of time, then random bits.
 * @param {number} nowMs wall time; only the order of ids hangs on it
 * @param {Uint8Array} random ten bytes
 */
export function uuidv7(nowMs = Date.now(), random = crypto.getRandomValues(new Uint8Array(10))) {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(nowMs) << 16n);
  bytes.set(random, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
