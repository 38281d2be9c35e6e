/** PI3 and PI1: metadata that was made to mislead, place by place. Each refusal is one of a record, and says what is wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeEvents } from '../src/intake/index.ts'
import * as arrow from './arrow-bytes.ts'
import { rowsOf } from './intake-support.ts'

/** The rows that a stream holds, or why it is refused. */
function answerTo(stream: Uint8Array): number | string {
  const decoded = decodeEvents(stream)
  const [refusal, ...others] = decoded.flatMap(({ refusals }) => refusals)
  if (refusal === undefined) return decoded.reduce((sum, { columns }) => sum + columns.rows, 0)
  assert.deepEqual(others, [])
  assert.equal(refusal.row, undefined)
  assert.deepEqual(Buffer.from(refusal.content), Buffer.from(stream))
  return `${refusal.reason}: ${refusal.detail}`
}

function refused(stream: Uint8Array, words: RegExp): void {
  const answer = answerTo(stream)
  assert.ok(typeof answer === 'string', `${answer} rows were read`)
  assert.match(answer, words)
}

const batch = (change: (parts: arrow.BatchParts) => void) => {
  const parts = arrow.eventParts()
  change(parts)
  return arrow.stream(arrow.schemaMessage(), arrow.batchMessage(parts))
}

test('what is made by hand is read', () => {
  assert.equal(answerTo(batch(() => {})), 2)
  assert.equal(answerTo(arrow.stream(arrow.schemaMessage())), 0)
  const empty = arrow.batchMessage(arrow.eventParts(0))
  assert.equal(answerTo(arrow.stream(arrow.schemaMessage(), empty, arrow.batchMessage(arrow.eventParts(3)), empty)), 3)
})

test('PI3: messages that are none, in the wrong place or too many', () => {
  const schema = arrow.schemaMessage()
  const whole = arrow.batchMessage(arrow.eventParts())
  const header = arrow.recordBatch(arrow.eventParts())
  refused(arrow.stream(), /not-arrow.*it has no schema/)
  refused(arrow.stream(whole), /not-arrow.*first message is not a schema/)
  refused(arrow.stream(schema, schema, whole), /not-arrow.*two schemas/)
  refused(arrow.stream(schema, arrow.end, whole), /not-arrow.*follow the end/)
  refused(arrow.stream(schema, Buffer.from([1, 2, 3]), whole), /not-arrow.*no message begins at byte \d+/)
  refused(arrow.stream(schema, whole.subarray(4)), /streams from before Arrow 0.15/)
  refused(arrow.stream(schema, arrow.message(4, header)), /not-arrow.*a message of type 4/)
  refused(arrow.stream(schema, arrow.message(3, header, Buffer.alloc(0), 2)), /not-arrow.*version 2/)
  refused(arrow.stream(arrow.message(1, arrow.table(), Buffer.alloc(8))), /not-arrow.*schema has a body/)
  const longer = Buffer.from(whole)
  for (const bytes of [0xffff_fff8, 0x7fff_fff8, whole.length + 8]) {
    longer.writeUInt32LE(bytes, 4)
    refused(arrow.stream(schema, longer), /not-arrow.*bytes of metadata/)
  }
  refused(arrow.stream(schema, whole.subarray(0, -16)), /not-arrow.*a body of \d+ bytes, and \d+ are left/)
  const empty = arrow.batchMessage(arrow.eventParts(0))
  refused(arrow.stream(schema, ...Array.from({ length: 65_537 }, () => empty)), /too-large.*65536 batches/)
})

test('PI3: tables, vectors and texts that lead out of the metadata, or back to themselves', () => {
  const metadataAt = 8
  const schema = arrow.schemaMessage()
  const rootAt = metadataAt + schema.readUInt32LE(metadataAt)
  const vtableAt = rootAt - schema.readInt32LE(rootAt)
  const changes: [number, 2 | 4, number[]][] = [
    [metadataAt, 4, [0, 0x7fff_fff0, 0xffff_fffc, schema.length - metadataAt - 2]],
    [rootAt, 4, [0x7fff_ffff, 0x8000_0000, 0xffff_0000, 0x1000]],
    [vtableAt, 2, [0xffff, 0x1000]],
    [vtableAt + 2, 2, [0xffff, 0x1000, 4]],
    ...[4, 6, 8, 10].map((at): [number, 2, number[]] => [vtableAt + at, 2, [1, 3, 0x7fff, 0xffff]]),
  ]
  for (const [at, bytes, values] of changes) {
    for (const value of values) {
      const changed = Buffer.from(schema)
      changed.writeUIntLE(value, at, bytes)
      refused(
        arrow.stream(changed, arrow.batchMessage(arrow.eventParts())),
        /not-arrow.*(points outside|of type|version|body)/,
      )
    }
  }
})

test('PI3: a reference to itself', () => {
  const schema = arrow.schemaMessage()
  schema.writeUInt32LE(0, 8)
  refused(arrow.stream(schema), /not-arrow.*points outside/)
})

