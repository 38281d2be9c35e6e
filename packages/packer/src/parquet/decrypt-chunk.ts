/** Brings the pages and the bloom filter of one column chunk into the plain file, and says where they went (PP10). */
import { crc32 } from 'node:zlib'
import { packerErrors } from '../errors.ts'
import type { PagePlace, Place } from './file-modules.ts'
import { pageTypes } from './file-modules.ts'
import { type ModuleType, moduleTypes, type Ordinals } from './module-cipher.ts'
import { type ModuleReader, moduleName } from './module-reader.ts'
import type { PulledOutput } from './pulled-output.ts'
import { encodeStruct, i32 } from './thrift.ts'
import { readStruct, type ThriftStruct } from './thrift-reader.ts'

/** Numbers of `PageType`. */
const dataPageV2 = 3
const dataPageTypes: readonly number[] = [pageTypes.data.type, dataPageV2]

/** A data page with its header, where it was and where it is. */
export type MovedPage = PagePlace & { readonly from: number; readonly fromLength: number }

export type PlainChunk = {
  readonly metadata: ThriftStruct
  readonly dictionaryPage: PagePlace | undefined
  readonly dataPages: readonly MovedPage[]
  readonly bloomFilter: Place | undefined
  /** Where its first page is, or would be. */
  readonly offset: number
}

export class ChunkDecryptor {
  readonly #modules: ModuleReader
  readonly #output: PulledOutput
  /** Behind the last byte that modules may have. */
  readonly #end: number

  constructor(modules: ModuleReader, output: PulledOutput, end: number) {
    this.#modules = modules
    this.#output = output
    this.#end = end
  }

  /** Yields pieces of the plain file as they fill. */
  *decrypt(metadata: ThriftStruct, ordinals: Ordinals): Generator<Uint8Array, PlainChunk> {
    const offset = this.#output.position
    const dictionaryAt = metadata.has(11) ? metadata.count(11) : 0
    const hasDictionary = dictionaryAt > 0
    const end = (hasDictionary ? dictionaryAt : metadata.count(9)) + metadata.count(7)
    if (end > this.#end) {
      damaged(`column chunk, row group ${ordinals[0]}, column ${ordinals[1]}`, 'it goes beyond the end of the file')
    }
    const dictionaryPage = hasDictionary ? this.#movePage(dictionaryAt, end, pageTypes.dictionary, ordinals) : undefined
    const dataPages: MovedPage[] = []
    let at = dictionaryPage ? dictionaryPage.from + dictionaryPage.fromLength : metadata.count(9)
    while (at < end) {
      const page = this.#movePage(at, end, pageTypes.data, [...ordinals, dataPages.length])
      dataPages.push(page)
      at += page.fromLength
      yield* this.#output.taken()
    }
    const bloomFilter = this.#moveBloomFilter(metadata, ordinals)
    yield* this.#output.taken()
    return { metadata, dictionaryPage, dataPages, bloomFilter, offset }
  }

  /** A checksum is one of the bytes in the file, so it becomes that of the plain page. */
  #movePage(at: number, end: number, { headerModule, module }: Modules, ordinals: Ordinals): MovedPage {
    const sealed = this.#modules.read(at, end, headerModule, ordinals)
    const part = moduleName(headerModule, ordinals)
    const header = readStruct(sealed.bytes, part).struct
    const type = header.count(1)
    const isKnown =
      module === moduleTypes.dictionaryPage ? type === pageTypes.dictionary.type : dataPageTypes.includes(type)
    if (!isKnown) unsupported(part, `a page of type ${type}`)
    const bodyEnd = sealed.end + header.count(3)
    // Parquet's Java library leaves the levels of these in plain, where nothing tells whether they were changed.
    if (type === dataPageV2 && this.#modules.endOf(sealed.end, part) !== bodyEnd) {
      unsupported(part, 'a version 2 page whose levels are not encrypted')
    }
    if (bodyEnd > end) damaged(part, 'its page goes beyond its place')
    const body = this.#modules.read(sealed.end, bodyEnd, module, ordinals)
    if (body.end !== bodyEnd) damaged(part, 'its page has another length than it says')
    const offset = this.#output.position
    const plainHeader = encodeStruct({
      ...header.fields,
      3: i32(body.bytes.length),
      4: header.has(4) ? i32(crc32(body.bytes) | 0) : undefined,
    })
    this.#output.write(plainHeader)
    this.#output.write(body.bytes)
    const length = this.#output.position - offset
    const uncompressedBytes = plainHeader.length + header.count(2)
    return { offset, length, uncompressedBytes, from: at, fromLength: body.end - at }
  }

  #moveBloomFilter(metadata: ThriftStruct, ordinals: Ordinals): Place | undefined {
    if (!metadata.has(14)) return undefined
    const header = this.#modules.read(metadata.count(14), this.#end, moduleTypes.bloomFilterHeader, ordinals)
    const bits = this.#modules.read(header.end, this.#end, moduleTypes.bloomFilterBitset, ordinals)
    const part = moduleName(moduleTypes.bloomFilterHeader, ordinals)
    if (readStruct(header.bytes, part).struct.count(1) !== bits.bytes.length) {
      damaged(part, 'the filter has another size than it says')
    }
    const offset = this.#output.position
    this.#output.write(header.bytes)
    this.#output.write(bits.bytes)
    return { offset, length: this.#output.position - offset }
  }
}

type Modules = { readonly headerModule: ModuleType; readonly module: ModuleType }

/** What the footer says of the sizes of a chunk's pages, headers included. */
export function chunkSizes({ dictionaryPage, dataPages }: PlainChunk): { compressed: number; uncompressed: number } {
  const sizes = { compressed: dictionaryPage?.length ?? 0, uncompressed: dictionaryPage?.uncompressedBytes ?? 0 }
  for (const page of dataPages) {
    sizes.compressed += page.length
    sizes.uncompressed += page.uncompressedBytes
  }
  return sizes
}

function damaged(part: string, reason: string): never {
  throw packerErrors.create('packer.parquet-damaged', { part, reason })
}

function unsupported(part: string, found: string): never {
  throw packerErrors.create('packer.parquet-unsupported', { part, found })
}
