import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeFrames } from '../src/intake/index.ts'
import { type FrameRow, frameStream } from './intake-support.ts'

function frame(more: Partial<FrameRow> = {}): FrameRow {
  return {
    timestamp_ns: 1_790_000_000_000_000_000n,
    session_id: 's',
    event_id: 'e',
    format: 'png',
    image: Buffer.from('picture'),
    metadata: '{"display":1}',
    ...more,
  }
}

test('frames come out as they went in', () => {
  const raw = frame({ format: 'rgba', width: 2, height: 2, stride: 12, image: Buffer.alloc(20, 7) })
  const { frames, refusals } = decodeFrames(frameStream([frame(), raw]))
  assert.deepEqual(refusals, [])
  assert.deepEqual(
    frames.map(({ image, format, raw, metadata, timestampNs, sessionId, eventId }) => {
      return [format, raw, Buffer.from(image).toString('hex'), metadata, timestampNs, sessionId, eventId]
    }),
    [
      ['png', undefined, Buffer.from('picture').toString('hex'), '{"display":1}', 1_790_000_000_000_000_000n, 's', 'e'],
      [
        'rgba',
        { width: 2, height: 2, stride: 12 },
        '07'.repeat(20),
        '{"display":1}',
        1_790_000_000_000_000_000n,
        's',
        'e',
      ],
    ],
  )
})

const faults: readonly [string, Partial<FrameRow>][] = [
  ['timestamp-not-positive', { timestamp_ns: 0n }],
  ['missing-value', { image: new Uint8Array(0) }],
  ['missing-value', { event_id: '' }],
  ['not-json', { metadata: '{' }],
  ['invalid-image', { format: 'bmp' }],
  ['invalid-image', { format: 'rgba' }],
  ['invalid-image', { format: 'rgba', width: 2, height: 2, stride: 7, image: Buffer.alloc(64) }],
  ['invalid-image', { format: 'rgba', width: 2, height: 2, stride: 8, image: Buffer.alloc(15) }],
]

for (const [reason, fault] of faults) {
  test(`a frame with ${Object.keys(fault)} wrong is refused as ${reason}, with all that it is`, () => {
    const { frames, refusals } = decodeFrames(frameStream([frame(), frame(fault), frame()]))
    assert.equal(frames.length, 2)
    assert.deepEqual(
      refusals.map(refusal => [refusal.reason, refusal.row]),
      [[reason, 1]],
    )
    const content = JSON.parse(`${refusals[0]!.content}`)
    assert.equal(content.image, Buffer.from(fault.image ?? Buffer.from('picture')).toString('base64'))
  })
}
