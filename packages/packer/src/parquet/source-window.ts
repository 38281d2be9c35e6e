/** Reads a file through one piece of memory: parts that follow each other cost one read for many. */
import { packerErrors } from '../errors.ts'
import type { ParquetSource } from './decrypt-contract.ts'

const windowBytes = 256 * 1024

export class SourceWindow {
  readonly size: number
  readonly #source: ParquetSource
  #bytes: Buffer = Buffer.alloc(0)
  /** Where in the file the window begins. */
  #at = 0

  constructor(source: ParquetSource) {
    this.#source = source
    this.size = source.size
  }

  /** A view that holds until the next call. Throws `packer.parquet-damaged`, which calls what was wanted `part`. */
  view(at: number, length: number, part: string): Buffer {
    if (at < this.#at || at + length > this.#at + this.#bytes.length) this.#move(at, length)
    const from = at - this.#at
    if (from + length > this.#bytes.length) {
      throw packerErrors.create('packer.parquet-damaged', { part, at, reason: 'the file ends before it does' })
    }
    return this.#bytes.subarray(from, from + length)
  }

  /** Little-endian. */
  uint32(at: number, part: string): number {
    return this.view(at, 4, part).readUInt32LE()
  }

  #move(at: number, length: number): void {
    const wanted = Math.max(0, Math.min(Math.max(length, windowBytes), this.size - at))
    const read = this.#source.read(at, wanted)
    this.#bytes = Buffer.from(read.buffer, read.byteOffset, Math.min(read.length, wanted))
    this.#at = at
  }
}
