/** Whether bytes are one JSON text (RFC 8259), as `JSON.parse` judges them, without making anything of them. UTF-8 is for others to check. */

/** Objects and lists inside of one another; deeper texts are refused, as most readers do. */
export const jsonDepthMax = 512

/** Control characters stand below; inside of a string they have to be escaped. */
const firstPlain = 0x20
const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const dot = 0x2e
const zero = 0x30
const nine = 0x39
const colon = 0x3a
const openList = 0x5b
const backslash = 0x5c
const closeList = 0x5d
const openObject = 0x7b
const closeObject = 0x7d

const literals = new Map(['true', 'false', 'null'].map(text => [text.charCodeAt(0), Buffer.from(text)]))
const isEscape = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
)
/** What closes the objects and lists that are open: shared, because checking a text never waits. */
const closers = new Uint8Array(jsonDepthMax)

export function isJson(bytes: Uint8Array, from: number, end: number): boolean {
  let depth = 0
  let at = skipSpace(bytes, from, end)
  while (at >= 0 && at < end) {
    const first = bytes[at]!
    if (first === openObject || first === openList) {
      if (depth === jsonDepthMax) return false
      const closer = first === openObject ? closeObject : closeList
      closers[depth++] = closer
      at = skipSpace(bytes, at + 1, end)
      if (at === end) return false
      if (bytes[at] !== closer) {
        if (closer === closeObject) at = keyEnd(bytes, at, end)
        continue
      }
    } else {
      at = scalarEnd(bytes, at, end)
      if (at < 0) return false
      at = skipSpace(bytes, at, end)
    }
    while (depth > 0 && at < end && bytes[at] === closers[depth - 1]) {
      depth--
      at = skipSpace(bytes, at + 1, end)
    }
    if (depth === 0) return at === end
    if (at >= end || bytes[at] !== comma) return false
    at = skipSpace(bytes, at + 1, end)
    if (closers[depth - 1] === closeObject) at = keyEnd(bytes, at, end)
  }
  return false
}

/** Where the value of a member begins whose key begins at `at`; -1 where none does. So with all of these. */
function keyEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== quote) return -1
  const behind = stringEnd(bytes, at + 1, end)
  if (behind < 0) return -1
  const mark = skipSpace(bytes, behind, end)
  return mark < end && bytes[mark] === colon ? skipSpace(bytes, mark + 1, end) : -1
}

function scalarEnd(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!
  if (first === quote) return stringEnd(bytes, at + 1, end)
  if (first === minus || isDigit(first)) return numberEnd(bytes, at, end)
  const literal = literals.get(first)
  if (literal === undefined || at + literal.length > end) return -1
  for (let index = 1; index < literal.length; index++) if (bytes[at + index] !== literal[index]) return -1
  return at + literal.length
}

/** Most of the time goes here: three comparisons for each byte take less than a look into a table. */
function stringEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  for (;;) {
    let byte: number
    do {
      if (at >= end) return -1
      byte = bytes[at++]!
    } while (byte !== quote && byte !== backslash && byte >= firstPlain)
    if (byte === quote) return at
    if (byte !== backslash || at >= end) return -1
    const escaped = bytes[at++]!
    if (isEscape[escaped] === 1) continue
    if (escaped !== 0x75) return -1
    for (const last = at + 4; at < last; at++) if (at >= end || !isHexDigit(bytes[at]!)) return -1
  }
}

function numberEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = bytes[from] === minus ? from + 1 : from
  const whole = at
  at = digitsEnd(bytes, at, end)
  if (at === whole || (bytes[whole] === zero && at > whole + 1)) return -1
  if (at < end && bytes[at] === dot) {
    const fraction = at + 1
    at = digitsEnd(bytes, fraction, end)
    if (at === fraction) return -1
  }
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    const sign = at + 1
    const exponent = sign < end && (bytes[sign] === minus || bytes[sign] === 0x2b) ? sign + 1 : sign
    at = digitsEnd(bytes, exponent, end)
    if (at === exponent) return -1
  }
  return at
}

function digitsEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && isDigit(bytes[at]!)) at++
  return at
}

function skipSpace(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end) {
    const byte = bytes[at]!
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    at++
  }
  return at
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66)
}
