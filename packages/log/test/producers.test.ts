import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lastSequenceOf, Producers } from '../src/producers.ts'
import { noUsage } from '../src/usage.ts'
import { plainBatch } from './support/batches.ts'
import { open, temporaryDirectory } from './support/logs.ts'

const top = 2 ** 31 - 1

/** A partition's producers and the offsets that batches get. */
class Bench {
  readonly producers = new Producers(noUsage())
  end = 0

  /** Offset, and whether it is the first one's; or the code of the refusal. */
  send(epoch: number, first: number, count = 1, transactional = false): string {
    try {
      const last = lastSequenceOf(first, count)
      const repeated = this.producers.check(7, epoch, first, last, transactional)
      if (repeated >= 0) return `again ${repeated}`
      this.producers.appended(7, epoch, first, last, this.end, 0)
      this.end += count
      return `${this.end - count}`
    } catch (error) {
      return (error as { code: string }).code.replace('log.', '')
    }
  }
}

type Row = [name: string, steps: [epoch: number, first: number, count: number, expected: string][]]

const rows: Row[] = [
  [
    'sequences that follow',
    [
      [0, 0, 3, '0'],
      [0, 3, 1, '3'],
      [0, 4, 2, '4'],
    ],
  ],
  [
    'a repetition of the last five',
    [
      [0, 0, 1, '0'],
      [0, 1, 1, '1'],
      [0, 2, 1, '2'],
      [0, 3, 1, '3'],
      [0, 4, 1, '4'],
      [0, 0, 1, 'again 0'],
      [0, 4, 1, 'again 4'],
    ],
  ],
  [
    'a repetition from before the last five',
    [
      [0, 0, 1, '0'],
      [0, 1, 1, '1'],
      [0, 2, 1, '2'],
      [0, 3, 1, '3'],
      [0, 4, 1, '4'],
      [0, 5, 1, '5'],
      [0, 0, 1, 'duplicate-sequence'],
      [0, 1, 1, 'again 1'],
    ],
  ],
  [
    'a gap',
    [
      [0, 0, 1, '0'],
      [0, 2, 1, 'out-of-order-sequence'],
      [0, 1, 1, '1'],
    ],
  ],
  [
    'a part of a batch again',
    [
      [0, 0, 4, '0'],
      [0, 0, 2, 'out-of-order-sequence'],
      [0, 2, 2, 'out-of-order-sequence'],
    ],
  ],
  [
    'an unknown producer may begin anywhere',
    [
      [3, 500, 1, '0'],
      [3, 501, 1, '1'],
      [3, 400, 1, 'out-of-order-sequence'],
    ],
  ],
  [
    'an older epoch',
    [
      [2, 0, 1, '0'],
      [1, 1, 1, 'invalid-producer-epoch'],
      [1, 0, 1, 'invalid-producer-epoch'],
    ],
  ],
  [
    'a newer epoch begins at 0',
    [
      [0, 0, 1, '0'],
      [1, 1, 1, 'out-of-order-sequence'],
      [1, 0, 1, '1'],
      [0, 1, 1, 'invalid-producer-epoch'],
      [1, 1, 1, '2'],
    ],
  ],
  [
    'a newer epoch forgets the batches of the old one',
    [
      [0, 0, 1, '0'],
      [1, 0, 1, '1'],
      [1, 0, 1, 'again 1'],
    ],
  ],
  [
    'sequences begin again after 2^31 − 1',
    [
      [0, top - 1, 2, '0'],
      [0, 0, 1, '2'],
      [0, 1, 1, '3'],
      [0, top - 1, 2, 'again 0'],
    ],
  ],
  [
    'a batch across the end of the sequences',
    [
      [0, top, 3, '0'],
      [0, 2, 1, '3'],
      [0, top, 3, 'again 0'],
    ],
  ],
  [
    'older than five across the end',
    [
      [0, top, 1, '0'],
      [0, 0, 1, '1'],
      [0, 1, 1, '2'],
      [0, 2, 1, '3'],
      [0, 3, 1, '4'],
      [0, 4, 1, '5'],
      [0, top, 1, 'duplicate-sequence'],
      [0, 6, 1, 'out-of-order-sequence'],
    ],
  ],
]

