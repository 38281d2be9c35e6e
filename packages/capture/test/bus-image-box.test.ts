import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemRandom } from '@chronicle/base'
import fc from 'fast-check'
import { type BoxKeyPair, isBox, makeBoxKey, openBox, packBox } from '../src/bus/image-box.ts'
import { decodeAnnouncement, decodeEvent, encodeAnnouncement } from '../src/bus/topic-message.ts'
import { eventNumber } from './bus-support.ts'
import { idOf, imageOf } from './screenshots-support.ts'

const key = makeBoxKey(idOf(1))
const keyOf = (id: string): BoxKeyPair | undefined => (id === key.id ? key : undefined)
const event = Buffer.from(JSON.stringify({ ...eventNumber(1), data: { screenshot_id: idOf(2) } }))
const image = imageOf(50_000)
const box = packBox(event, idOf(2), image, key, systemRandom)

test('CS1: a box opens with its key, at its screenshot', () => {
  assert.ok(isBox(box))
  const opened = openBox(box, keyOf)
  assert.deepEqual([opened?.event, opened?.image(idOf(2))], [event, image])
  assert.equal(opened?.image(idOf(3)), undefined)
  assert.equal(openBox(box, () => undefined)?.image(idOf(2)), undefined)
  assert.equal(openBox(box, () => makeBoxKey(key.id))?.image(idOf(2)), undefined)
  assert.notDeepEqual(packBox(event, idOf(2), image, key, systemRandom), box)
})

test('a box that was changed anywhere has no image, or is none', () => {
  fc.assert(
    fc.property(fc.nat(box.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
      const changed = Buffer.from(box)
      changed[place]! ^= change
      const found = decodeEvent(changed, keyOf).event as { data?: { image?: Buffer } } | undefined
      // The event in front is not sealed: it may have changed, as any event in a topic may.
      if (place >= 5 + event.length || place < 5) assert.equal(found?.data?.image, undefined)
    }),
    { numRuns: 200 },
  )
  for (const length of [0, 1, 4, 5, 20, event.length + 5, event.length + 37, box.length - 1])
    assert.equal(
      (decodeEvent(box.subarray(0, length), keyOf).event as { data?: { image?: Buffer } } | undefined)?.data?.image,
      undefined,
    )
})

test('a box of version 1 is still opened', () => {
  const golden = JSON.parse(readFileSync(new URL('./golden/screenshot-box-v1.json', import.meta.url), 'utf8'))
  const privateKey = createPrivateKey({ format: 'jwk', key: golden.private_key })
  const publicKey = Buffer.from(golden.private_key.x, 'base64url')
  const found = decodeEvent(Buffer.from(golden.value, 'base64'), id => ({ id, privateKey, publicKey })).event
  assert.deepEqual(found, { ...golden.event, data: { ...golden.event.data, image: Buffer.from(golden.image) } })
})

test('a key that was told is what was told, and anything else is none', () => {
  const told = decodeAnnouncement(JSON.parse(encodeAnnouncement(key, 7).toString()))
  assert.deepEqual(told, { id: key.id, publicKey: key.publicKey, toldMs: 7 })
  for (const value of [undefined, null, 5, {}, { key_id: idOf(1), x25519: 'AA==', told_ms: 1 }, { key_id: 'x' }])
    assert.equal(decodeAnnouncement(value), undefined)
})
