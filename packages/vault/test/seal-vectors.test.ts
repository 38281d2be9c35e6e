/**
 * The test vectors that C2SP publishes for chunked-encryption: `testvectors_v1/c2sp_chunked_encryption_aes_256_gcm_test.json` of
 * https://github.com/C2SP/wycheproof (Apache License 2.0), as of commit dac1dd4729fd, unchanged. How they are to be applied stands in its
 * `doc/c2sp_chunked_encryption.md`.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { ChunkOpener, ChunkSealer } from '../src/seal/chunk-streams.ts'
import { beginMessage, messagePrefixBytes, openMessage, saltBytes } from '../src/seal/cobblestone.ts'
import { pieces, secretOf } from './seal-support.ts'

type Vector = {
  tcId: number
  comment: string
  flags: string[]
  key: string
  ctx: string
  ct: string
  result: 'valid' | 'invalid'
  msgLength?: number
  msgSha512?: string
}
const golden = new URL('./golden/wycheproof-cobblestone-256.json', import.meta.url)
const groups: { tests: Vector[] }[] = JSON.parse(readFileSync(golden, 'utf8')).testGroups
const vectors = groups.flatMap(group => group.tests)
const sizes = [1, 15, 16, 16_383, 16_384, 16_400, 16_401, 100_000]

/** What came out before the end or the refusal. */
function openVector({ key, ctx, ct }: Vector): { plain: Buffer; refusal?: unknown } {
  const message = inflateSync(Buffer.from(ct, 'hex'))
  const plain: Buffer[] = []
  try {
    const prefix = message.subarray(0, messagePrefixBytes)
    const cipher = openMessage(secretOf(Buffer.from(key, 'hex')), prefix, Buffer.from(ctx, 'hex'))
    if (!cipher) throw new Error('the commitment does not fit')
    const opener = new ChunkOpener(cipher)
    for (const piece of pieces(message.subarray(messagePrefixBytes), sizes)) plain.push(opener.push(piece))
    plain.push(opener.end())
    return { plain: Buffer.concat(plain) }
  } catch (refusal) {
    return { plain: Buffer.concat(plain), refusal }
  }
}

test('the file holds every vector that it counts', () => assert.equal(vectors.length, 35))

for (const vector of vectors) {
  test(`Wycheproof ${vector.tcId}, ${vector.result}: ${vector.comment} (VS3, VS4, VS6)`, () => {
    const { plain, refusal } = openVector(vector)
    assert.equal(refusal === undefined, vector.result === 'valid', String(refusal))
    assert.ok(plain.length <= (vector.msgLength ?? 0), 'nothing but the authenticated beginning')
    if (vector.flags.includes('HeaderFailure')) assert.equal(plain.length, 0)
    if (vector.result === 'invalid') return
    assert.equal(plain.length, vector.msgLength)
    assert.equal(createHash('sha512').update(plain).digest('hex'), vector.msgSha512)
    const message = inflateSync(Buffer.from(vector.ct, 'hex'))
    const salt = message.subarray(0, saltBytes)
    const begun = beginMessage(secretOf(Buffer.from(vector.key, 'hex')), salt, Buffer.from(vector.ctx, 'hex'))
    const sealer = new ChunkSealer(begun.cipher)
    const sealed = [begun.prefix, ...pieces(plain, sizes).map(piece => sealer.push(piece)), sealer.end()]
    assert.ok(Buffer.concat(sealed).equals(message), 'sealed again to the byte')
  })
}
