/** Writes what flat-table.ts draws and reads: a whole FlatBuffer, front to back, in which every reference leads forwards. */

/** Fields of a table in the order of their numbers; undefined: absent. */
export type FlatPart =
  | { readonly fields: readonly (FlatField | undefined)[] }
  | { readonly text: string }
  /** References to tables. */
  | { readonly tables: readonly FlatPart[] }
  /** Structs of two int64. */
  | { readonly pairs: readonly (readonly [number, number])[] }

export type FlatField = { readonly bytes: 1 | 2 | 4 | 8; readonly value: number } | { readonly to: FlatPart }

const referenceBytes = 4
const vtableHeadBytes = 4
const slotBytes = 2
/** The largest number: what begins at a multiple of it has room for every other. */
const alignment = 8

export function flatBuffer(root: FlatPart): Buffer {
  const writer = new FlatWriter()
  const waiting = [{ from: writer.take(referenceBytes, referenceBytes), part: root }]
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { at, references } = writer.write(next.part)
    writer.put(next.from, referenceBytes, at - next.from)
    waiting.push(...references)
  }
  return writer.finish()
}

type Reference = { readonly from: number; readonly part: FlatPart }
type Written = { readonly at: number; readonly references: readonly Reference[] }

class FlatWriter {
  #bytes = Buffer.alloc(1024)
  #end = 0

  /** Room for `bytes` whose first has a place that is a multiple of `multiple`, `before` bytes in. All zeros. */
  take(bytes: number, multiple: number, before = 0): number {
    const at = padded(this.#end + before, multiple) - before
    this.#end = at + bytes
    while (this.#end > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)])
    return at
  }

  put(at: number, bytes: 1 | 2 | 4 | 8, value: number): void {
    if (bytes === 8) this.#bytes.writeBigInt64LE(BigInt(value), at)
    else this.#bytes.writeUIntLE(value, at, bytes)
  }

  write(part: FlatPart): Written {
    if ('fields' in part) return this.#table(part.fields)
    if ('text' in part) return this.#text(part.text)
    if ('tables' in part) return this.#tables(part.tables)
    return this.#pairs(part.pairs)
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, padded(this.#end, alignment))
  }

  #table(fields: readonly (FlatField | undefined)[]): Written {
    const vtableBytes = vtableHeadBytes + slotBytes * fields.length
    let tableBytes = referenceBytes
    const places = fields.map(field => {
      if (!field) return 0
      const bytes = 'to' in field ? referenceBytes : field.bytes
      const place = padded(tableBytes, bytes)
      tableBytes = place + bytes
      return place
    })
    const vtable = this.take(vtableBytes + tableBytes, alignment, vtableBytes)
    const at = vtable + vtableBytes
    for (const [slot, value] of [vtableBytes, tableBytes, ...places].entries()) {
      this.put(vtable + slot * slotBytes, slotBytes, value)
    }
    this.put(at, referenceBytes, at - vtable)
    const references: Reference[] = []
    fields.forEach((field, number) => {
      const from = at + places[number]!
      if (field && 'to' in field) references.push({ from, part: field.to })
      else if (field) this.put(from, field.bytes, field.value)
    })
    return { at, references }
  }

  #text(text: string): Written {
    const bytes = Buffer.from(text)
    const at = this.#vector(bytes.length, 1, bytes.length + 1)
    bytes.copy(this.#bytes, at + referenceBytes)
    return { at, references: [] }
  }

  #tables(parts: readonly FlatPart[]): Written {
    const at = this.#vector(parts.length, referenceBytes, parts.length * referenceBytes)
    return { at, references: parts.map((part, index) => ({ from: at + referenceBytes * (index + 1), part })) }
  }

  #pairs(pairs: readonly (readonly [number, number])[]): Written {
    const at = this.#vector(pairs.length, alignment, pairs.length * 2 * alignment)
    for (const [index, value] of pairs.flat().entries()) this.put(at + referenceBytes + index * alignment, 8, value)
    return { at, references: [] }
  }

  /** The number of elements, and room for them behind it. */
  #vector(count: number, elementBytes: number, bytes: number): number {
    const multiple = Math.max(elementBytes, referenceBytes)
    const at = this.take(referenceBytes + bytes, multiple, referenceBytes)
    this.put(at, referenceBytes, count)
    return at
  }
}

function padded(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}
