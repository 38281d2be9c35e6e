import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { openRingReader, openRingWriter, type RingReader, type RingWriter } from '../src/index.ts'
import { payloadBytesMax, recordBytes, recordHeaderBytes } from '../src/ring/layout.ts'
import { ringPath } from './ring-support.ts'

/** What a ring should be: the records in it, where each begins and ends, and what was lost. */
type Model = {
  readonly capacity: number
  records: { fill: number; length: number; next: number; sequence: number }[]
  /** Of `records`, how many were read; the first of them is the first that was not released. */
  read: number
  written: number
  released: number
  sequence: number
  lostRecords: number
  lostBytes: number
}

type Real = { readonly path: string; writer: RingWriter; reader: RingReader }

type Command = fc.AsyncCommand<Model, Real>

function matches(model: Model, { reader }: Real): void {
  const { usedBytes, lostRecords, lostBytes, isPressed } = reader.status()
  const used = model.written - model.released
  assert.deepEqual(
    { usedBytes, lostRecords, lostBytes, isPressed },
    {
      usedBytes: used,
      lostRecords: model.lostRecords,
      lostBytes: model.lostBytes,
      isPressed: used > Math.floor(model.capacity * 0.8),
    },
  )
}

const write = (length: number, fill: number): Command => ({
  check: () => true,
  async run(model, real) {
    const payload = Buffer.alloc(length, fill)
    if (length > payloadBytesMax(model.capacity)) {
      await assert.rejects(real.writer.write('events', payload, 0), { code: 'packer.ring-record-too-large' })
      return
    }
    const rest = model.capacity - (model.written % model.capacity)
    const bytes = recordBytes(length)
    const next = model.written + bytes + (rest < bytes ? rest : 0)
    const fits = next - model.released <= model.capacity
    assert.equal(await real.writer.write('events', payload, 0), fits)
    model.sequence++
    if (fits) {
      model.records.push({ fill, length, next, sequence: model.sequence })
      model.written = next
    } else {
      model.lostRecords++
      model.lostBytes += length
    }
    matches(model, real)
  },
  toString: () => `write(${length}, ${fill})`,
})

const read = (bytesMax: number): Command => ({
  check: () => true,
  async run(model, real) {
    const slice = real.reader.read(bytesMax)
    assert.equal(slice === undefined, model.read === model.records.length)
    if (!slice) return
    assert.deepEqual(slice.damage, [])
    assert.ok(slice.records.length > 0)
    for (const { sequence, payload, next, kind } of slice.records) {
      const expected = model.records[model.read++]!
      assert.deepEqual({ kind, sequence, next }, { kind: 'events', sequence: expected.sequence, next: expected.next })
      assert.deepEqual(Buffer.from(payload), Buffer.alloc(expected.length, expected.fill))
    }
    // A wrap marker behind the last record may have been passed as well.
    const { next } = model.records[model.read - 1]!
    assert.ok(slice.next === next || (slice.next > next && slice.next % model.capacity === 0))
  },
  toString: () => `read(${bytesMax})`,
})

const release = (share: number): Command => ({
  check: model => model.read > 0,
  async run(model, real) {
    const count = Math.ceil(share * model.read)
    if (count > 0) {
      model.released = model.records[count - 1]!.next
      real.reader.release(model.released)
      model.records.splice(0, count)
      model.read -= count
    }
    matches(model, real)
  },
  toString: () => `release(${share})`,
})

const rewind: Command = {
  check: () => true,
  async run(model, real) {
    real.reader.rewind()
    model.read = 0
  },
  toString: () => 'rewind',
}

const reopen = (side: 'writer' | 'reader'): Command => ({
  check: () => true,
  async run(model, real) {
    real[side].close()
    if (side === 'writer') real.writer = await openRingWriter({ path: real.path })
    else {
      real.reader = openRingReader({ path: real.path })
      model.read = 0
    }
    matches(model, real)
  },
  toString: () => `reopen(${side})`,
})

const capacities = [1024, 1032, 1048, 2048]
/** Small ones; those that take an eighth, a quarter or half of a ring exactly, and a byte more or less; too large ones. */
const length = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 120 }) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...capacities), fc.constantFrom(2, 4, 8), fc.integer({ min: -1, max: 1 }))
      .map(([capacity, parts, more]) => Math.floor(capacity / parts / 8) * 8 - recordHeaderBytes + more),
  },
  { weight: 1, arbitrary: fc.integer({ min: 400, max: 1100 }) },
)

const commands = fc.commands(
  [
    fc.tuple(length, fc.nat(255)).map(([bytes, fill]) => write(bytes, fill)),
    fc.tuple(length, fc.nat(255)).map(([bytes, fill]) => write(bytes, fill)),
    fc.constantFrom(1, 100, 300, 4096).map(read),
    fc.constantFrom(0.3, 0.5, 1, 1).map(release),
    fc.constant(rewind),
    fc.constantFrom('writer' as const, 'reader' as const).map(reopen),
  ],
  { maxCommands: 80, size: 'max' },
)

test('PR1, PR3, PR8: a tiny ring does what its model does', async t => {
  const path = ringPath(t)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...capacities), commands, async (capacity, all) => {
      rmSync(path, { force: true })
      const real = {
        path,
        writer: await openRingWriter({ path, capacityBytes: capacity }),
        reader: openRingReader({ path }),
      }
      const model = {
        capacity,
        records: [],
        read: 0,
        written: 0,
        released: 0,
        sequence: 0,
        lostRecords: 0,
        lostBytes: 0,
      }
      try {
        await fc.asyncModelRun(() => ({ model, real }), all)
      } finally {
        real.writer.close()
        real.reader.close()
      }
    }),
    { numRuns: 150 },
  )
})
