const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openingBracket = 0x5b
const closingBracket = 0x5d
const openingBrace = 0x7b
const closingBrace = 0x7d

/**
 * The elements of an array in JSON, byte for byte, or the one value that is no array. None of them is parsed here: together they are JSON where each of them is. Throws a
 * SyntaxError where the array does not end, or something follows it.
 */
export function* elementsOf(json: Buffer): Generator<Buffer> {
  let at = behindSpace(json, 0)
  if (json[at] !== openingBracket) return yield trimmed(json, at, json.length)
  at = behindSpace(json, at + 1)
  const isEmpty = json[at] === closingBracket
  while (!isEmpty) {
    const end = endOfValue(json, at)
    yield trimmed(json, at, end)
    at = end
    if (json[end] !== comma) break
    at++
  }
  if (json[at] !== closingBracket || behindSpace(json, at + 1) < json.length) throw new SyntaxError('no array in JSON')
}

/** The comma or bracket behind the value that begins at `at`. */
function endOfValue(json: Buffer, at: number): number {
  let depth = 0
  for (let end = at; end < json.length; end++) {
    const byte = json[end]!
    if (byte === quote) end = endOfString(json, end)
    else if (byte === openingBracket || byte === openingBrace) depth++
    else if (byte === comma && depth === 0) return end
    else if ((byte === closingBracket || byte === closingBrace) && depth-- === 0) return end
  }
  return json.length
}

/** Where the string ends that begins at `at`. */
function endOfString(json: Buffer, at: number): number {
  let end = at + 1
  while (end < json.length && json[end] !== quote) end += json[end] === backslash ? 2 : 1
  return end
}

/** Without the white space of JSON around it. */
function trimmed(json: Buffer, start: number, end: number): Buffer {
  const from = Math.min(behindSpace(json, start), end)
  let to = end
  while (to > from && isSpace(json[to - 1])) to--
  return json.subarray(from, to)
}

function behindSpace(json: Buffer, at: number): number {
  let next = at
  while (isSpace(json[next])) next++
  return next
}

/** White space of JSON (RFC 8259, 2). */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
