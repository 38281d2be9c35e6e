const quote = 0x22
const backslash = 0x5c
/** `\u0041` is six bytes for one; the shortest escape, `\n`, is counted for less than it takes. */
const escapeBytesSaved = 5

/**
 * A lower bound of how long `json` is where it is written without white space and escapes that need not be, numbers left out. It is told without an object of it: what
 * a parser makes of hostile JSON is slow and large.
 */
export function jsonBytesAtLeast(json: Uint8Array): number {
  let bytes = 0
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!
    if (byte === quote) {
      const start = at++
      let saved = 0
      for (; at < json.length && json[at] !== quote; at++) {
        if (json[at] !== backslash) continue
        at++
        saved += escapeBytesSaved
      }
      bytes += Math.max(2, at + 1 - start - saved)
    } else if (isStructural(byte)) bytes++
  }
  return bytes
}

/** One of `,:[]{}`. */
function isStructural(byte: number): boolean {
  return byte === 0x2c || byte === 0x3a || byte === 0x5b || byte === 0x5d || byte === 0x7b || byte === 0x7d
}
