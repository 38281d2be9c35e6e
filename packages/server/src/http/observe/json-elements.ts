const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
/** White space of JSON is nothing above it, and nothing else that is below can stand around a value. */
const space = 0x20
const open = [0x5b, 0x7b]
const close = [0x5d, 0x7d]

/** The elements of an array in JSON, byte for byte. `json` has been parsed before: what is no array in JSON is not noticed. */
export function elementsOf(json: Buffer): Buffer[] {
  const elements: Buffer[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!
    if (byte === quote) at = endOfString(json, at)
    else if (open.includes(byte)) {
      depth++
      if (depth === 1) start = at + 1
    } else if (depth === 1 && (byte === comma || close.includes(byte))) {
      const element = trimmed(json, start, at)
      // Of an empty array there is white space at most.
      if (element.length > 0) elements.push(element)
      start = at + 1
      if (byte !== comma) break
    } else if (close.includes(byte)) depth--
  }
  return elements
}

/** Without the white space of JSON around it. */
function trimmed(json: Buffer, start: number, end: number): Buffer {
  while (start < end && json[start]! <= space) start++
  while (end > start && json[end - 1]! <= space) end--
  return json.subarray(start, end)
}

/** Where the string ends that begins at `at`. */
function endOfString(json: Buffer, at: number): number {
  let end = at + 1
  while (end < json.length && json[end] !== quote) end += json[end] === backslash ? 2 : 1
  return end
}
