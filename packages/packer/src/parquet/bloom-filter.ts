/**
 * Parquet's split-block bloom filter: blocks of eight 32-bit words; the upper half of a hash chooses the block, the lower half one
 * bit in each of its words (PP6).
 *
 * Source: https://github.com/apache/parquet-format/blob/master/BloomFilter.md
 */
import { encodeStruct, i32, struct } from './thrift.ts'
import type { Hash64 } from './xxhash64.ts'

const blockWords = 8
const blockBytes = blockWords * 4
export const bloomFilterBytesMax = 128 * 1024 * 1024

const salt = Int32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
)

/**
 * Bytes with which `distinct` values give at most the share `fpp` of false positives, by the formula for filters of eight hashes, rounded
 * up to a power of two: readers of the C++ family take no other size.
 */
export function bloomFilterBytes(distinct: number, fpp: number): number {
  const bits = (-8 * Math.max(distinct, 1)) / Math.log(1 - fpp ** (1 / 8))
  const bytes = 2 ** Math.ceil(Math.log2(bits / 8))
  return Math.min(Math.max(bytes, blockBytes), bloomFilterBytesMax)
}

export class BloomFilter {
  readonly bytes: Uint8Array
  readonly #words: Int32Array
  readonly #blocks: number

  constructor(size: number) {
    this.#words = new Int32Array(size / 4)
    this.bytes = new Uint8Array(this.#words.buffer)
    this.#blocks = size / blockBytes
  }

  insert({ high, low }: Hash64): void {
    // Exact in a double: a block is chosen from at most 2^22.
    const block = Math.floor(((high >>> 0) * this.#blocks) / 0x1_0000_0000)
    for (let word = 0; word < blockWords; word++) {
      this.#words[block * blockWords + word]! |= 1 << (Math.imul(low, salt[word]!) >>> 27)
    }
  }

  /** `BloomFilterHeader`: split blocks, XXH64, not compressed. */
  header(): Uint8Array {
    const only = struct({ 1: struct({}) })
    return encodeStruct({ 1: i32(this.bytes.length), 2: only, 3: only, 4: only })
  }
}
