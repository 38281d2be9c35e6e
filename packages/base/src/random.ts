import { randomBytes, randomInt, randomUUID } from 'node:crypto'

/** Randomness as an argument: tests and simulations bring a seeded one. */
export type Random = {
  /** A version 4 UUID in text form. */
  uuid(): string
  /** A whole number in [0, limit). */
  int(limit: number): number
  bytes(length: number): Uint8Array
}

export const systemRandom: Random = {
  uuid: () => randomUUID(),
  int: limit => randomInt(limit),
  bytes: length => randomBytes(length),
}

/** A reproducible generator (splitmix32). Not for secrets. */
export function seededRandom(seed: number): Random & { next(): number } {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z ^= z >>> 15
    z = Math.imul(z, 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => next() & 0xff)
  return {
    next,
    int: limit => Math.floor((next() / 0x1_0000_0000) * limit),
    bytes,
    uuid() {
      const raw = bytes(16)
      raw[6] = (raw[6]! & 0x0f) | 0x40
      raw[8] = (raw[8]! & 0x3f) | 0x80
      const hex = Buffer.from(raw).toString('hex')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
    },
  }
}
