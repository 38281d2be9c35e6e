/**
 * Durations of a day, counted in buckets whose width grows with the duration, so that a quantile is within 1 % of the exact one:
 * a DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019)
 * with its logarithm interpolated linearly between powers of two. Durations are whole milliseconds and all arithmetic is on integers:
 * a duration finds its bucket again on every machine, so what was added can be taken away exactly (OE5).
 *
 *     bucket    durations in ms          width
 *     0–127     each its own             1
 *     128–191   128–255                  2
 *     192–255   256–511                  4
 *     …         64 buckets for each power of two
 *
 * A bucket answers with its middle, which is at most half a width, 1/128 of the duration, off. Stored as JSON, bucket → count:
 *
 *     {"7":1,"130":2}
 */

import { assert } from '@chronicle/base'

/** Counts are at least 1: what falls to 0 is left out, so that equal sets of durations have equal sketches. */
export type Sketch = { readonly [bucket: string]: number }

export const emptySketch: Sketch = {}

const bucketsPerOctave = 64
/** Up to here a duration has a bucket of its own. */
const exactBits = 7

export function bucketOf(durationMs: number): number {
  assert(Number.isSafeInteger(durationMs) && durationMs >= 0, 'a duration is a whole number of milliseconds')
  const shift = Math.max(0, bitLength(durationMs) - exactBits)
  return shift * bucketsPerOctave + Math.floor(durationMs / 2 ** shift)
}

/** The duration in the middle of a bucket. */
export function durationOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / bucketsPerOctave) - 1)
  const width = 2 ** shift
  return (bucket - shift * bucketsPerOctave) * width + Math.floor(width / 2)
}

/** `sketch` with the durations of `other` added (1) or taken away (-1); `undefined` when they are not there to be taken. */
export function combine(sketch: Sketch, other: Sketch, sign: 1 | -1): Sketch | undefined {
  const sum: Record<string, number> = { ...sketch }
  for (const [bucket, count] of Object.entries(other)) {
    const counted = (sum[bucket] ?? 0) + sign * count
    if (counted < 0) return undefined
    if (counted === 0) delete sum[bucket]
    else sum[bucket] = counted
  }
  return sum
}

/** The duration with this rank, the smallest having rank 1; within 1 %. `rank` is at most the number of durations. */
export function durationAtRank(sketch: Sketch, rank: number): number {
  let seen = 0
  // Names that are whole numbers come in ascending order (ECMA-262, OrdinaryOwnPropertyKeys).
  for (const [bucket, count] of Object.entries(sketch)) {
    seen += count
    if (seen >= rank) return durationOf(Number(bucket))
  }
  assert(false, 'the sketch has fewer durations than the rank asks for')
}

function bitLength(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 2 ** 32)
}
