/**
 * VS1: no nonce is used twice under a key. `SEALS=1000000 npm test -- seal-nonces` takes a million messages (a minute, 700 MB of memory).
 */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { systemRandom } from '@chronicle/base'
import fc from 'fast-check'
import { seal } from '../src/index.ts'
import { ChunkCipher, chunksMax } from '../src/seal/chunk-cipher.ts'
import { key, keyBytes, pattern, place, secretOf } from './seal-support.ts'

const seals = Number(process.env.SEALS ?? 20_000)
const info = Buffer.from('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0')

/** Key, base nonce and commitment, derived apart from the code under test. */
function derive(salt: Uint8Array, context: Uint8Array): Buffer {
  const first = createHmac('sha512', keyBytes)
    .update(Buffer.concat([info, salt, context, Buffer.of(1)]))
    .digest()
  const second = createHmac('sha512', keyBytes)
    .update(Buffer.concat([first, info, salt, context, Buffer.of(2)]))
    .digest()
  return Buffer.concat([first, second]).subarray(0, 76)
}

test(`${seals} messages under one key: neither a salt nor a pair of key and base nonce comes again (VS1)`, () => {
  const salts = new Set<string>()
  const pairs = new Set<string>()
  for (let message = 0; message < seals; message++) {
    const sealed = seal(Buffer.alloc(0), key, place, systemRandom)
    const saltAt = sealed.length - 72
    const salt = sealed.subarray(saltAt, saltAt + 24)
    const derived = derive(salt, sealed.subarray(0, saltAt))
    assert.ok(derived.subarray(44).equals(sealed.subarray(saltAt + 24, saltAt + 56)), 'the pair is the one that sealed')
    salts.add(salt.toString('latin1'))
    pairs.add(derived.toString('latin1', 0, 44))
  }
  assert.equal(salts.size, seals)
  assert.equal(pairs.size, seals)
})

test('the nonce of a chunk is the base nonce XOR its number, as a number of 12 bytes (VS1)', () => {
  const number = fc.oneof(fc.integer({ min: 0, max: chunksMax - 1 }), fc.integer({ min: 0, max: 70_000 }))
  const property = fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), number, (base, chunk) => {
    const expected = BigInt(`0x${Buffer.from(base).toString('hex')}`) ^ BigInt(chunk)
    const nonce = new ChunkCipher(key.secret, Buffer.from(base)).nonce(chunk)
    assert.equal(BigInt(`0x${nonce.toString('hex')}`), expected)
  })
  fc.assert(property, { numRuns: 1000 })
})

test('no two chunks of a message have one nonce (VS1)', () => {
  const cipher = new ChunkCipher(secretOf(keyBytes), pattern(12))
  const numbers = [...Array(70_000).keys(), ...[32, 33, 37].map(power => 2 ** power), 2 ** 32 + 1, chunksMax - 1]
  assert.equal(new Set(numbers.map(number => cipher.nonce(number).toString('hex'))).size, numbers.length)
})

test('numbers end below 2^38 (VS1)', () => {
  const cipher = new ChunkCipher(secretOf(keyBytes), pattern(12))
  const target = Buffer.alloc(17)
  cipher.seal(chunksMax - 1, Buffer.of(1), target, 0)
  assert.deepEqual(cipher.openLast(chunksMax - 1, target), Buffer.of(1))
  for (const number of [chunksMax, -1, 0.5]) {
    assert.throws(() => cipher.seal(number, Buffer.of(1), target, 0), /below 2\^38/)
    assert.throws(() => cipher.openLast(number, target), /below 2\^38/)
  }
})
