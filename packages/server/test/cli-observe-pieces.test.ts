import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { printableJson, took } from '../src/cli/format.ts'
import { portionsOf } from '../src/cli/observe/event-portions.ts'
import { type ServerSentEvent, serverSentEvents } from '../src/cli/observe/event-stream.ts'
import { folded, widthOf } from '../src/cli/text-width.ts'

async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let [at, turn] = [0, 0]; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function eventsOf(text: string, sizes: readonly number[] = [7]): Promise<ServerSentEvent[]> {
  return collect(serverSentEvents(pieces(Buffer.from(text), sizes)))
}

async function collect<T>(generator: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of generator) all.push(each)
  return all
}

test('Server-Sent Events are read as the standard says, however they are cut', async () => {
  const text =
    'retry: 2000\n\n: a comment\nid: 1\ndata: {"ü":1}\n\r\nevent: gap\rdata:a\r\ndata: b\r\n\r' +
    'data\n\nid: 9\n\nunknown: x\n\ndata: cut off'
  const expected = [
    { type: 'message', data: '{"ü":1}', id: '1' },
    { type: 'gap', data: 'a\nb', id: '1' },
    { type: 'message', data: '', id: '1' },
    { type: 'message', data: undefined, id: '9' },
  ]
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
  await fc.assert(fc.asyncProperty(sizes, async cut => assert.deepEqual(await eventsOf(text, cut), expected)))
})

test('an event without an end is not gathered for ever', async () => {
  for (const piece of ['x', `data: ${'x'.repeat(1000)}\n`, 'y'.repeat(5 << 20)]) {
    const much = piece.repeat(Math.ceil((1 << 20) / piece.length))
    // It ends some time, for a test that fails to do so too.
    const pieces = Array.from({ length: 20 }, () => Buffer.from(much))
    await assert.rejects(collect(serverSentEvents(Readable.from(pieces))), { code: 'server.invalid-line' })
  }
})

test('S31: portions are bounded, keep the numbers of their lines, and give ids to events alone', async () => {
  const event = '{"trace_id":"t","event_type":"e"}'
  const given = '{"trace_id":"t","event_type":"e","event_id":"x"}'
  const input = [event, '', ' \t\r', 'no JSON', '[1]', given, '{"trace_id":"t","event_type":"e","event_id":null} ']
  const [portion] = await collect(portionsOf(Readable.from([Buffer.from(`${input.join('\n')}\n`)])))
  assert.deepEqual(
    portion!.map(({ line }) => line),
    [1, 4, 5, 6, 7],
  )
  const texts = portion!.map(({ bytes }) => bytes.toString())
  assert.deepEqual(texts.slice(1, 4), ['no JSON', '[1]', given])
  const ids = [texts[0]!, texts[4]!].map(text => JSON.parse(text).event_id)
  assert.ok(ids.every(id => /^[0-9a-f-]{36}$/.test(id)) && ids[0] !== ids[1], ids.join())

  const many = Buffer.from(`${event}\n`.repeat(2_500))
  const large = Buffer.from(`{"trace_id":"t","event_type":"e","metadata":"${'x'.repeat(700_000)}"}\n`.repeat(3))
  const countsOf = async (bytes: Buffer): Promise<number[]> =>
    (await collect(portionsOf(Readable.from([bytes])))).map(each => each.length)
  assert.deepEqual(await countsOf(many), [1_000, 1_000, 500])
  assert.deepEqual(await countsOf(large), [1, 1, 1])
})

test('what comes while a portion is under way goes with the next one', async () => {
  const line = '{"trace_id":"t","event_type":"e"}\n'
  const input = new PassThrough()
  input.write(line)
  const portions = portionsOf(input)
  assert.equal((await portions.next()).value?.length, 1)
  for (let at = 0; at < 10; at++) input.write(line)
  input.end()
  await finished(input)
  assert.equal((await portions.next()).value?.length, 10)
  assert.equal((await portions.next()).done, true)
})

test('measured times are said as people say them', () => {
  const times = [0, 850.4, 999.7, 1_000, 59_949, 59_950, 61_000, 3_600_000, 3_899_000, 86_400_000, 1e8].map(took)
  assert.deepEqual(times.slice(0, 6), ['0 ms', '850 ms', '1.0 s', '1.0 s', '59.9 s', '1 min'])
  assert.deepEqual(times.slice(6), ['1 min 1 s', '1 h', '1 h 4 min', '1 d', '1 d 3 h'])
})

test('text is folded between words, and nothing of it is lost', () => {
  assert.deepEqual(folded('the 表計算 is full of words', 10), ['the 表計算', 'is full of', 'words'])
  assert.deepEqual(folded('', 5), [''])
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: -3, max: 40 }), (text, width) => {
      const lines = folded(text, width)
      assert.equal(lines.join(' '), text)
      assert.ok(lines.every(line => widthOf(line) <= width || !line.trim().includes(' ')))
    }),
  )
})

test('S30: JSON for a terminal is the same JSON, and has no control characters', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), fc.constantFrom(undefined, 2), (json, indent) => {
      const value = JSON.parse(json)
      const text = printableJson(value, indent)
      assert.deepEqual(JSON.parse(text), value)
      assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u2028\u202e]/u)
    }),
  )
})
