import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checksum, checksumOf } from '../src/index.ts'
import { pieces, streamOf } from './seal-support.ts'

// The input of BLAKE3's own test vectors: bytes 0 to 250, over and over.
const input = Buffer.from(Uint8Array.from({ length: 102_400 }, (_, at) => at % 251))

test('BLAKE3 gives what its test vectors say', async () => {
  const vectors: [number, string][] = [
    [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
    [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
    [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
    [102_400, 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085'],
  ]
  for (const [length, hex] of vectors) {
    assert.equal((await checksumOf('blake3', streamOf([input.subarray(0, length)]))).toString('hex'), hex)
  }
})

test('SHA-256 gives what FIPS 180-4 says of "abc"', () => {
  const sum = checksum('sha256')
  sum.update(Buffer.from('abc'))
  assert.equal(sum.digest().toString('hex'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('the sum does not depend on the pieces', async () => {
  for (const algorithm of ['blake3', 'sha256'] as const) {
    const whole = await checksumOf(algorithm, streamOf([input]))
    const property = fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1 }), async sizes => {
      assert.deepEqual(await checksumOf(algorithm, streamOf(pieces(input, sizes))), whole)
    })
    await fc.assert(property, { numRuns: 20 })
  }
})
