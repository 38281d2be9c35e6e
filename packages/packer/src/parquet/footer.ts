/** The footer: `FileMetaData`, with everything in it that says where and what the parts of the file are. */
import { codecIds } from './codecs.ts'
import { type ColumnChunk, encodings } from './column-chunk.ts'
import type { ParquetEncryption, ParquetOptions } from './contract.ts'
import { type Place, pageTypes } from './file-modules.ts'
import { physicalTypes, schemaElements } from './schema.ts'
import { binary, bool, encodeStruct, i16, i32, i64, list, string, struct, type Thrift } from './thrift.ts'

/** Readers know writers' defects by this: raise it with what the writer writes. */
const createdBy = 'chronicle version 0.1.0'
const formatVersion = 1

/** A chunk, and where its indexes went. */
export type IndexedChunk = ColumnChunk & {
  readonly columnIndexPlace: Place | undefined
  readonly offsetIndexPlace: Place
}

export type RowGroup<Chunk extends ColumnChunk> = {
  readonly rows: number
  readonly chunks: readonly Chunk[]
  /** Numbers of the columns that the rows are sorted by, ascending. */
  readonly sortedBy: readonly number[]
}

export function fileMetaData(
  options: ParquetOptions,
  rows: number,
  groups: readonly RowGroup<IndexedChunk>[],
): Uint8Array {
  const keyValues = Object.entries(options.keyValues)
  const typeOrder = struct({ 1: struct({}) })
  return encodeStruct({
    1: i32(formatVersion),
    2: list(schemaElements(options.columns)),
    3: i64(rows),
    4: list(groups.map((group, ordinal) => rowGroup(group, ordinal, options.encryption !== undefined))),
    5: list(keyValues.map(([key, value]) => struct({ 1: string(key), 2: string(value) }))),
    6: string(createdBy),
    7: list(options.columns.map(() => typeOrder)),
  })
}

/** `FileCryptoMetaData`, which stands in front of an encrypted footer. */
export function fileCryptoMetaData({ aadFileUnique, keyMetadata }: ParquetEncryption): Uint8Array {
  const aesGcmV1 = struct({ 1: struct({ 2: binary(aadFileUnique) }) })
  return encodeStruct({ 1: aesGcmV1, 2: binary(keyMetadata) })
}

function rowGroup(group: RowGroup<IndexedChunk>, ordinal: number, encrypted: boolean): Thrift {
  const sizes = group.chunks.map(sizesOf)
  const sorting = group.sortedBy.map(column => struct({ 1: i32(column), 2: bool(false), 3: bool(false) }))
  return struct({
    1: list(group.chunks.map(chunk => columnChunk(chunk, encrypted))),
    2: i64(sum(sizes.map(size => size.uncompressed))),
    3: i64(group.rows),
    4: sorting.length > 0 ? list(sorting) : undefined,
    5: i64(firstPageOf(group.chunks[0]!).offset),
    6: i64(sum(sizes.map(size => size.compressed))),
    7: i16(ordinal),
  })
}

function columnChunk(chunk: IndexedChunk, encrypted: boolean): Thrift {
  const withFooterKey = struct({ 1: struct({}) })
  return struct({
    // Where a copy of the metadata would be, if there were one outside of the footer.
    2: i64(0),
    3: columnMetaData(chunk),
    4: i64(chunk.offsetIndexPlace.offset),
    5: i32(chunk.offsetIndexPlace.length),
    6: chunk.columnIndexPlace && i64(chunk.columnIndexPlace.offset),
    7: chunk.columnIndexPlace && i32(chunk.columnIndexPlace.length),
    8: encrypted ? withFooterKey : undefined,
  })
}

function columnMetaData(chunk: ColumnChunk): Thrift {
  const { spec, dictionaryPage, dataPages, bloomFilter } = chunk
  const sizes = sizesOf(chunk)
  const used = dictionaryPage
    ? [encodings.plain, encodings.rle, encodings.rleDictionary]
    : [encodings.plain, encodings.rle]
  return struct({
    1: i32(physicalTypes[spec.type]),
    2: list(used.map(i32)),
    3: list([string(spec.name)]),
    4: i32(codecIds[spec.codec]),
    5: i64(chunk.rows),
    6: i64(sizes.uncompressed),
    7: i64(sizes.compressed),
    9: i64(dataPages[0]!.offset),
    11: dictionaryPage && i64(dictionaryPage.offset),
    12: chunk.statistics,
    13: list(pageEncodings(chunk)),
    14: bloomFilter && i64(bloomFilter.offset),
    15: bloomFilter && i32(bloomFilter.length),
  })
}

/** `PageEncodingStats`: from this a reader knows that a dictionary has all values of a chunk. */
function pageEncodings({ dictionaryPage, dataPages }: ColumnChunk): Thrift[] {
  const data = struct({
    1: i32(pageTypes.data.type),
    2: i32(dictionaryPage ? encodings.rleDictionary : encodings.plain),
    3: i32(dataPages.length),
  })
  const dictionary = struct({ 1: i32(pageTypes.dictionary.type), 2: i32(encodings.plain), 3: i32(1) })
  return dictionaryPage ? [dictionary, data] : [data]
}

function sizesOf({ dictionaryPage, dataPages }: ColumnChunk): { compressed: number; uncompressed: number } {
  const pages = dictionaryPage ? [dictionaryPage, ...dataPages] : dataPages
  return {
    compressed: sum(pages.map(page => page.length)),
    uncompressed: sum(pages.map(page => page.uncompressedBytes)),
  }
}

function firstPageOf({ dictionaryPage, dataPages }: ColumnChunk): Place {
  return dictionaryPage ?? dataPages[0]!
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
