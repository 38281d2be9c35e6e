import { vaultErrors } from '../errors.ts'
import type { Hash, TreeState } from './contract.ts'
import { emptyRoot, hashBytes, hashInto, isHash, leftAt, nodeHash, nodeMessage, rightAt } from './hash.ts'
import { checkRange, half, isOdd, peaksOf } from './shape.ts'

/** Told of each perfect subtree as it is completed: its level, and where in `bytes` its 32-byte root stands just now. */
export type SubtreeListener = (level: number, bytes: Uint8Array, at: number) => void

/**
 * A Merkle tree of RFC 6962 that only grows. It keeps the roots of its perfect subtrees and nothing else: O(log n), whatever was appended.
 * `root` costs at most 53 hashes.
 */
export class MerkleTree {
  #size = 0
  /**
   * #nodes[k] is the message of a node over 2^(k+1) leaves. While bit k of the size is set, its left half holds the root of the perfect
   * subtree of 2^k leaves. A digest goes straight into the half of its parent: nothing is copied.
   */
  readonly #nodes: Uint8Array[] = []
  readonly #onSubtree: SubtreeListener | undefined

  /** Throws 'vault.invalid-argument' unless the state is one that `state` could have returned. */
  constructor(state: TreeState = { size: 0, peaks: [] }, onSubtree?: SubtreeListener) {
    checkTreeState(state)
    this.#onSubtree = onSubtree
    this.#size = state.size
    let peak = state.peaks.length
    for (let level = 0, rest = state.size; rest > 0; level++, rest = half(rest)) {
      const node = this.#node(level)
      if (isOdd(rest)) node.set(state.peaks[--peak]!, leftAt)
    }
  }

  get size(): number {
    return this.#size
  }

  append(leafHash: Hash): void {
    if (leafHash.length !== hashBytes) throw notHashes(leafHash.length)
    checkRange('size', this.#size + 1, 1, Number.MAX_SAFE_INTEGER)
    this.#add(leafHash, 0)
  }

  /** Appends leaf hashes that stand one behind the other, 32 bytes each. */
  appendAll(leafHashes: Uint8Array): void {
    if (leafHashes.length % hashBytes !== 0) throw notHashes(leafHashes.length)
    checkRange('size', this.#size + leafHashes.length / hashBytes, 0, Number.MAX_SAFE_INTEGER)
    for (let at = 0; at < leafHashes.length; at += hashBytes) this.#add(leafHashes, at)
  }

  /** VM1: a tree has one root, however it was grown. */
  root(): Hash {
    let root: Hash | undefined
    for (let level = 0, rest = this.#size; rest > 0; level++, rest = half(rest)) {
      if (isOdd(rest)) root = root ? nodeHash(this.#peak(level), root) : this.#peak(level).slice()
    }
    return root ?? emptyRoot.slice()
  }

  /** A copy: it stays as it is when the tree grows. */
  state(): TreeState {
    const peaks: Hash[] = []
    for (let level = 0, rest = this.#size; rest > 0; level++, rest = half(rest)) {
      if (isOdd(rest)) peaks.unshift(this.#peak(level).slice())
    }
    return { size: this.#size, peaks }
  }

  /** Like an increment of a binary number: each carry hashes two subtrees into one of the next level. */
  #add(bytes: Uint8Array, from: number): void {
    let level = 0
    let rest = this.#size
    let node = this.#node(0)
    let at = isOdd(rest) ? rightAt : leftAt
    for (let byte = 0; byte < hashBytes; byte++) node[at + byte] = bytes[from + byte]!
    this.#onSubtree?.(0, node, at)
    while (at === rightAt) {
      level++
      rest = half(rest)
      const parent = this.#node(level)
      at = isOdd(rest) ? rightAt : leftAt
      hashInto(node, parent, at)
      this.#onSubtree?.(level, parent, at)
      node = parent
    }
    this.#size++
  }

  #node(level: number): Uint8Array {
    return (this.#nodes[level] ??= nodeMessage())
  }

  #peak(level: number): Hash {
    return this.#nodes[level]!.subarray(leftAt, rightAt)
  }
}

/** Throws 'vault.invalid-argument' unless there is one peak of 32 bytes for each bit set in the size. */
export function checkTreeState(state: TreeState): void {
  checkRange('size', state.size, 0, Number.MAX_SAFE_INTEGER)
  if (state.peaks.length === peaksOf(state.size) && state.peaks.every(isHash)) return
  throw vaultErrors.create('vault.invalid-argument', {
    argument: 'peaks',
    value: state.peaks.length,
    accepted: `${peaksOf(state.size)} hashes of ${hashBytes} bytes, one for each bit set in the size ${state.size}`,
  })
}

function notHashes(bytes: number): Error {
  return vaultErrors.create('vault.invalid-argument', {
    argument: 'leaf hashes',
    value: `${bytes} bytes`,
    accepted: `${hashBytes} bytes each`,
  })
}