for (const [name, steps] of rows) {
  test(`L4: ${name}`, () => {
    const bench = new Bench()
    for (const [epoch, first, count, expected] of steps) assert.equal(bench.send(epoch, first, count), expected)
  })
}

test('L4: whatever is repeated, each sequence is appended once and in order', () => {
  const step = fc.record({ back: fc.nat(8), count: fc.integer({ min: 1, max: 3 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 20 }), (steps, before) => {
      const bench = new Bench()
      const start = (top - before + 1) % 2 ** 31
      const sent: { first: number; count: number; offset: number }[] = []
      for (const { back, count } of steps) {
        const again = sent.at(-back)
        if (back > 0 && again) {
          const expected = back <= 5 ? `again ${again.offset}` : 'duplicate-sequence'
          assert.equal(bench.send(0, again.first, again.count), expected)
          continue
        }
        const last = sent.at(-1)
        const first = last ? (last.first + last.count) % 2 ** 31 : start
        assert.equal(bench.send(0, first, count), `${bench.end - count}`)
        sent.push({ first, count, offset: bench.end - count })
      }
    }),
  )
})

test('a producer with an open transaction sends nothing outside of it', () => {
  const bench = new Bench()
  assert.equal(bench.send(0, 0, 1, true), '0')
  bench.producers.get(7)!.txnFirstOffset = 0
  assert.equal(bench.send(0, 1, 1, false), 'invalid-txn-state')
  assert.equal(bench.send(0, 1, 1, true), '1')
})

test('silent producers are forgotten, those with an open transaction are not', () => {
  const usage = noUsage()
  const producers = new Producers(usage)
  for (const [id, at] of [
    [1, 10],
    [2, 20],
    [3, 5],
  ] as const)
    producers.appended(id, 0, 0, 0, 0, at)
  producers.get(3)!.txnFirstOffset = 0
  assert.equal(producers.expire(15), 1)
  assert.deepEqual(
    [...producers.values()].map(p => p.producerId),
    [2, 3],
  )
  assert.equal(usage.producers, 2)
})

test('L5: a restart remembers producers, by snapshot and by replay', async context => {
  const directory = temporaryDirectory(context)
  let log = await open({ directory })
  await log.createTopic({ name: 't', partitions: 1 })
  const batch = (sequence: number) => plainBatch(2, 20, { producerId: 5, producerEpoch: 1, baseSequence: sequence })
  for (let n = 0; n < 6; n++) log.partition('t', 0)!.append(batch(n * 2))
  for (let restart = 0; restart < 3; restart++) {
    await log.close()
    log = await open({ directory })
    const partition = log.partition('t', 0)!
    const repeated = partition.append(batch(4))
    assert.deepEqual([repeated.baseOffset, repeated.duplicate], [4, true])
    await repeated.durable
    assert.throws(() => partition.append(batch(0)), { code: 'log.duplicate-sequence' })
    assert.throws(() => partition.append(batch(14)), { code: 'log.out-of-order-sequence' })
    assert.equal(partition.logEndOffset, 12)
  }
  await log.close()
})

test('producers beyond the limit are forgotten, the longest silent first', async context => {
  const directory = temporaryDirectory(context)
  const log = await open({ directory, settings: { producersMax: 20 } })
  await log.createTopic({ name: 't', partitions: 1 })
  const partition = log.partition('t', 0)!
  const send = (producerId: number, sequence: number) =>
    partition.append(plainBatch(1, 5, { producerId, producerEpoch: 0, baseSequence: sequence }))
  for (let id = 0; id < 21; id++) send(id, 0)
  // All were seen at the same time, so the pass has forgotten all but the one that was being added; it may go on from anywhere.
  assert.equal(send(3, 17).duplicate, false)
  await log.close()
})