test('PI3: whatever stands in one word of the metadata, the record is read or refused', () => {
  const words = [0, 1, 4, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff]
  const dictionaryField = arrow.field('event_type', arrow.types.utf8, undefined, arrow.table(arrow.int64(7)))
  const parts = arrow.partsOf(2, [
    [undefined, BigInt64Array.of(1n, 2n)],
    [undefined, Int32Array.of(0, 1)],
    ...arrow.textNames.slice(1).map(() => [undefined, Int32Array.of(0, 2, 4), Buffer.from('{}{}')]),
  ])
  const messages = [
    arrow.schemaMessage(arrow.eventFields({ event_type: dictionaryField })),
    arrow.dictionaryMessage(7, ['a', 'b']),
    arrow.batchMessage(parts),
  ]
  assert.equal(answerTo(arrow.stream(...messages)), 2)
  let rows = 0
  for (const which of messages.keys()) {
    for (let at = 0; at + 4 <= messages[which]!.length; at++) {
      for (const word of words) {
        const changed = messages.map(bytes => Buffer.from(bytes))
        changed[which]!.writeUInt32LE(word, at)
        for (const { columns } of decodeEvents(arrow.stream(...changed))) rows += rowsOf(columns).length
      }
    }
  }
  assert.ok(rows > 0)
})

test('PI1, PI3: a batch whose numbers contradict its bytes', () => {
  refused(
    batch(parts => (parts.rows = -1)),
    /not-arrow.*-1 rows/,
  )
  for (const rows of [3, 2n ** 31n, 2n ** 62n]) {
    refused(
      batch(parts => (parts.rows = rows)),
      /torn-record.*timestamp_ns.*2 rows in a batch of/,
    )
    const all = (parts: arrow.BatchParts) => Object.assign(parts, { rows, nodes: parts.nodes.map(() => [rows, 0]) })
    refused(batch(all), /torn-record.*timestamp_ns.*bytes for \d/)
  }
  refused(
    batch(parts => (parts.nodes[1] = [1, 0])),
    /torn-record.*event_type.*1 rows in a batch of 2/,
  )
  const places = [
    [-8, 16],
    [2n ** 40n, 16],
    [0, 2n ** 40n],
    [0, -16],
    [2n ** 62n, 2n ** 62n],
  ] as const
  for (const place of places)
    refused(
      batch(parts => (parts.buffers[1] = place)),
      /torn-record.*timestamp_ns.*outside/,
    )
  refused(
    batch(parts => (parts.buffers[1] = [0, 15])),
    /torn-record.*timestamp_ns.*15 bytes for 2 numbers of int64/,
  )
  refused(
    batch(parts => (parts.buffers[3] = [16, 8])),
    /torn-record.*event_type.*8 bytes for 3 numbers of int32/,
  )
  refused(
    batch(parts => parts.nodes.pop()),
    /not-arrow.*fewer arrays/,
  )
  refused(
    batch(parts => parts.buffers.pop()),
    /not-arrow.*fewer arrays/,
  )
  refused(
    batch(parts => parts.nodes.push([2, 0])),
    /not-arrow.*more arrays/,
  )
  refused(
    batch(parts => parts.buffers.push([0, 0])),
    /not-arrow.*more arrays/,
  )
  refused(
    batch(parts => parts.buffers.splice(0, 1000)),
    /not-arrow.*fewer arrays/,
  )
})

test('PI1: nulls are those of the bitmap, and as many as the batch says, unless it has not counted them', () => {
  const nullable = (nulls: number, bitmap: number | undefined) =>
    batch(parts => {
      parts.nodes[2] = [2, nulls]
      if (bitmap === undefined) return
      parts.buffers[5] = [parts.body.length, 1]
      parts.body = Buffer.concat([parts.body, Buffer.of(bitmap, 0, 0, 0, 0, 0, 0, 0)])
    })
  const ids = (bytes: Uint8Array) => rowsOf(decodeEvents(bytes)[0]!.columns).map(row => row.app_bundle_id)
  assert.deepEqual(ids(nullable(1, 0b01)), ['{}', null])
  assert.deepEqual(ids(nullable(-1, 0b10)), [null, '{}'])
  assert.deepEqual(ids(nullable(-1, undefined)), ['{}', '{}'])
  assert.deepEqual(ids(nullable(0, 0b11)), ['{}', '{}'])
  refused(nullable(1, undefined), /torn-record.*app_bundle_id.*bitmap is too short/)
  refused(nullable(2, 0b01), /torn-record.*1 nulls, and is said to have 2/)
  refused(nullable(0, 0b01), /torn-record.*1 nulls, and is said to have 0/)
  const nine = arrow.eventParts(9)
  nine.nodes[2] = [9, 1]
  nine.buffers[5] = [nine.body.length, 1]
  nine.body = Buffer.concat([nine.body, Buffer.of(0b1111_1110, 0xff, 0, 0, 0, 0, 0, 0)])
  refused(
    arrow.stream(arrow.schemaMessage(), arrow.batchMessage(nine)),
    /torn-record.*app_bundle_id.*bitmap is too short/,
  )
})

