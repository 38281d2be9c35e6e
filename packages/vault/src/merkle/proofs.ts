/** Proofs of RFC 6962 (sections 2.1.1 and 2.1.2), made from the hashes of perfect subtrees (VM3). */
import type { Hash, HashReader } from './contract.ts'
import { emptyRoot, nodeHash } from './hash.ts'
import { checkRange, type Subtree, splitPoint, subtreesOf } from './shape.ts'

/** Leaves [start, end). */
type Range = readonly [start: number, end: number]

/**
 * The hashes that lead from leaf `index` to the root of the tree of the first `size` leaves, from the leaf up. Throws 'vault.invalid-argument'
 * unless 0 ≤ index < size.
 */
export async function inclusionProof(index: number, size: number, reader: HashReader): Promise<Hash[]> {
  checkRange('size', size, 1, Number.MAX_SAFE_INTEGER)
  checkRange('index', index, 0, size - 1)
  const siblings: Range[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    if (index < middle) {
      siblings.push([middle, end])
      end = middle
    } else {
      siblings.push([start, middle])
      start = middle
    }
  }
  return rootsUpwards(siblings, reader)
}

/**
 * The hashes that show the tree of `from` leaves to be the beginning of the tree of `to` leaves. Empty when one of them is empty or both
 * are the same. Throws 'vault.invalid-argument' unless 0 ≤ from ≤ to.
 */
export async function consistencyProof(from: number, to: number, reader: HashReader): Promise<Hash[]> {
  checkRange('to', to, 0, Number.MAX_SAFE_INTEGER)
  checkRange('from', from, 0, to)
  if (from === 0) return []
  const parts: Range[] = []
  let start = 0
  let end = to
  while (end !== from) {
    const middle = start + splitPoint(end - start)
    if (from <= middle) {
      parts.push([middle, end])
      end = middle
    } else {
      parts.push([start, middle])
      start = middle
    }
  }
  // Where it begins at 0 this is the old tree itself, whose root the verifier has.
  if (start !== 0) parts.push([start, end])
  return rootsUpwards(parts, reader)
}

/** The root of the tree of the first `size` leaves. */
export async function treeRoot(size: number, reader: HashReader): Promise<Hash> {
  checkRange('size', size, 0, Number.MAX_SAFE_INTEGER)
  return size === 0 ? emptyRoot.slice() : rangeRoot([0, size], reader)
}

/** The walks go down from the root; proofs are read from the leaves up. */
function rootsUpwards(ranges: Range[], reader: HashReader): Promise<Hash[]> {
  return Promise.all(ranges.reverse().map(range => rangeRoot(range, reader)))
}

function rangeRoot([start, end]: Range, reader: HashReader): Promise<Hash> {
  const subtrees = subtreesOf(start, end)
  // Nearly every sibling is a perfect subtree: at most one of a proof's is not.
  if (subtrees.length === 1) return reader.hash(subtrees[0]!.level, subtrees[0]!.index)
  return foldedRoot(subtrees, reader)
}

async function foldedRoot(subtrees: readonly Subtree[], reader: HashReader): Promise<Hash> {
  const hashes = await Promise.all(subtrees.map(({ level, index }) => reader.hash(level, index)))
  return hashes.reduceRight((right, left) => nodeHash(left, right))
}
