import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { decodeFrames, encodeFrameRecord } from '../src/intake/index.ts'

const frames = fc.record({
  timestampNs: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
  sessionId: fc.string({ minLength: 1, unit: 'grapheme' }),
  eventId: fc.uuid(),
  format: fc.constantFrom('png', 'jpeg', 'avif', 'heif', 'heic'),
  image: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  metadata: fc.json(),
})

test('a frame that was encoded is decoded as it was', () => {
  fc.assert(
    fc.property(frames, frame => {
      const decoded = decodeFrames(encodeFrameRecord(frame))
      assert.deepEqual(decoded.refusals, [])
      assert.deepEqual(
        decoded.frames.map(each => ({ ...each, image: Uint8Array.from(each.image) })),
        [{ ...frame, raw: undefined }],
      )
    }),
  )
})

test("Arrow's own library reads the record", () => {
  fc.assert(
    fc.property(frames, frame => {
      const [row, ...others] = tableFromIPC(encodeFrameRecord(frame)).toArray()
      assert.equal(others.length, 0)
      const { timestamp_ns, session_id, event_id, format, image, metadata } = row!.toJSON()
      assert.deepEqual(
        { timestamp_ns, session_id, event_id, format, image: Uint8Array.from(image), metadata },
        {
          timestamp_ns: frame.timestampNs,
          session_id: frame.sessionId,
          event_id: frame.eventId,
          format: frame.format,
          image: frame.image,
          metadata: frame.metadata,
        },
      )
    }),
  )
})
