/**
 * Makes the plain file of one that has the format's modular encryption: AES_GCM_V1 with keys of 128, 192 and 256 bits, an encrypted
 * footer, and all columns under its key. The plain file is laid out as `writer.ts` does it, whatever the order in the encrypted one was,
 * and says what that said but for places, sizes, checksums, and how it was encrypted.
 *
 * Every module is opened for the place that the footer gives it, or the file is refused (PP10). Memory holds the footer, the places of the pages, the column indexes, and one module.
 *
 * Source: https://github.com/apache/parquet-format/blob/master/Encryption.md
 */
import { packerErrors } from '../errors.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { ChunkDecryptor, chunkSizes, type PlainChunk } from './decrypt-chunk.ts'
import type { ParquetDecryption, ParquetSource } from './decrypt-contract.ts'
import { openParquet } from './encrypted-file.ts'
import type { Place } from './file-modules.ts'
import { moduleTypes, type Ordinals } from './module-cipher.ts'
import { type ModuleReader, moduleName } from './module-reader.ts'
import { PulledOutput } from './pulled-output.ts'
import { encodeStruct, i32, i64, list, struct, type Thrift } from './thrift.ts'
import { readStruct, type ThriftStruct } from './thrift-reader.ts'

const magic = Buffer.from('PAR1')

/**
 * The plain file, piece by piece, as they are pulled; each piece is memory of its own. It is whole, and to be believed, only once the last one
 * came. Throws `packer.parquet-damaged`, `packer.parquet-unsupported`, `packer.parquet-option`.
 */
export function decryptParquet(source: ParquetSource, decryption: ParquetDecryption): Generator<Uint8Array, void> {
  return new FileDecryptor(source, decryption).pieces()
}

type Chunk = PlainChunk & { readonly chunk: ThriftStruct; readonly ordinals: Ordinals }
type IndexedChunk = Chunk & { readonly columnIndex: Place | undefined; readonly offsetIndex: Place | undefined }

class FileDecryptor {
  readonly #footer: ThriftStruct
  readonly #modules: ModuleReader
  readonly #end: number
  readonly #output = new PulledOutput()
  readonly #chunks: ChunkDecryptor

  constructor(source: ParquetSource, decryption: ParquetDecryption) {
    const { modules, footer, modulesEnd } = openParquet(source, decryption)
    this.#footer = footer
    this.#modules = modules
    this.#end = modulesEnd
    this.#chunks = new ChunkDecryptor(modules, this.#output, modulesEnd)
  }

