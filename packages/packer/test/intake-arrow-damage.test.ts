/**
 * PI1 and PI3: streams that were whole, and of which bytes were changed or cut. Whatever comes out as a row passes every check of a row, as if its
 * producer had sent it; all else is refused. Nothing is thrown, and nothing grows beyond what the bytes can stand for.
 */
import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EventColumns, TextColumn } from '../src/intake/contract.ts'
import { decodeEvents, decodeFrames, refusalReasons } from '../src/intake/index.ts'
import { end } from './arrow-bytes.ts'
import { event, eventStream, frameStream } from './intake-support.ts'

const rows = [event(0), event(1), event(2), event(3)]
const streams = {
  utf8: Buffer.from(eventStream(rows)),
  large_utf8: Buffer.from(eventStream(rows, 'large_utf8')),
  dictionaries: readFileSync(new URL('./golden/events-pyarrow-26.arrows', import.meta.url)),
}

/** The rows that come out, each checked here anew. Every row takes the 8 bytes of its time: there are never more than that. */
function judge(stream: Uint8Array): { rows: number; refused: number } {
  let [kept, refused] = [0, 0]
  for (const { columns, refusals } of decodeEvents(stream)) {
    judgeRows(columns)
    kept += columns.rows
    refused += refusals.length
    for (const { reason, row } of refusals)
      assert.ok(refusalReasons.includes(reason) && (row === undefined || row >= 0))
  }
  assert.ok((kept + refused) * 8 <= stream.length + 8, `${kept} rows and ${refused} refusals of ${stream.length} bytes`)
  return { rows: kept, refused }
}

function judgeRows(columns: EventColumns): void {
  assert.ok(columns.timestampNs.length >= columns.rows)
  for (let row = 0; row < columns.rows; row++) {
    assert.ok(columns.timestampNs[row]! > 0n)
    for (const column of [columns.eventType, columns.data, columns.sessionId, columns.eventId]) {
      assert.ok(textOf(column, row) !== null)
    }
    for (const column of [columns.sessionId, columns.eventId]) assert.notEqual(textOf(column, row), '')
    for (const column of [columns.appBundleId, columns.windowTitle]) textOf(column, row)
    JSON.parse(textOf(columns.data, row)!)
  }
}

/** By the definition, without the help of what is tested. */
function textOf({ offsets, bytes, validity }: TextColumn, row: number): string | null {
  const [from, to] = [offsets[row]!, offsets[row + 1]!]
  assert.ok(from >= 0 && from <= to && to <= bytes.length)
  if (validity !== undefined && ((validity[row >> 3]! >> (row & 7)) & 1) === 0) return null
  assert.ok(isUtf8(bytes.subarray(from, to)))
  return Buffer.from(bytes.subarray(from, to)).toString()
}

for (const [name, stream] of Object.entries(streams)) {
  test(`PI3: any one byte of a stream with ${name} may be any of four others`, () => {
    const seen = { rows: 0, refused: 0 }
    const damaged = Buffer.from(stream)
    for (const [at, was] of stream.entries()) {
      for (const change of [0x01, 0x08, 0x80, 0xff]) {
        damaged[at] = was ^ change
        const answer = judge(damaged)
        seen.rows += answer.rows
        seen.refused += answer.refused
      }
      damaged[at] = was
    }
    assert.ok(seen.rows > 0 && seen.refused > 0)
  })

  test(`PI3: a stream with ${name} is refused wherever it is cut, also where its end stands behind the cut`, () => {
    for (let at = 0; at < stream.length; at++) {
      const [cut, ended] = [stream.subarray(0, at), Buffer.concat([stream.subarray(0, at), end])]
      assert.equal(judge(cut).rows, 0)
      // Between two messages, and before the end itself, this is a whole stream of fewer batches.
      const answer = judge(ended)
      assert.ok(answer.refused > 0 || stream.subarray(at, at + 4).equals(end.subarray(0, 4)), `cut at ${at}`)
    }
  })
}

const word = fc.oneof(
  fc.constantFrom(0, 1, -1, 0x7fff_ffff, -0x8000_0000, 0x7fff, 0x10000, -8, 8),
  fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
)
const change = fc.oneof(
  fc.record({ kind: fc.constant('word' as const), at: fc.nat(), word }),
  fc.record({
    kind: fc.constant('bytes' as const),
    at: fc.nat(),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  }),
  fc.record({
    kind: fc.constant('copy' as const),
    at: fc.nat(),
    from: fc.nat(),
    length: fc.integer({ min: 1, max: 200 }),
  }),
)

function damagedBy(
  stream: Buffer,
  changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
): Buffer {
  const damaged = Buffer.from(stream)
  for (const change of changes) {
    const at = change.at % (stream.length - end.length)
    if (change.kind === 'word') Buffer.from(Int32Array.of(change.word).buffer).copy(damaged, at)
    else if (change.kind === 'bytes') damaged.set(change.bytes.subarray(0, damaged.length - at), at)
    else damaged.copy(damaged, at, change.from % stream.length, (change.from % stream.length) + change.length)
  }
  // Without its end, nothing would be looked into.
  end.copy(damaged, damaged.length - end.length)
  return damaged
}

test('PI1, PI3: several changes at once, of words, bytes and runs, anywhere', () => {
  const seen = { rows: 0, refused: 0 }
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(streams)),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      (stream, changes) => {
        const answer = judge(damagedBy(stream, changes))
        seen.rows += answer.rows
        seen.refused += answer.refused
      },
    ),
    { numRuns: 4000 },
  )
  assert.ok(seen.rows > 0 && seen.refused > 0)
})

test('PI1, PI3: a damaged stream of frames is read or refused as well', () => {
  const frame = {
    timestamp_ns: 1n,
    session_id: 's',
    event_id: 'e',
    format: 'rgba',
    image: Buffer.alloc(64),
    metadata: '{}',
  }
  const stream = Buffer.from(frameStream([frame, { ...frame, width: 4, height: 4, stride: 16 }]))
  assert.equal(decodeFrames(stream).frames.length, 1)
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), changes => {
      for (const { image, timestampNs, raw, metadata } of decodeFrames(damagedBy(stream, changes)).frames) {
        assert.ok(timestampNs > 0n && image.length > 0 && image.length <= stream.length)
        assert.ok(raw === undefined || raw.stride * (raw.height - 1) + raw.width * 4 <= image.length)
        JSON.parse(metadata)
      }
    }),
    { numRuns: 3000 },
  )
})
