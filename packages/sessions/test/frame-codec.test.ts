import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { encodeFrame, FrameDecoder } from '../src/frame-codec.ts'
import { framePayloadBytesMax } from '../src/limits.ts'

const level = 6

/** Bytes that do not compress, the same each time. */
function noise(bytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 64) }, (_, at) => createHash('sha512').update(`${at}`).digest())
  return Buffer.concat(blocks).subarray(0, bytes)
}

test('a frame is compressed where that makes it smaller, and comes back as it was', () => {
  for (const bytes of [1, 63, 64, 1000, 65_535, 65_536, 200_001, framePayloadBytesMax]) {
    const text = Buffer.alloc(bytes, 'a line that repeats itself, ')
    // Anything but a fifth in the middle does not compress.
    const mixed = noise(bytes).fill('x', Math.floor(bytes * 0.4), Math.floor(bytes * 0.6))
    for (const payload of [text, mixed, noise(bytes)]) {
      const [header, stored] = encodeFrame(payload, level)
      const [back] = new FrameDecoder().push(Buffer.concat([header, stored]))
      assert.ok(back?.equals(payload), `${bytes}`)
      const smaller = stored.length < payload.length
      if (bytes >= 1000) assert.equal(smaller, !payload.equals(noise(bytes)), `${bytes}`)
    }
  }
})

test('a large frame whose sample does not compress is stored as it is, also where a little of it would', () => {
  const payload = randomBytes(framePayloadBytesMax).fill(0, 10_000, 12_000)
  const [, stored] = encodeFrame(payload, level)
  assert.equal(stored, payload)
  const [, small] = encodeFrame(payload.subarray(0, 60_000), level)
  assert.ok(small.length < 60_000, 'a smaller one is compressed to find out')
})