test('PI1: offsets and indices of 64 bits are taken whole, not by their low halves', () => {
  const text = [undefined, Int32Array.of(0, 2, 4), Buffer.from('{}{}')]
  const streamOf = (field: arrow.Node, column: (ArrayBufferView | undefined)[], ...dictionary: Buffer[]) => {
    const arrays = [[undefined, BigInt64Array.of(1n, 2n)], column, ...arrow.textNames.slice(1).map(() => text)]
    const schema = arrow.schemaMessage(arrow.eventFields({ event_type: field }))
    return arrow.stream(schema, ...dictionary, arrow.batchMessage(arrow.partsOf(2, arrays)))
  }
  const large = (last: bigint) => {
    const offsets = BigInt64Array.of(0n, 2n, last)
    return streamOf(arrow.field('event_type', arrow.types.largeUtf8), [undefined, offsets, Buffer.from('{}{}')])
  }
  const coded = (index: bigint) => {
    const encoding = arrow.table(arrow.int64(7), arrow.int(64))
    const field = arrow.field('event_type', arrow.types.utf8, undefined, encoding)
    return streamOf(field, [undefined, BigInt64Array.of(0n, index)], arrow.dictionaryMessage(7, ['a']))
  }
  assert.equal(answerTo(large(4n)), 2)
  for (const last of [4n + 2n ** 32n, 4n - 2n ** 32n, 2n ** 31n, -1n])
    refused(large(last), /torn-record.*event_type.*offset 2/)
  assert.equal(answerTo(coded(0n)), 2)
  for (const index of [2n ** 32n, -(2n ** 32n)]) refused(coded(index), /torn-record.*row 1 names an entry/)
})

test('what is Arrow, and not accepted, is refused with what is', () => {
  const ofFields = (fields: ReturnType<typeof arrow.eventFields>) =>
    arrow.stream(arrow.schemaMessage(fields), arrow.batchMessage(arrow.eventParts()))
  const title = (...field: Parameters<typeof arrow.field> extends [string, ...infer Rest] ? Rest : never) =>
    ofFields(arrow.eventFields({ window_title: arrow.field('window_title', ...field) }))
  refused(title(arrow.types.utf8View), /wrong-schema.*utf8_view, accepted is utf8, large_utf8 or a dictionary/)
  refused(title(arrow.types.float, arrow.table()), /wrong-schema.*window_title is float/)
  refused(title(99), /wrong-schema.*window_title is type 99/)
  const child = arrow.tables(arrow.field('c', arrow.types.utf8))
  refused(title(arrow.types.utf8, undefined, undefined, child), /wrong-schema.*utf8 with children/)
  const indices = (bits: number) => arrow.table(arrow.int64(1), arrow.int(bits))
  refused(title(arrow.types.utf8, undefined, indices(24)), /wrong-schema.*dictionary of utf8, by int24/)
  const twoTypes = arrow.eventFields({
    window_title: arrow.field('window_title', arrow.types.utf8, undefined, indices(32)),
    event_type: arrow.field('event_type', arrow.types.largeUtf8, undefined, indices(32)),
  })
  refused(ofFields(twoTypes), /not-arrow.*a dictionary of two types/)
  const time = arrow.eventFields()
  time[0] = arrow.field('timestamp_ns', arrow.types.int, arrow.int(64, false))
  refused(ofFields(time), /wrong-schema.*timestamp_ns is uint64/)
  refused(ofFields(Array.from({ length: 257 }, () => arrow.field('a', arrow.types.utf8))), /not-arrow.*257 tables/)
  refused(ofFields([arrow.field('a'.repeat(1025), arrow.types.utf8)]), /not-arrow.*1025 bytes/)
  const bigEndian = arrow.schemaMessage(arrow.eventFields(), 1)
  refused(arrow.stream(bigEndian, arrow.batchMessage(arrow.eventParts())), /wrong-schema.*accepted are little-endian/)
  const codec = (number: number) => batch(parts => (parts.compression = arrow.table(arrow.int8(number))))
  refused(codec(0), /not-arrow.*LZ4, accepted are bodies that are not compressed/)
  refused(codec(1), /not-arrow.*ZSTD/)
  refused(codec(7), /not-arrow.*unknown codec/)
})

test('a schema is known by its bytes alone: one that is almost the last is not taken for it', () => {
  const good = batch(() => {})
  assert.equal(answerTo(good), 2)
  const other = Buffer.from(good)
  other.set(Buffer.from('event_typo'), other.indexOf('event_type'))
  refused(other, /wrong-schema.*event_typo/)
  assert.equal(answerTo(good), 2)
})
