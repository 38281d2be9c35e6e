/** Puts the parts of a file where they belong and says where that is (PP5); seals them one by one where the file is encrypted. */
import { crc32 } from 'node:zlib'
import type { Compress } from './codecs.ts'
import type { ParquetEncryption } from './contract.ts'
import { FileOutput } from './file-output.ts'
import { ModuleCipher, type ModuleType, moduleTypes, type Ordinals } from './module-cipher.ts'
import { encodeStruct, i32, type ThriftFields } from './thrift.ts'

/** Where a part of the file is, with all that stands in front of it. */
export type Place = { readonly offset: number; readonly length: number }

/** A page that was written. `uncompressedBytes` has its header in it, as the format wants it. */
export type PagePlace = Place & { readonly uncompressedBytes: number }

/** A page before it is compressed; `header` is the part of `PageHeader` that is its type's own. */
export type Page = {
  readonly body: Uint8Array
  readonly type: number
  readonly header: ThriftFields
  readonly module: ModuleType
  readonly headerModule: ModuleType
  readonly ordinals: Ordinals
}

export class FileModules {
  readonly output: FileOutput
  readonly #cipher: ModuleCipher | undefined

  constructor(sink: (piece: Uint8Array) => void, encryption: ParquetEncryption | undefined) {
    this.output = new FileOutput(sink)
    this.#cipher = encryption && new ModuleCipher(encryption)
  }

  /** Writes one module by itself: an index, a part of a bloom filter, the footer. */
  write(bytes: Uint8Array, type: ModuleType, ordinals: Ordinals): Place {
    const offset = this.output.position
    this.output.write(this.#seal(bytes, type, ordinals))
    return { offset, length: this.output.position - offset }
  }

  /** Writes a page and its header. The checksum is that of the bytes in the file: what is compressed and sealed. */
  writePage(page: Page, compress: Compress): PagePlace {
    const body = this.#seal(compress(page.body), page.module, page.ordinals)
    const header = encodeStruct({
      1: i32(page.type),
      2: i32(page.body.length),
      3: i32(body.length),
      4: i32(crc32(body) | 0),
      ...page.header,
    })
    const { offset, length } = this.write(header, page.headerModule, page.ordinals)
    this.output.write(body)
    return { offset, length: length + body.length, uncompressedBytes: length + page.body.length }
  }

  #seal(bytes: Uint8Array, type: ModuleType, ordinals: Ordinals): Uint8Array {
    return this.#cipher ? this.#cipher.seal(bytes, type, ordinals) : bytes
  }
}

/** Numbers of `PageType`, and the modules that pages of the type are. */
export const pageTypes = {
  data: { type: 0, module: moduleTypes.dataPage, headerModule: moduleTypes.dataPageHeader },
  dictionary: { type: 2, module: moduleTypes.dictionaryPage, headerModule: moduleTypes.dictionaryPageHeader },
} as const
