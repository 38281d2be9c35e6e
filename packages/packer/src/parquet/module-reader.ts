/** Opens the modules of an encrypted file (drawn in `module-cipher.ts`) where they stand, and none anywhere else (PP10). */
import { createDecipheriv, type KeyObject } from 'node:crypto'
import { packerErrors } from '../errors.ts'
import {
  gcmOf,
  lengthBytes,
  type ModuleType,
  moduleIdentity,
  moduleOverheadBytes,
  moduleTypes,
  nonceBytes,
  type Ordinals,
  ordinalMax,
  tagBytes,
} from './module-cipher.ts'
import type { SourceWindow } from './source-window.ts'

/** Larger than any page or filter that this package writes: what bounds memory. */
export const moduleBytesMax = 256 * 1024 * 1024

/** A module that was opened, and where the next one begins. */
export type OpenModule = { readonly bytes: Buffer; readonly end: number }

export class ModuleReader {
  readonly #window: SourceWindow
  readonly #key: KeyObject
  /** The part of every identity that is the file's own. */
  readonly #file: Uint8Array

  constructor(window: SourceWindow, key: KeyObject, file: Uint8Array) {
    this.#window = window
    this.#key = key
    this.#file = file
  }

  /** The module at `at`, which has to end at `end` or before. Throws `packer.parquet-damaged`. */
  read(at: number, end: number, type: ModuleType, ordinals: Ordinals): OpenModule {
    const part = moduleName(type, ordinals)
    if (ordinals.some(ordinal => ordinal > ordinalMax)) refuse(part, at, 'its number is higher than any can be')
    if (at < 0 || at + moduleOverheadBytes > end) refuse(part, at, 'there is no room for it')
    const length = this.endOf(at, part) - at
    if (length < moduleOverheadBytes || at + length > end) refuse(part, at, 'its length goes beyond its place')
    if (length > moduleBytesMax) {
      throw packerErrors.create('packer.parquet-unsupported', { part, bytes: length, bytesMax: moduleBytesMax })
    }
    return { bytes: this.#open(this.#window.view(at, length, part), type, ordinals, at), end: at + length }
  }

  /** Where the module at `at` says that it ends, which may be beyond the file. */
  endOf(at: number, part: string): number {
    return at + lengthBytes + this.#window.uint32(at, part)
  }

  #open(module: Uint8Array, type: ModuleType, ordinals: Ordinals, at: number): Buffer {
    const nonce = module.subarray(lengthBytes, lengthBytes + nonceBytes)
    const tagAt = module.length - tagBytes
    const decipher = createDecipheriv(gcmOf(this.#key), this.#key, nonce, { authTagLength: tagBytes })
    decipher.setAAD(moduleIdentity(this.#file, type, ordinals))
    decipher.setAuthTag(module.subarray(tagAt))
    const bytes = decipher.update(module.subarray(lengthBytes + nonceBytes, tagAt))
    try {
      decipher.final()
    } catch (error) {
      const reason =
        type === moduleTypes.footer ? 'the key is another one, or it was changed' : 'it was changed, or moved'
      refuse(moduleName(type, ordinals), at, reason, error)
    }
    return bytes
  }
}

const names = {
  [moduleTypes.footer]: 'footer',
  [moduleTypes.dataPage]: 'data page',
  [moduleTypes.dictionaryPage]: 'dictionary page',
  [moduleTypes.dataPageHeader]: 'header of the data page',
  [moduleTypes.dictionaryPageHeader]: 'header of the dictionary page',
  [moduleTypes.columnIndex]: 'column index',
  [moduleTypes.offsetIndex]: 'offset index',
  [moduleTypes.bloomFilterHeader]: 'header of the bloom filter',
  [moduleTypes.bloomFilterBitset]: 'bits of the bloom filter',
} as const satisfies Record<ModuleType, string>

/** How errors call a module: all are numbered from 0. */
export function moduleName(type: ModuleType, [rowGroup, column, page]: Ordinals): string {
  const place = rowGroup === undefined ? '' : `, row group ${rowGroup}, column ${column}`
  return `${names[type]}${place}${page === undefined ? '' : `, page ${page}`}`
}

function refuse(part: string, at: number, reason: string, cause?: unknown): never {
  throw packerErrors.create('packer.parquet-damaged', { part, at, reason }, cause)
}
