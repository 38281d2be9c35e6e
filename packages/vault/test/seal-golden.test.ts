/** What version 1 has sealed opens for ever, and is sealed as it always was. The fixtures have a key and a salt that are known. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { open, parseSealedHeader, Sealer, seal, sealedBytes } from '../src/index.ts'
import { fixedRandom, key, pattern, pieces, place } from './seal-support.ts'

const salt = Buffer.from('404142434445464748494a4b4c4d4e4f5051525354555657', 'hex')

for (const length of [0, 1, 16_383, 16_384, 16_385, 40_000]) {
  const golden = readFileSync(new URL(`./golden/seal-v1-${length}.sealed`, import.meta.url))

  test(`version 1: ${length} bytes are sealed as they always were (VS6)`, () => {
    assert.ok(seal(pattern(length), key, place, fixedRandom(salt)).equals(golden))
    assert.equal(sealedBytes(place, length), golden.length)
  })

  test(`version 1: ${length} bytes are sealed in pieces as they always were`, () => {
    const sealer = new Sealer(key, place, fixedRandom(salt))
    const parts = [sealer.begin(), ...pieces(pattern(length), [9999]).map(piece => sealer.push(piece)), sealer.end()]
    assert.ok(Buffer.concat(parts).equals(golden))
  })

  test(`version 1: ${length} bytes still open`, () => {
    assert.ok(open(golden, key, place).equals(pattern(length)))
  })
}

test('the header of version 1 stands where it always stood', () => {
  const golden = readFileSync(new URL('./golden/seal-v1-0.sealed', import.meta.url))
  const placeBytes = Buffer.from(place.place)
  const header = Buffer.concat([
    Buffer.from('43485631' + '0001' + '01' + '01', 'hex'),
    Buffer.from('00112233445566778899aabbccddeeff' + '00000007', 'hex'),
    Buffer.of(0, placeBytes.length),
    placeBytes,
  ])
  assert.deepEqual(golden.subarray(0, header.length), header)
  assert.deepEqual(golden.subarray(header.length + 4, header.length + 28), salt)
  assert.deepEqual(parseSealedHeader(golden), {
    ...place,
    keyId: key.id,
    epoch: key.epoch,
    headerBytes: header.length + 4,
  })
})
