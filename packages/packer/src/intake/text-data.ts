/** Arrow's three ways to lay out text, as the one that the rest works with. */
import { type Data, DataType } from 'apache-arrow'
import { RecordRefused } from './arrow.ts'
import type { TextColumn } from './contract.ts'
import { layoutFault } from './text.ts'

/** Of one column after its dictionary was resolved: a few bytes could stand for any number. */
export const expandedBytesMax = 256 * 1024 * 1024
const noBytes = new Uint8Array(0)

export function isTextType(type: DataType): boolean {
  if (DataType.isDictionary(type)) return DataType.isUtf8(type.dictionary) || DataType.isLargeUtf8(type.dictionary)
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type)
}

/** A view of the column where it has the layout already. Throws `RecordRefused` where its arrays cannot be (PI1). */
export function textOf(name: string, data: Data): TextColumn {
  const column = DataType.isDictionary(data.type) ? expanded(name, data) : plainText(name, data)
  return checked(name, column, data.length)
}

function plainText(name: string, data: Data): TextColumn {
  const bytes: Uint8Array = data.values ?? noBytes
  const offsets: Int32Array | BigInt64Array = data.valueOffsets ?? new Int32Array(1)
  const validity = validityOf(data)
  if (offsets instanceof Int32Array) return { offsets, bytes, validity }
  if (bytes.length > expandedBytesMax) throw tooLarge(name)
  return { offsets: Int32Array.from(offsets, offset => clamped(offset)), bytes, validity }
}

/** An offset that no Int32 holds lies behind all bytes, which the check of the layout finds. */
function clamped(offset: bigint): number {
  return offset < 0n || offset > 0x7fff_ffffn ? -1 : Number(offset)
}

function expanded(name: string, data: Data): TextColumn {
  const entries = entriesOf(name, data)
  const indices: ArrayLike<number | bigint> = data.values
  if (indices.length < data.length) throw torn(name, 'it has too few indices')
  const validity = validityOf(data)
  const offsets = new Int32Array(data.length + 1)
  const parts: Uint8Array[] = []
  let nulls: Uint8Array | undefined
  for (let row = 0; row < data.length; row++) {
    const isPresent = validity === undefined || ((validity[row >> 3]! >> (row & 7)) & 1) === 1
    const entry = isPresent ? entries[Number(indices[row])] : null
    if (entry === undefined) throw torn(name, `row ${row} names an entry that its dictionary does not have`)
    if (entry === null) nulls = cleared(nulls ?? allPresent(data.length), row)
    else parts.push(entry)
    offsets[row + 1] = offsets[row]! + (entry?.length ?? 0)
    if (offsets[row + 1]! > expandedBytesMax) throw tooLarge(name)
  }
  return { offsets, bytes: Buffer.concat(parts), validity: nulls }
}

/** The values of a dictionary, null where they are. */
function entriesOf(name: string, data: Data): (Uint8Array | null)[] {
  return (data.dictionary?.data ?? []).flatMap((part: Data) => {
    const column = checked(name, plainText(name, part), part.length)
    return Array.from({ length: part.length }, (_, row) => {
      const isPresent = column.validity === undefined || ((column.validity[row >> 3]! >> (row & 7)) & 1) === 1
      return isPresent ? column.bytes.subarray(column.offsets[row]!, column.offsets[row + 1]!) : null
    })
  })
}

export function validityOf(data: Data): Uint8Array | undefined {
  return data.nullCount > 0 ? data.nullBitmap : undefined
}

function allPresent(rows: number): Uint8Array {
  return new Uint8Array(Math.ceil(rows / 8)).fill(0xff)
}

function cleared(bitmap: Uint8Array, row: number): Uint8Array {
  bitmap[row >> 3]! &= ~(1 << (row & 7))
  return bitmap
}

function checked(name: string, column: TextColumn, rows: number): TextColumn {
  const fault = layoutFault(column, rows)
  if (fault) throw torn(name, fault)
  return column
}

export function torn(name: string, fault: string): RecordRefused {
  return new RecordRefused('torn-record', `the column ${name} contradicts itself: ${fault}`)
}

function tooLarge(name: string): RecordRefused {
  return new RecordRefused('too-large', `the column ${name} holds more than ${expandedBytesMax} bytes`)
}
