/** Where the members of a JSON object are, without making anything of it. */

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const backslash = 0x5c
const openObject = 0x7b
const space = 0x20
const openers = new Set(Buffer.from('{['))
const closers = new Set(Buffer.from('}]'))

/**
 * The bytes of each member's value in `json`, which is JSON. undefined where it is no object, has a member that is not one of `names`, or one of them
 * twice.
 */
export function membersOf(json: Uint8Array, names: ReadonlySet<string>): Map<string, Uint8Array> | undefined {
  const members = new Map<string, Uint8Array>()
  let at = skipSpace(json, 0)
  if (json[at] !== openObject) return undefined
  at = skipSpace(json, at + 1)
  while (json[at] === quote) {
    const keyEnd = stringEnd(json, at)
    const name = JSON.parse(textOf(json.subarray(at, keyEnd))) as string
    if (!names.has(name) || members.has(name)) return undefined
    const from = skipSpace(json, skipTo(json, keyEnd, colon) + 1)
    const end = valueEnd(json, from)
    members.set(name, trimmed(json.subarray(from, end)))
    at = json[end] === comma ? skipSpace(json, end + 1) : end
  }
  return members
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}

/** The comma or brace that ends the value. */
function valueEnd(json: Uint8Array, from: number): number {
  let depth = 0
  for (let at = from; at < json.length; at++) {
    const byte = json[at]!
    if (byte === quote) at = stringEnd(json, at) - 1
    else if (openers.has(byte)) depth++
    else if (depth === 0 && (byte === comma || closers.has(byte))) return at
    else if (closers.has(byte)) depth--
  }
  return json.length
}

/** Behind the quote that ends the string that begins at `from`. */
function stringEnd(json: Uint8Array, from: number): number {
  for (let at = from + 1; at < json.length; at++) {
    if (json[at] === backslash) at++
    else if (json[at] === quote) return at + 1
  }
  return json.length
}

function skipTo(json: Uint8Array, from: number, byte: number): number {
  const at = json.indexOf(byte, from)
  return at < 0 ? json.length : at
}

function skipSpace(json: Uint8Array, from: number): number {
  let at = from
  while (at < json.length && json[at]! <= space) at++
  return at
}

function trimmed(value: Uint8Array): Uint8Array {
  let end = value.length
  while (end > 0 && value[end - 1]! <= space) end--
  return value.subarray(0, end)
}
