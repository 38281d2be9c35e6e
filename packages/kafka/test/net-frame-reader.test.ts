import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BufferPool } from '../src/net/buffer-pool.ts'
import { ByteBudget } from '../src/net/byte-budget.ts'
import { FrameReader } from '../src/net/frame-reader.ts'

const frameBytesMax = 300_000

/** Takes frames, except while `refusing` says how many more to refuse. */
function collecting() {
  const frames: Buffer[] = []
  const state = { refusals: 0, begun: [] as number[], invalid: undefined as number | undefined }
  const refuses = (): boolean => state.refusals > 0 && state.refusals-- > 0
  const sink = {
    frame(buffer: Buffer, start: number, end: number) {
      if (refuses()) return false
      frames.push(Buffer.from(buffer.subarray(start, end)))
      return true
    },
    begin(bytes: number) {
      if (refuses()) return false
      state.begun.push(bytes)
      return true
    },
    invalidLength(length: number) {
      state.invalid = length
    },
  }
  return { frames, state, sink }
}

const framed = (body: Buffer): Buffer => {
  const frame = Buffer.alloc(4 + body.length)
  frame.writeInt32BE(body.length)
  body.copy(frame, 4)
  return frame
}

/** Sends `stream` in reads of the given sizes, as a socket would: into the reader's target. */
function feed(reader: FrameReader, stream: Buffer, reads: readonly number[], viaTarget: boolean): void {
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    let guard = 0
    while (reader.stalled && guard++ < 1000) reader.resume()
    const wanted = Math.min(reads[turn % reads.length]!, stream.length - at)
    if (viaTarget) {
      const target = reader.target()
      const bytes = Math.min(wanted, target.length)
      stream.copy(target, 0, at, at + bytes)
      reader.landed(bytes, target)
      at += bytes
    } else {
      reader.accept(stream.subarray(at, at + wanted))
      at += wanted
    }
  }
  let guard = 0
  while (reader.stalled && guard++ < 1000) reader.resume()
}

test('N1: frames come out whole and in order, however they arrive and however often the sink says not now', () => {
  const sizes = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 200_000 }))
  const reads = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 262_144 })), {
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(
      fc.array(sizes, { minLength: 1, maxLength: 6 }),
      reads,
      fc.boolean(),
      fc.nat(30),
      (lengths, readSizes, viaTarget, refusals) => {
        const bodies = lengths.map((length, n) => Buffer.alloc(length, n + 1))
        // Tiny reads of huge streams prove nothing more and take long.
        const total = lengths.reduce((sum, length) => sum + length, 0)
        const sized = total > 2000 ? readSizes.map(size => Math.max(size, 997)) : readSizes
        const { frames, state, sink } = collecting()
        state.refusals = refusals
        const reader = new FrameReader(Buffer.alloc(262_144), new BufferPool(), frameBytesMax, sink)
        feed(reader, Buffer.concat(bodies.map(framed)), sized, viaTarget)
        assert.equal(frames.length, bodies.length)
        for (const [n, body] of bodies.entries()) assert.ok(frames[n]!.equals(body), `frame ${n}`)
        assert.equal(reader.frames, bodies.length)
        assert.equal(reader.midFrame, false)
        assert.equal(reader.heldBytes, 0)
      },
    ),
    { numRuns: 150 },
  )
})

test('N1: a length is refused before anything is allocated for it, and nothing behind it is read', () => {
  for (const length of [-1, -2147483648, frameBytesMax + 1, 0x7fffffff]) {
    const { frames, state, sink } = collecting()
    const reader = new FrameReader(Buffer.alloc(1024), new BufferPool(), frameBytesMax, sink)
    const head = Buffer.alloc(4)
    head.writeInt32BE(length)
    reader.accept(Buffer.concat([framed(Buffer.from('good')), head, framed(Buffer.from('never'))]))
    assert.equal(state.invalid, length)
    assert.deepEqual(frames.map(String), ['good'])
    assert.deepEqual(state.begun, [])
    reader.accept(framed(Buffer.from('never either')))
    assert.equal(frames.length, 1)
    assert.equal(reader.heldBytes, 0)
  }
})

test('N1: a large frame is read straight into a buffer of its size', () => {
  const { frames, state, sink } = collecting()
  const landing = Buffer.alloc(1024)
  const reader = new FrameReader(landing, new BufferPool(), frameBytesMax, sink)
  const body = Buffer.alloc(200_000, 7)
  reader.accept(framed(body).subarray(0, 1004))
  assert.deepEqual(state.begun, [200_000])
  const target = reader.target()
  assert.notEqual(target, landing)
  assert.equal(target.length, 200_000 - 1000)
  body.copy(target, 0, 1000)
  reader.landed(target.length, target)
  assert.ok(frames[0]!.equals(body))
  assert.equal(reader.target(), landing)
})

test('N4: a reader that is closed, in the middle of a frame or from inside the sink, holds nothing', () => {
  const { sink } = collecting()
  const pool = new BufferPool()
  const open = new FrameReader(Buffer.alloc(64), pool, frameBytesMax, sink)
  open.accept(framed(Buffer.alloc(50_000)).subarray(0, 20_000))
  assert.ok(open.heldBytes >= 50_000)
  open.close()
  assert.equal(open.heldBytes, 0)
  const closing: FrameReader = new FrameReader(Buffer.alloc(64), pool, frameBytesMax, {
    ...sink,
    frame() {
      closing.close()
      return true
    },
  })
  closing.accept(framed(Buffer.alloc(5_000)).subarray(0, 3_000))
  closing.accept(framed(Buffer.alloc(5_000)).subarray(3_000))
  assert.equal(closing.frames, 1)
  assert.equal(closing.heldBytes, 0)
})

test('a pool gives a buffer again, and keeps no more than its limit', () => {
  const pool = new BufferPool()
  const first = pool.take(5_000)
  assert.equal(first.length, 8_192)
  pool.give(first)
  assert.equal(pool.take(8_192), first)
  assert.notEqual(pool.take(8_192), first)
  const huge = pool.take(5 * 1024 * 1024)
  pool.give(huge)
  assert.notEqual(pool.take(5 * 1024 * 1024), huge)
})

test('N3: who waits for a budget is called in turn, once, and only while there is room', async () => {
  const budget = new ByteBudget(10)
  const called: string[] = []
  budget.take(15)
  const first = () => {
    called.push('first')
    budget.take(10)
  }
  const second = () => called.push('second')
  const gone = () => called.push('gone')
  for (const each of [gone, first, second, first]) budget.wait(each)
  budget.forget(gone)
  budget.give(5)
  await new Promise(setImmediate)
  assert.deepEqual(called, [])
  budget.give(5)
  await new Promise(setImmediate)
  assert.deepEqual(called, ['first'])
  budget.give(10)
  await new Promise(setImmediate)
  assert.deepEqual(called, ['first', 'second'])
})
