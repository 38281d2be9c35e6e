/**
 * Writes the rows of one column of one row group: dictionary page, data pages, bloom filter (PP1).
 *
 * Data pages are of version 1: every reader has them, and version 2, which leaves the levels uncompressed for nested columns, gains
 * flat ones nothing.
 *
 *     data page, before compression
 *     4      length of the levels, little-endian       in columns that can have nulls
 *     n      definition levels, hybrid of width 1      in columns that can have nulls
 *     1      width of the ids                          with a dictionary
 *     m      ids as a hybrid, or values in PLAIN
 */
import { BloomFilter, bloomFilterBytes } from './bloom-filter.ts'
import { EntryRanges, rangeOf } from './bounds.ts'
import { ByteBuffer, writeUint32 } from './byte-buffer.ts'
import { type Compress, compressorFor } from './codecs.ts'
import type { ColumnBuffer } from './column-buffer.ts'
import type { ColumnSpec } from './contract.ts'
import { type Dictionary, DictionaryBuilder } from './dictionary.ts'
import { type FileModules, type PagePlace, type Place, pageTypes } from './file-modules.ts'
import { writeHybrid } from './hybrid.ts'
import { moduleTypes, type Ordinals } from './module-cipher.ts'
import { cutPages, type PageRange } from './pages.ts'
import { chunkStatistics, columnIndex, type PageStatistics } from './statistics.ts'
import { encodeStruct, i32, i64, list, struct, type Thrift } from './thrift.ts'
import type { Values } from './values/values.ts'

/** Numbers of `Encoding`. */
export const encodings = { plain: 0, rle: 3, rleDictionary: 8 } as const

/** What the footer and the indexes say of a chunk that was written. */
export type ColumnChunk = {
  readonly spec: ColumnSpec
  /** Row group and column. */
  readonly ordinals: Ordinals
  readonly rows: number
  readonly dictionaryPage: PagePlace | undefined
  readonly dataPages: readonly PagePlace[]
  readonly bloomFilter: Place | undefined
  readonly statistics: Thrift | undefined
  readonly columnIndex: Uint8Array | undefined
  readonly offsetIndex: Uint8Array
}

export class ColumnChunkWriter {
  readonly #modules: FileModules
  readonly #column: ColumnBuffer
  readonly #pageBytes: number
  readonly #compress: Compress
  readonly #dictionaries = new DictionaryBuilder()
  /** The page at hand, before compression. */
  readonly #body = new ByteBuffer()

  constructor(modules: FileModules, column: ColumnBuffer, pageBytes: number) {
    this.#modules = modules
    this.#column = column
    this.#pageBytes = pageBytes
    this.#compress = compressorFor(column.spec.codec, column.spec.codecLevel)
  }

  /** Writes what the column's buffer holds; does not clear it. */
  write(ordinals: Ordinals): ColumnChunk {
    const { spec, values, levels, rows } = this.#column
    const dictionary = spec.dictionary && spec.type !== 'boolean' ? this.#dictionaries.build(values) : undefined
    const ranges = cutPages(rows, levels, values, dictionary?.width, this.#pageBytes)
    const dictionaryPage = dictionary && this.#writeDictionaryPage(dictionary, ordinals)
    const dataPages = ranges.map((range, page) => this.#writeDataPage(range, dictionary, [...ordinals, page]))
    const statistics = spec.statistics ? pageStatistics(values, dictionary, ranges) : undefined
    return {
      spec,
      ordinals,
      rows,
      dictionaryPage,
      dataPages,
      bloomFilter:
        spec.bloomFpp === undefined ? undefined : this.#writeBloomFilter(spec.bloomFpp, dictionary, ordinals),
      statistics: statistics && chunkStatistics(this.#column, statistics),
      columnIndex: statistics && columnIndex(this.#column, statistics),
      offsetIndex: offsetIndex(dataPages, ranges),
    }
  }

  #writeDictionaryPage({ size, firsts }: Dictionary, ordinals: Ordinals): PagePlace {
    this.#body.clear()
    for (let id = 0; id < size; id++) this.#column.values.writePlain(this.#body, firsts[id]!, firsts[id]! + 1)
    const header = { 7: struct({ 1: i32(size), 2: i32(encodings.plain) }) }
    const page = { ...pageTypes.dictionary, body: this.#body.view(), header, ordinals }
    return this.#modules.writePage(page, this.#compress)
  }

  #writeDataPage(range: PageRange, dictionary: Dictionary | undefined, ordinals: Ordinals): PagePlace {
    const body = this.#body
    body.clear()
    if (this.#column.levels) writeLevels(body, this.#column.levels, range.rowFrom, range.rowTo)
    if (dictionary) {
      body.byte(dictionary.width)
      writeHybrid(body, dictionary.ids, range.valueFrom, range.valueTo, dictionary.width)
    } else {
      this.#column.values.writePlain(body, range.valueFrom, range.valueTo)
    }
    const header = {
      5: struct({
        1: i32(range.rowTo - range.rowFrom),
        2: i32(dictionary ? encodings.rleDictionary : encodings.plain),
        3: i32(encodings.rle),
        4: i32(encodings.rle),
      }),
    }
    return this.#modules.writePage({ ...pageTypes.data, body: body.view(), header, ordinals }, this.#compress)
  }

  /** Without a dictionary, the number of values stands for that of distinct ones, which it is never below. */
  #writeBloomFilter(fpp: number, dictionary: Dictionary | undefined, ordinals: Ordinals): Place {
    const { values } = this.#column
    const distinct = dictionary?.size ?? values.count
    const filter = new BloomFilter(bloomFilterBytes(distinct, fpp))
    const hash = { high: 0, low: 0 }
    for (let index = 0; index < distinct; index++) {
      values.hash64(dictionary ? dictionary.firsts[index]! : index, hash)
      filter.insert(hash)
    }
    const header = this.#modules.write(filter.header(), moduleTypes.bloomFilterHeader, ordinals)
    const bitset = this.#modules.write(filter.bytes, moduleTypes.bloomFilterBitset, ordinals)
    return { offset: header.offset, length: header.length + bitset.length }
  }
}

/** Definition levels of a flat column: 1 for a value, 0 for a null. */
function writeLevels(body: ByteBuffer, levels: Uint8Array, from: number, to: number): void {
  const lengthAt = body.length
  body.uint32(0)
  writeHybrid(body, levels, from, to, 1)
  writeUint32(body.bytes, lengthAt, body.length - lengthAt - 4)
}

function pageStatistics(
  values: Values,
  dictionary: Dictionary | undefined,
  ranges: readonly PageRange[],
): PageStatistics[] {
  const entries = dictionary && new EntryRanges(values, dictionary)
  return ranges.map(({ rowFrom, rowTo, valueFrom, valueTo }) => ({
    range: entries ? entries.next(valueFrom, valueTo) : rangeOf(values, valueFrom, valueTo),
    nulls: rowTo - rowFrom - (valueTo - valueFrom),
  }))
}

function offsetIndex(pages: readonly PagePlace[], ranges: readonly PageRange[]): Uint8Array {
  const locations = pages.map(({ offset, length }, page) => {
    return struct({ 1: i64(offset), 2: i32(length), 3: i64(ranges[page]!.rowFrom) })
  })
  return encodeStruct({ 1: list(locations) })
}
