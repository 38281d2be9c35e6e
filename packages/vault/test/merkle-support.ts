import { createHash } from 'node:crypto'
import type { Hash, HashReader, TileStorage } from '../src/merkle/contract.ts'

export { flipBit, refusal, someHash } from './notes-support.ts'

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

function sha256(...parts: Uint8Array[]): Hash {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

const leafPrefix = Uint8Array.of(0)
const nodePrefix = Uint8Array.of(1)

/** Leaf data number `index`, always the same. */
export function leaf(index: number): Uint8Array {
  return sha256(Buffer.from(`leaf ${index}`))
}

export function leaves(start: number, end: number): Uint8Array[] {
  return Array.from({ length: end - start }, (_, at) => leaf(start + at))
}

/** The definitions of RFC 6962, section 2.1, word for word and by recursion: slow, and independent of what is tested. */
export class Rfc6962 implements HashReader {
  readonly data: readonly Uint8Array[]
  readonly #roots = new Map<string, Hash>()

  constructor(data: readonly Uint8Array[]) {
    this.data = data
  }

  /** MTH(D[start:end]). */
  mth(start: number, end: number): Hash {
    const name = `${start}:${end}`
    const known = this.#roots.get(name)
    if (known) return known
    const root = this.#compute(start, end)
    this.#roots.set(name, root)
    return root
  }

  #compute(start: number, end: number): Hash {
    if (end === start) return sha256()
    if (end - start === 1) return sha256(leafPrefix, this.data[start]!)
    const middle = start + largestPowerBelow(end - start)
    return sha256(nodePrefix, this.mth(start, middle), this.mth(middle, end))
  }

  /** PATH(m, D[start:end]), m counted from the start. */
  path(m: number, end: number, start = 0): Hash[] {
    if (end - start === 1) return []
    const k = largestPowerBelow(end - start)
    if (m < k) return [...this.path(m, start + k, start), this.mth(start + k, end)]
    return [...this.path(m - k, end, start + k), this.mth(start, start + k)]
  }

  /** PROOF(m, D[0:end]). */
  proof(m: number, end: number): Hash[] {
    return this.#subproof(m, 0, end, true)
  }

  #subproof(m: number, start: number, end: number, whole: boolean): Hash[] {
    if (m === end - start) return whole ? [] : [this.mth(start, end)]
    const k = largestPowerBelow(end - start)
    if (m <= k) return [...this.#subproof(m, start, start + k, whole), this.mth(start + k, end)]
    return [...this.#subproof(m - k, start + k, end, false), this.mth(start, start + k)]
  }

  async hash(level: number, index: number): Promise<Hash> {
    return this.mth(index * 2 ** level, (index + 1) * 2 ** level)
  }
}

function largestPowerBelow(n: number): number {
  return n <= 2 ? 1 : 2 * largestPowerBelow(Math.ceil(n / 2))
}

/** On which side of its sibling each node from the leaf up stands: what a proof depends on besides hashes. */
export function sides(index: number, size: number): string {
  if (size === 1) return ''
  const k = largestPowerBelow(size)
  return index < k ? `${sides(index, k)}l` : `${sides(index - k, size - k)}r`
}

/** A huge tree in which all leaves are the same but for one. */
export class OddOneOut implements HashReader {
  readonly #same: Hash[]
  readonly #odd: Hash[]
  readonly #oddIndex: number

  constructor(oddIndex: number) {
    this.#oddIndex = oddIndex
    this.#same = [sha256(leafPrefix, leaf(0))]
    this.#odd = [sha256(leafPrefix, leaf(1))]
    for (let level = 0; level < 53; level++) {
      const same = this.#same[level]!
      const pair = Math.floor(oddIndex / 2 ** level) % 2 === 0 ? [this.#odd[level]!, same] : [same, this.#odd[level]!]
      this.#same.push(sha256(nodePrefix, same, same))
      this.#odd.push(sha256(nodePrefix, ...pair))
    }
  }

  async hash(level: number, index: number): Promise<Hash> {
    return (Math.floor(this.#oddIndex / 2 ** level) === index ? this.#odd : this.#same)[level]!
  }
}

/** Tiles in memory. Refuses to change one (VM5), counts what it is asked for, and fails where it is told to. */
export class MemoryStorage implements TileStorage {
  readonly files: Map<string, Uint8Array>
  readonly reads: string[] = []
  /** Writes and removals that were begun, in their order. */
  readonly changes: { path: string; bytes?: Uint8Array }[] = []
  /** The change with this number, from 0 on, fails. */
  failAt: number | undefined

  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    this.files = new Map(files)
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    this.reads.push(path)
    const bytes = this.files.get(path)
    // As files are read: a Buffer, whose slices share its memory.
    return bytes && Buffer.from(bytes)
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    this.#fault()
    const before = this.files.get(path)
    if (before && hex(before) !== hex(bytes)) throw new Error(`${path} was changed`)
    this.changes.push({ path, bytes })
    this.files.set(path, bytes)
  }

  async remove(path: string): Promise<void> {
    this.#fault()
    this.changes.push({ path })
    this.files.delete(path)
  }

  #fault(): void {
    if (this.changes.length === this.failAt) {
      this.failAt = undefined
      throw new Error('the disk failed')
    }
  }
}
