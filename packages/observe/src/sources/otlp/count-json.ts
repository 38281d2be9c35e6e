const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const openingBrace = 0x7b
const openingBracket = 0x5b

/** No name of OTLP is longer. */
const nameBytesMax = 32

export type JsonCounts = {
  /** Objects and lists. */
  readonly messages: number
  /** Names of members. */
  readonly names: number
}

/**
 * What decides how long a parser takes for a text of JSON, and how much memory, counted before there is anything of it. Of the names those count that `isCounted` says, which is
 * given where they stand. In what is no JSON it counts something, and the parser refuses.
 */
export function countJson(json: Buffer, isCounted: (start: number, end: number) => boolean = () => true): JsonCounts {
  let messages = 0
  let names = 0
  let isText = false
  let start = 0
  let end = 0
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]
    if (isText && byte === backslash) at++
    else if (byte === quote) {
      isText = !isText
      if (isText) start = at + 1
      else end = at
    } else if (isText) continue
    else if (byte === openingBrace || byte === openingBracket) messages++
    else if (byte === colon && isCounted(start, end)) names++
  }
  return { messages, names }
}

/** How many names in `json` are not among those that are known. To look each up takes as long as to parse it. */
export function foreignNamesIn(json: Buffer, known: ReadonlySet<string>): number {
  // Nothing long is cut out: there may be a million colons behind it.
  const isForeign = (start: number, end: number): boolean =>
    end - start > nameBytesMax || !known.has(json.toString('latin1', start, end))
  return countJson(json, isForeign).names
}
