/**
 * The shape of a tree of RFC 6962, which its size alone decides. Sizes reach 2^53 − 1, where shifts of 32 bits would go wrong: halves are
 * taken by division.
 */
import { vaultErrors } from '../errors.ts'

/** Levels that perfect subtrees can have: 2^52 is the largest power of two in a size. */
export const levelsMax = 53

/** The root of 2^level leaves from index × 2^level on. */
export type Subtree = { readonly level: number; readonly index: number }

/** Total: whatever it is given. */
export function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

export function isOdd(count: number): boolean {
  return count % 2 === 1
}

export function half(count: number): number {
  return Math.floor(count / 2)
}

/** Where RFC 6962 cuts a tree of `size` > 1 leaves: the largest power of two below it. */
export function splitPoint(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** The perfect subtrees that leaves [start, end) are made of, from left to right; `start` has to be where a subtree may begin, as in proofs. */
export function subtreesOf(start: number, end: number): Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = start; at < end; ) {
    let level = 0
    let leaves = 1
    while (leaves * 2 <= end - at) {
      leaves *= 2
      level++
    }
    subtrees.push({ level, index: at / leaves })
    at += leaves
  }
  return subtrees
}

/** The number of perfect subtrees in a tree of `size` leaves: the bits set in it. */
export function peaksOf(size: number): number {
  let peaks = 0
  for (let rest = size; rest > 0; rest = half(rest)) if (isOdd(rest)) peaks++
  return peaks
}

/** Throws 'vault.invalid-argument' unless `value` is a whole number in the range. */
export function checkRange(argument: string, value: number, from: number, to: number): void {
  if (isSize(value) && value >= from && value <= to) return
  throw vaultErrors.create('vault.invalid-argument', {
    argument,
    value,
    accepted: `a whole number from ${from} to ${to}`,
  })
}
