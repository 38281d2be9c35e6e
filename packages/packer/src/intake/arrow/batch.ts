/**
 * The arrays of a record batch or of a dictionary, by its nodes and buffers (drawn in message.ts). What the metadata says is compared with the
 * bytes of the body before a value is read (PI1, PI3). The arrays are views of the body wherever it has their layout.
 */
import type { TextColumn } from '../contract.ts'
import { notArrow, torn } from '../refused.ts'
import { layoutFault } from '../text.ts'
import type { FlatTable, FlatVector } from './flat-table.ts'
import { bytesPerNumber, int32sOf64, type Numbers, type NumberType, numbersAt, zeroBits } from './numbers.ts'

const batchField = { rows: 0, nodes: 1, buffers: 2, compression: 3 }
const compressionField = { codec: 0 }
const codecs = ['LZ4', 'ZSTD']
const nodeBytes = 16
const bufferBytes = 16
/** What a writer may say that has not counted the nulls. */
const nullsNotCounted = -1
/** For columns without rows, whose writers may leave the one offset out. */
const noOffsets = new Int32Array(1)

/** Whole numbers; `validity` as in a column of text. */
export type IntegerColumn = { readonly values: Numbers; readonly validity?: Uint8Array | undefined }

/** Takes the arrays of a batch one after the other, in the order of its fields. Throws `RecordRefused` where they cannot be. */
export class BatchArrays {
  readonly rows: number
  readonly #body: Uint8Array
  readonly #nodes: FlatVector
  readonly #buffers: FlatVector
  #node = 0
  #buffer = 0

  constructor(header: FlatTable, body: Uint8Array) {
    const compression = header.table(batchField.compression)
    if (compression !== undefined) {
      const codec = codecs[compression.uint8(compressionField.codec)] ?? 'an unknown codec'
      throw notArrow(`a body is compressed with ${codec}, accepted are bodies that are not compressed`)
    }
    this.rows = header.int64(batchField.rows)
    if (this.rows < 0) throw notArrow(`a batch of ${this.rows} rows`)
    this.#body = body
    this.#nodes = header.vector(batchField.nodes, nodeBytes)
    this.#buffers = header.vector(batchField.buffers, bufferBytes)
  }

  /** Text, and binary values, which have the same layout. `isLarge`: their offsets have 64 bits. */
  text(name: string, isLarge: boolean): TextColumn {
    const validity = this.#validity(name)
    const offsets = this.#offsets(name, isLarge)
    const { from, bytes } = this.#nextBuffer(name)
    const column = { offsets, bytes: this.#body.subarray(from, from + bytes), validity }
    const fault = layoutFault(column, this.rows)
    if (fault) throw torn(name, fault)
    return column
  }

  integers(name: string, type: NumberType): IntegerColumn {
    const validity = this.#validity(name)
    return { values: this.#numbers(name, type, this.rows), validity }
  }

  /** Refuses arrays that no field of the schema stands for. */
  end(): void {
    if (this.#node < this.#nodes.count || this.#buffer < this.#buffers.count) {
      throw notArrow('a batch has more arrays than its schema')
    }
  }

  /** A bitmap only where some value is null. */
  #validity(name: string): Uint8Array | undefined {
    const node = this.#node++
    if (node >= this.#nodes.count) throw notArrow('a batch has fewer arrays than its schema')
    const rows = this.#nodes.int64(node, 0)
    if (rows !== this.rows) throw torn(name, `it has ${rows} rows in a batch of ${this.rows}`)
    const nulls = this.#nodes.int64(node, 8)
    const { from, bytes } = this.#nextBuffer(name)
    if (bytes === 0 && (nulls === 0 || nulls === nullsNotCounted)) return undefined
    if (bytes * 8 < rows) throw torn(name, 'its bitmap is too short')
    const bitmap = this.#body.subarray(from, from + Math.ceil(rows / 8))
    const found = zeroBits(bitmap, rows)
    if (nulls !== found && nulls !== nullsNotCounted) {
      throw torn(name, `it has ${found} nulls, and is said to have ${nulls}`)
    }
    return found === 0 ? undefined : bitmap
  }

  #offsets(name: string, isLarge: boolean): Int32Array {
    if (this.rows > 0) {
      const count = this.rows + 1
      return isLarge ? int32sOf64(this.#numbers(name, 'int64', count)) : this.#numbers(name, 'int32', count)
    }
    this.#nextBuffer(name)
    return noOffsets
  }

  #numbers<T extends NumberType>(name: string, type: T, count: number) {
    const { from, bytes } = this.#nextBuffer(name)
    if (bytes < count * bytesPerNumber(type)) throw torn(name, `it has ${bytes} bytes for ${count} numbers of ${type}`)
    return numbersAt(type, this.#body, from, count)
  }

  #nextBuffer(name: string): { readonly from: number; readonly bytes: number } {
    const buffer = this.#buffer++
    if (buffer >= this.#buffers.count) throw notArrow('a batch has fewer arrays than its schema')
    const from = this.#buffers.int64(buffer, 0)
    const bytes = this.#buffers.int64(buffer, 8)
    if (from < 0 || bytes < 0 || from + bytes > this.#body.length)
      throw torn(name, 'it lies outside of the body of its batch')
    return { from, bytes }
  }
}
