import { assert } from '@chronicle/base'
import type { Hash, TileTree, TreeState } from '@chronicle/vault'
import { chunksAheadMax } from './limits.ts'

/** What the tree and the session's totals need to know of a stored chunk. */
export type ChunkFacts = { readonly leafData: Hash; readonly plainBytes: number; readonly storedBytes: number }

export type Totals = { readonly chunks: number; readonly plainBytes: number; readonly storedBytes: number }

/** Missing chunks, both ends included. */
export type MissingRange = { readonly from: number; readonly to: number }

/**
 * The chunks of a session that are known to be stored: those of the run from 0 on are leaves of the tree, in the order of their indices, those beyond a gap
 * wait until it closes (SE2). Nothing is learned here that is not durable.
 */
export class Leaves {
  readonly tree: TileTree
  /** Beyond a gap, or come while tiles were being written. */
  readonly #waiting = new Map<number, ChunkFacts>()
  #covered: Totals
  #totals: Totals
  #isFlushing = false

  /** `covered`: the totals of what the tree has. */
  constructor(tree: TileTree, covered: Totals) {
    assert(covered.chunks === tree.size, 'totals are those of the tree')
    this.tree = tree
    this.#covered = covered
    this.#totals = covered
  }

  /** Of all chunks that are stored. */
  get totals(): Totals {
    return this.#totals
  }

  get size(): number {
    return this.tree.size
  }

  get unflushed(): number {
    return this.tree.size - this.tree.flushedSize
  }

  knows(index: number): boolean {
    return index < this.tree.size || this.#waiting.has(index)
  }

  /** SE3: how far ahead of the first missing chunk others may be is limited, and with it what waits. */
  isTooFarAhead(index: number): boolean {
    return index >= this.tree.size + chunksAheadMax
  }

  /** A chunk is stored. Learning it again changes nothing. */
  learn(index: number, facts: ChunkFacts): void {
    if (this.knows(index)) return
    this.#waiting.set(index, facts)
    this.#totals = sum(this.#totals, facts)
    this.#grow()
  }

  #grow(): void {
    if (this.#isFlushing) return
    const leaves: Hash[] = []
    for (let index = this.tree.size; ; index++) {
      const facts = this.#waiting.get(index)
      if (!facts) break
      this.#waiting.delete(index)
      this.#covered = sum(this.#covered, facts)
      leaves.push(facts.leafData)
    }
    if (leaves.length > 0) this.tree.append(leaves)
  }

  /** Makes the tiles durable. The tree stands still meanwhile, so that its state and its totals belong together. */
  async flush(): Promise<{ tree: TreeState; covered: Totals }> {
    assert(!this.#isFlushing, 'one flush at a time')
    this.#isFlushing = true
    try {
      return { tree: await this.tree.flush(), covered: this.#covered }
    } finally {
      this.#isFlushing = false
      this.#grow()
    }
  }

  /** The gaps before the last chunk that is known, at most `rangesMax` of them. */
  missing(rangesMax: number): MissingRange[] {
    const ranges: MissingRange[] = []
    let from = this.tree.size
    for (const index of [...this.#waiting.keys()].sort((left, right) => left - right)) {
      if (ranges.length === rangesMax) break
      if (index > from) ranges.push({ from, to: index - 1 })
      from = index + 1
    }
    return ranges
  }
}

function sum(totals: Totals, { plainBytes, storedBytes }: ChunkFacts): Totals {
  return {
    chunks: totals.chunks + 1,
    plainBytes: totals.plainBytes + plainBytes,
    storedBytes: totals.storedBytes + storedBytes,
  }
}
