/**
 * XXH64 with seed 0, the hash of Parquet's bloom filters, in 32-bit halves: with a BigInt for each step the hash would cost more than
 * all the rest of a page.
 *
 * Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */

/** The result, as two signed halves. */
export type Hash64 = { high: number; low: number }

const p1High = 0x9e3779b1 | 0
const p1Low = 0x85ebca87 | 0
const p2High = 0xc2b2ae3d | 0
const p2Low = 0x27d4eb4f | 0
const p3High = 0x165667b1 | 0
const p3Low = 0x9e3779f9 | 0
const p4High = 0x85ebca77 | 0
const p4Low = 0xc2b2ae63 | 0
const p5High = 0x27d4eb2f | 0
const p5Low = 0x165667c5 | 0

const stripeBytes = 32
const laneRotations = [1, 7, 12, 18] as const

/** The number that the steps below work on, as signed halves: those fit V8's small integers. */
let high = 0
let low = 0

/** Four accumulators, each as high half and low half. */
const lanes = new Int32Array(8)

export function xxHash64(bytes: Uint8Array, from: number, to: number, into: Hash64): void {
  let at = from
  if (to - from >= stripeBytes) {
    at = stripes(bytes, from, to)
  } else {
    set(p5High, p5Low)
  }
  add(0, to - from)
  rest(bytes, at, to)
  avalanche()
  into.high = high
  into.low = low
}

/** The whole stripes from `from` on; returns where the rest begins. */
function stripes(bytes: Uint8Array, from: number, to: number): number {
  set(p1High, p1Low)
  add(p2High, p2Low)
  keep(0)
  set(p2High, p2Low)
  keep(1)
  set(0, 0)
  keep(2)
  set(~p1High, ~p1Low)
  add(0, 1)
  keep(3)
  let at = from
  for (; at + stripeBytes <= to; at += stripeBytes) {
    for (let lane = 0; lane < 4; lane++) {
      round(
        lanes[lane * 2]!,
        lanes[lane * 2 + 1]!,
        readInt32(bytes, at + lane * 8 + 4),
        readInt32(bytes, at + lane * 8),
      )
      keep(lane)
    }
  }
  mergeLanes()
  return at
}

function mergeLanes(): void {
  let sumHigh = 0
  let sumLow = 0
  for (let lane = 0; lane < 4; lane++) {
    set(lanes[lane * 2]!, lanes[lane * 2 + 1]!)
    rotate(laneRotations[lane]!)
    add(sumHigh, sumLow)
    sumHigh = high
    sumLow = low
  }
  for (let lane = 0; lane < 4; lane++) {
    round(0, 0, lanes[lane * 2]!, lanes[lane * 2 + 1]!)
    set(high ^ sumHigh, low ^ sumLow)
    multiply(p1High, p1Low)
    add(p4High, p4Low)
    sumHigh = high
    sumLow = low
  }
}

/** The up to 31 bytes after the stripes: by eight, by four, one by one. */
function rest(bytes: Uint8Array, from: number, to: number): void {
  let at = from
  for (; at + 8 <= to; at += 8) {
    const keptHigh = high
    const keptLow = low
    round(0, 0, readInt32(bytes, at + 4), readInt32(bytes, at))
    set(high ^ keptHigh, low ^ keptLow)
    rotate(27)
    multiply(p1High, p1Low)
    add(p4High, p4Low)
  }
  if (at + 4 <= to) {
    mixProduct(readInt32(bytes, at), p1High, p1Low)
    rotate(23)
    multiply(p2High, p2Low)
    add(p3High, p3Low)
    at += 4
  }
  for (; at < to; at++) {
    mixProduct(bytes[at]!, p5High, p5Low)
    rotate(11)
    multiply(p1High, p1Low)
  }
}

function avalanche(): void {
  set(high, low ^ (high >>> 1))
  multiply(p2High, p2Low)
  set(high ^ (high >>> 29), low ^ ((low >>> 29) | (high << 3)))
  multiply(p3High, p3Low)
  set(high, low ^ high)
}

/** rotate(accumulator + input * p2, 31) * p1 */
function round(accumulatorHigh: number, accumulatorLow: number, inputHigh: number, inputLow: number): void {
  set(inputHigh, inputLow)
  multiply(p2High, p2Low)
  add(accumulatorHigh, accumulatorLow)
  rotate(31)
  multiply(p1High, p1Low)
}

/** Into the number at hand, `value` without a sign times a prime. */
function mixProduct(value: number, primeHigh: number, primeLow: number): void {
  const keptHigh = high
  const keptLow = low
  set(0, value)
  multiply(primeHigh, primeLow)
  set(high ^ keptHigh, low ^ keptLow)
}

function set(newHigh: number, newLow: number): void {
  high = newHigh | 0
  low = newLow | 0
}

function keep(lane: number): void {
  lanes[lane * 2] = high
  lanes[lane * 2 + 1] = low
}

function add(otherHigh: number, otherLow: number): void {
  const sum = (low >>> 0) + (otherLow >>> 0)
  low = sum | 0
  high = (high + otherHigh + (sum > 0xffff_ffff ? 1 : 0)) | 0
}

/** To the left, by 1 to 31 bits. */
function rotate(bits: number): void {
  const carried = high >>> (32 - bits)
  high = (high << bits) | (low >>> (32 - bits))
  low = (low << bits) | carried
}

function multiply(otherHigh: number, otherLow: number): void {
  high = (highOfProduct(low, otherLow) + Math.imul(high, otherLow) + Math.imul(low, otherHigh)) | 0
  low = Math.imul(low, otherLow)
}

/** The upper half of the product of two numbers of 32 bits without a sign, from four products of 16 bits by 16. */
function highOfProduct(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  // No sum here exceeds 2^32 - 1: (2^16 - 1)^2 + 2^16 - 1 < 2^32.
  const middle = ((Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16)) >>> 0
  const cross = ((Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff)) >>> 0
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) | 0
}

function readInt32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