  *pieces(): Generator<Uint8Array, void> {
    this.#output.write(magic)
    const groups: Chunk[][] = []
    for (const [rowGroup, group] of this.#footer.structs(4).entries()) {
      const chunks: Chunk[] = []
      for (const [column, chunk] of group.structs(1).entries()) {
        chunks.push(yield* this.#decryptChunk(chunk, [rowGroup, column]))
      }
      groups.push(chunks)
    }
    this.#writeFooter(yield* this.#moveIndexes(groups))
    yield* this.#output.end()
  }

  *#decryptChunk(chunk: ThriftStruct, ordinals: Ordinals): Generator<Uint8Array, Chunk> {
    const refuse = (found: string) => {
      const part = `row group ${ordinals[0]}, column ${ordinals[1]}`
      throw packerErrors.create('packer.parquet-unsupported', { part, found })
    }
    if (!chunk.has(8)) refuse('a column that is not encrypted')
    if (!chunk.struct(8).has(1)) refuse('a column with a key of its own')
    if (chunk.has(1)) refuse('a column in another file')
    return { ...(yield* this.#chunks.decrypt(chunk.struct(3), ordinals)), chunk, ordinals }
  }

  /** All column indexes, then all offset indexes. */
  *#moveIndexes(groups: readonly (readonly Chunk[])[]): Generator<Uint8Array, IndexedChunk[][]> {
    const columnIndexes = groups.map(group => group.map(chunk => this.#columnIndex(chunk)))
    yield* this.#output.taken()
    return groups.map((group, rowGroup) =>
      group.map((chunk, column) => {
        return { ...chunk, columnIndex: columnIndexes[rowGroup]![column], offsetIndex: this.#offsetIndex(chunk) }
      }),
    )
  }

  #columnIndex({ chunk, ordinals }: Chunk): Place | undefined {
    if (!chunk.has(6)) return undefined
    return this.#write(this.#modules.read(chunk.count(6), this.#end, moduleTypes.columnIndex, ordinals).bytes)
  }

  #offsetIndex({ chunk, dataPages, ordinals }: Chunk): Place | undefined {
    if (!chunk.has(4)) return undefined
    const { bytes } = this.#modules.read(chunk.count(4), this.#end, moduleTypes.offsetIndex, ordinals)
    const part = moduleName(moduleTypes.offsetIndex, ordinals)
    const index = readStruct(bytes, part).struct
    const locations = index.structs(1)
    const isOfPages = locations.every((location, at) => location.count(1) === dataPages[at]?.from)
    if (!isOfPages || locations.length !== dataPages.length) {
      throw packerErrors.create('packer.parquet-damaged', { part, reason: 'it names other pages than there are' })
    }
    const moved = locations.map((location, at) => {
      const { offset, length } = dataPages[at]!
      return struct({ ...location.fields, 1: i64(offset), 2: i32(length) })
    })
    return this.#write(encodeStruct({ ...index.fields, 1: list(moved) }))
  }

  #writeFooter(groups: readonly (readonly IndexedChunk[])[]): void {
    const rowGroups = this.#footer.structs(4).map((group, at) => plainRowGroup(group, groups[at]!))
    const { length } = this.#write(
      encodeStruct({ ...this.#footer.fields, 4: list(rowGroups), 8: undefined, 9: undefined }),
    )
    const end = new ByteBuffer()
    end.uint32(length)
    end.append(magic)
    this.#output.write(end.view())
  }

  #write(bytes: Uint8Array): Place {
    const offset = this.#output.position
    this.#output.write(bytes)
    return { offset, length: bytes.length }
  }
}

function plainRowGroup(group: ThriftStruct, chunks: readonly IndexedChunk[]): Thrift {
  const sizes = chunks.map(chunkSizes)
  return struct({
    ...group.fields,
    1: list(chunks.map(plainChunk)),
    2: i64(sizes.reduce((sum, size) => sum + size.uncompressed, 0)),
    5: group.has(5) && chunks[0] ? i64(chunks[0].offset) : undefined,
    6: group.has(6) ? i64(sizes.reduce((sum, size) => sum + size.compressed, 0)) : undefined,
  })
}

function plainChunk(chunk: IndexedChunk): Thrift {
  const { columnIndex, offsetIndex } = chunk
  return struct({
    ...chunk.chunk.fields,
    // Where a copy of the metadata would be, if there were one outside of the footer.
    2: i64(0),
    3: plainMetadata(chunk),
    4: offsetIndex && i64(offsetIndex.offset),
    5: offsetIndex && i32(offsetIndex.length),
    6: columnIndex && i64(columnIndex.offset),
    7: columnIndex && i32(columnIndex.length),
    8: undefined,
    9: undefined,
  })
}

function plainMetadata(chunk: PlainChunk): Thrift {
  const { metadata, dictionaryPage, dataPages, bloomFilter } = chunk
  const sizes = chunkSizes(chunk)
  return struct({
    ...metadata.fields,
    6: i64(sizes.uncompressed),
    7: i64(sizes.compressed),
    9: i64(dataPages[0]?.offset ?? chunk.offset),
    10: undefined,
    11: dictionaryPage && i64(dictionaryPage.offset),
    14: bloomFilter && i64(bloomFilter.offset),
    15: bloomFilter && i32(bloomFilter.length),
  })
}
