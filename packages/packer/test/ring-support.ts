import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { seededRandom } from '@chronicle/base'
import type { RingDamage, RingReader, RingRecord } from '../src/index.ts'

/** A path for a ring in a directory of its own that goes with the test. */
export function ringPath(t: Pick<TestContext, 'after'>): string {
  const directory = mkdtempSync(join(tmpdir(), 'ring-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'ring')
}

export type Copied = Omit<RingRecord, 'payload'> & { readonly payload: Buffer }

/** Everything that is there, copied out of the reader's buffer; nothing is released. */
export function readAll(reader: RingReader, bytesMax = 64 * 1024): { records: Copied[]; damage: RingDamage[] } {
  const records: Copied[] = []
  const damage: RingDamage[] = []
  for (let slice = reader.read(bytesMax); slice; slice = reader.read(bytesMax)) {
    records.push(...slice.records.map(record => ({ ...record, payload: Buffer.from(record.payload) })))
    damage.push(...slice.damage)
  }
  return { records, damage }
}

export const payloadsOf = (records: readonly Copied[]): string[] => records.map(({ payload }) => payload.toString())

/** The id and the time are always the same: the bytes of a ring made with these are as well. */
export const fixed = () => ({ random: seededRandom(1), now: () => 1_790_000_000_000 })

/**
 * What the loads write: the run and a counter, 4 bytes little-endian each, and bytes that follow from the counter, as many as follow from it.
 * The loads in C do the same.
 */
export function loadPayload(target: Buffer, run: number, counter: number): Buffer {
  const length = 8 + ((Math.imul(counter, 7919) >>> 0) % 193)
  target.writeUInt32LE(run, 0)
  target.writeUInt32LE(counter, 4)
  target.fill(counter & 0xff, 8, length)
  return target.subarray(0, length)
}

const expected = Buffer.alloc(256)

/** Checks that records are what a load wrote, in order, each once; counts what the sequence says is missing. */
export class LoadCheck {
  records = 0
  missing = 0
  runs = 0
  lastSequence = 0
  #run = -1
  /** Sequence − counter: the same for all records of a run, also over losses. */
  #offset = 0

  see(record: RingRecord): void {
    const payload = Buffer.from(record.payload.buffer, record.payload.byteOffset, record.payload.length)
    const run = payload.readUInt32LE(0)
    const counter = payload.readUInt32LE(4)
    assert.ok(payload.equals(loadPayload(expected, run, counter)), `record ${record.sequence} is not what was written`)
    assert.ok(record.sequence > this.lastSequence, `${record.sequence} after ${this.lastSequence}`)
    this.missing += record.sequence - this.lastSequence - 1
    if (run !== this.#run) {
      assert.ok(run > this.#run, 'runs follow each other')
      this.#run = run
      this.#offset = record.sequence - counter
      this.runs++
    }
    assert.equal(record.sequence - counter, this.#offset, 'every record of a run once and in order')
    this.lastSequence = record.sequence
    this.records++
  }
}
