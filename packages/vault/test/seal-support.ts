import { createSecretKey, type KeyObject } from 'node:crypto'
import { systemRandom } from '@chronicle/base'
import type { SealedPlace, SealKey } from '../src/index.ts'

export const keyBytes = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')

export const key: SealKey = {
  id: '00112233-4455-6677-8899-aabbccddeeff',
  epoch: 7,
  secret: secretOf(keyBytes),
}

export const otherKey: SealKey = { ...key, secret: secretOf(Buffer.alloc(32, 0xee)) }

export const place: SealedPlace = { kind: 'file', place: 'archive/2026-11-21/äöü.parquet' }

export function secretOf(bytes: Uint8Array): KeyObject {
  return createSecretKey(bytes)
}

/** `length` bytes that look random and are the same every time. */
export function pattern(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (Math.imul(at + 1, 0x9e3779b1) >>> 24) & 0xff))
}

/** A source of randomness whose bytes are the ones given. */
export function fixedRandom(bytes: Uint8Array) {
  return { ...systemRandom, bytes: (length: number) => bytes.subarray(0, length) }
}

/** `bytes` cut into pieces of these sizes, over and over. */
export function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const cut: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length]!)
    cut.push(bytes.subarray(at, at + size))
    at += size
  }
  return cut
}

export async function* streamOf(parts: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* parts
}

export async function collect(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return Buffer.concat(all)
}
