import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { BlockRow, OpenedBlock } from '../src/store/event-blocks.ts'
import { type BlockSource, mergeLimits, partsOf } from '../src/windows/merge.ts'

/** Blocks of times; `opened` is the largest number of events that were open at once and not taken. */
class Blocks implements BlockSource {
  readonly rows: readonly BlockRow[]
  readonly #times: ReadonlyMap<number, readonly number[]>
  opened = 0
  taken = 0
  heldMax = 0

  constructor(blocks: readonly (readonly number[])[]) {
    const sorted = blocks.map((times, at) => ({ blockId: at + 1, times: times.toSorted((a, b) => a - b) }))
    this.#times = new Map(sorted.map(({ blockId, times }) => [blockId, times]))
    this.rows = sorted
      .map(({ blockId, times }) => ({
        blockId,
        firstMs: times[0]!,
        events: times.length,
        payload: Buffer.alloc(0),
      }))
      .toSorted((a, b) => a.firstMs - b.firstMs || a.blockId - b.blockId)
  }

  page(after: { firstMs: number; blockId: number } | undefined, rowsMax: number): BlockRow[] {
    const from = after ? this.rows.findIndex(row => row.blockId === after.blockId) + 1 : 0
    return this.rows.slice(from, from + rowsMax)
  }

  async open({ blockId }: BlockRow): Promise<OpenedBlock> {
    const times = this.#times.get(blockId)!
    this.opened += times.length
    this.heldMax = Math.max(this.heldMax, this.opened - this.taken)
    const events = times.map((timestamp, at) => ({ id: `${blockId}/${at}`, timestamp, eventType: 'note', data: {} }))
    // One byte each.
    return { events, bytes: times.length }
  }
}

async function idsOf(blocks: Blocks, limits = mergeLimits): Promise<string[][]> {
  const parts: string[][] = []
  for await (const part of partsOf(blocks, limits)) {
    parts.push(part.map(({ id }) => id))
    blocks.taken += part.length
  }
  return parts
}

const someBlocks = fc.array(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 12 }), {
  maxLength: 40,
})

test('CW5: blocks that overlap in whatever way come out by time, those of one millisecond as they were stored', async () => {
  await fc.assert(
    fc.asyncProperty(someBlocks, async blocks => {
      const expected = blocks
        .flatMap((times, block) => times.toSorted((a, b) => a - b).map((time, at) => ({ time, block, at })))
        .sort((a, b) => a.time - b.time || a.block - b.block || a.at - b.at)
        .map(({ block, at }) => `${block + 1}/${at}`)
      assert.deepEqual((await idsOf(new Blocks(blocks))).flat(), expected)
    }),
  )
})

test('CW5: parts hold what a batch takes and not more, by events and by bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      someBlocks,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      async (blocks, events, bytes) => {
        const parts = await idsOf(new Blocks(blocks), { ...mergeLimits, partEventsMax: events, partBytesMax: bytes })
        const count = blocks.flat().length
        const most = Math.min(events, bytes)
        assert.deepEqual(
          parts.map(part => part.length),
          Array.from({ length: Math.ceil(count / most) }, (_, at) => Math.min(most, count - at * most)),
        )
      },
    ),
  )
})

test('CW5: a window whose blocks all overlap is never open as a whole, and comes out whole and the same each time', async () => {
  const times = Array.from({ length: 100 }, (_, at) => at)
  const limits = { ...mergeLimits, partEventsMax: 100, mergeEventsMax: 1_000 }
  const blocks = new Blocks(Array.from({ length: 200 }, () => times))
  const parts = await idsOf(blocks, limits)
  // Open, and in the part that is being filled.
  assert.ok(blocks.heldMax <= 1_000 + 100 + 100, `${blocks.heldMax}`)
  assert.equal(new Set(parts.flat()).size, 20_000)
  assert.deepEqual(await idsOf(new Blocks(Array.from({ length: 200 }, () => times)), limits), parts)
})
