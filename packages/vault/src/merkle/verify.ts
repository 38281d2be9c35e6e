/**
 * Verification of proofs (RFC 9162, sections 2.1.3.2 and 2.1.4.2; the trees are those of RFC 6962). Total functions: what they are given
 * may come from anyone, and whatever is wrong with it, the answer is false after at most `proofHashesMax` steps (VM2).
 */
import type { Hash } from './contract.ts'
import { emptyRoot, isHash, nodeHash, sameHash } from './hash.ts'
import { half, isOdd, isSize, levelsMax } from './shape.ts'

/** No proof in a tree of less than 2^53 leaves is longer: one hash a level, and one for the start of a consistency proof. */
export const proofHashesMax = levelsMax + 1

export type InclusionClaim = {
  readonly index: number
  readonly size: number
  readonly leafHash: Hash
  readonly proof: readonly Hash[]
  readonly root: Hash
}

/** Whether the leaf stands at `index` of the tree of `size` leaves with this root. */
export function verifyInclusion(claim: InclusionClaim): boolean {
  const { index, size, leafHash, proof, root } = claim ?? {}
  if (!isSize(index) || !isSize(size) || index >= size) return false
  if (!isHash(leafHash) || !isHash(root) || !isProof(proof)) return false
  const place = new Place(index, size - 1)
  let hash = leafHash
  for (const sibling of proof) {
    if (place.isRoot) return false
    hash = place.ascend() === 'from the right' ? nodeHash(sibling, hash) : nodeHash(hash, sibling)
  }
  return place.isRoot && sameHash(hash, root)
}

export type ConsistencyClaim = {
  readonly from: number
  readonly to: number
  readonly fromRoot: Hash
  readonly toRoot: Hash
  readonly proof: readonly Hash[]
}

/**
 * Whether the tree of `from` leaves is the beginning of the tree of `to` leaves. Every tree begins with the empty one: there the proof
 * is empty and `toRoot` is not looked at.
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { from, to, fromRoot, toRoot, proof } = claim ?? {}
  if (!isSize(from) || !isSize(to) || from > to) return false
  if (!isHash(fromRoot) || !isHash(toRoot) || !isProof(proof)) return false
  if (from === to) return proof.length === 0 && sameHash(fromRoot, toRoot) && (from > 0 || sameHash(toRoot, emptyRoot))
  if (from === 0) return proof.length === 0 && sameHash(fromRoot, emptyRoot)
  return verifyGrowth(from, to, fromRoot, toRoot, proof)
}

/** Both roots follow from one proof: where a hash stands on the left it belongs to both trees, on the right only to the larger. */
function verifyGrowth(from: number, to: number, fromRoot: Hash, toRoot: Hash, proof: readonly Hash[]): boolean {
  const place = new Place(from - 1, to - 1)
  place.skipWhileRight()
  // A perfect old tree is itself the start, and then the proof leaves it out.
  const perfect = place.isFirst
  const start = perfect ? fromRoot : proof[0]
  if (start === undefined) return false
  let fromHash = start
  let toHash = start
  for (const sibling of perfect ? proof : proof.slice(1)) {
    if (place.isRoot) return false
    if (place.ascend() === 'from the right') {
      fromHash = nodeHash(sibling, fromHash)
      toHash = nodeHash(sibling, toHash)
    } else {
      toHash = nodeHash(toHash, sibling)
    }
  }
  return place.isRoot && sameHash(fromHash, fromRoot) && sameHash(toHash, toRoot)
}

function isProof(value: unknown): value is readonly Hash[] {
  if (!Array.isArray(value) || value.length > proofHashesMax) return false
  for (let at = 0; at < value.length; at++) if (!isHash(value[at])) return false
  return true
}

/** A node on its way up to the root: its index among the nodes of its level, and the index of the last of them (`fn` and `sn` of the RFC). */
class Place {
  #index: number
  #last: number

  constructor(index: number, last: number) {
    this.#index = index
    this.#last = last
  }

  get isFirst(): boolean {
    return this.#index === 0
  }

  get isRoot(): boolean {
    return this.#last === 0
  }

  /** Goes up to the parent, and says which child this was. The last node of a level without a sibling goes up until it has one. */
  ascend(): 'from the left' | 'from the right' {
    const right = isOdd(this.#index) || this.#index === this.#last
    if (right) while (!isOdd(this.#index) && this.#index > 0) this.#up()
    this.#up()
    return right ? 'from the right' : 'from the left'
  }

  skipWhileRight(): void {
    while (isOdd(this.#index)) this.#up()
  }

  #up(): void {
    this.#index = half(this.#index)
    this.#last = half(this.#last)
  }
}
