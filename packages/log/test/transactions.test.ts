import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PartitionLog } from '../src/partition.ts'
import { Transactions } from '../src/transactions.ts'
import { plainBatch } from './support/batches.ts'
import { baseOffsetOf, batchesOf, open, temporaryDirectory } from './support/logs.ts'

test('L6: the last stable offset and the aborted transactions are those of a model that looks at everything', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('data' as const), id: fc.nat(3) }),
    fc.record({ kind: fc.constantFrom('commit' as const, 'abort' as const), id: fc.nat(3) }),
    fc.record({ kind: fc.constant('durable' as const), id: fc.nat(5) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), fc.nat(60), (steps, from, span) => {
      const transactions = new Transactions()
      const all: { producerId: number; firstOffset: number; lastOffset: number; aborted: boolean }[] = []
      let end = 0
      let highWatermark = 0
      for (const { kind, id } of steps) {
        if (kind === 'durable') {
          highWatermark = Math.min(end, highWatermark + id)
          transactions.advance(highWatermark)
        } else if (kind === 'data') {
          if (!all.some(t => t.producerId === id && t.lastOffset < 0)) {
            transactions.begin(id, end)
            all.push({ producerId: id, firstOffset: end, lastOffset: -1, aborted: false })
          }
          end++
        } else {
          transactions.end(id, end, kind === 'abort')
          const open = all.find(t => t.producerId === id && t.lastOffset < 0)
          if (open) Object.assign(open, { lastOffset: end, aborted: kind === 'abort' })
          end++
        }
        const undecided = all.filter(t => t.lastOffset < 0 || t.lastOffset >= highWatermark).map(t => t.firstOffset)
        assert.equal(transactions.lastStableOffset(highWatermark), Math.min(highWatermark, ...undecided))
      }
      const to = from + span
      const expected = all.filter(t => t.aborted && t.lastOffset >= from && t.firstOffset < to).map(t => t.firstOffset)
      // Beyond the last stable offset nobody asks.
      if (to <= transactions.lastStableOffset(highWatermark)) {
        assert.deepEqual(
          transactions.abortedWithin(from, to).map(t => t.firstOffset),
          expected.sort((a, b) => a - b),
        )
      }
    }),
  )
})

test('L6: read_committed stops at the open transaction, lists what was aborted, also after restarts', async context => {
  const directory = temporaryDirectory(context)
  let log = await open({ directory })
  await log.createTopic({ name: 't', partitions: 1 })
  let partition = log.partition('t', 0) as PartitionLog
  const data = (producerId: number, sequence: number) =>
    partition.append(plainBatch(2, 10, { producerId, producerEpoch: 0, baseSequence: sequence, transactional: true }))
  const end = (producerId: number, type: 'commit' | 'abort') =>
    partition.appendControl({ producerId, producerEpoch: 0, coordinatorEpoch: 1, type, timestamp: 1_700_000_000_000 })
  data(1, 0) // 0–1, aborted at 4
  data(2, 0) // 2–3, stays open until the end
  end(1, 'abort') // 4
  data(1, 2) // 5–6, committed at 7
  await end(1, 'commit').durable
  for (let restart = 0; restart < 3; restart++) {
    assert.deepEqual([partition.lastStableOffset, partition.highWatermark], [2, 8])
    const committed = await partition.read(0, 1e6, 'read_committed', true)
    assert.deepEqual(
      committed.abortedTransactions.map(t => [t.producerId, t.firstOffset]),
      [[1, 0]],
    )
    assert.deepEqual(batchesOf(committed).map(baseOffsetOf), [0])
    const uncommitted = await partition.read(0, 1e6, 'read_uncommitted', true)
    assert.deepEqual(uncommitted.abortedTransactions, [])
    assert.deepEqual(batchesOf(uncommitted).map(baseOffsetOf), [0, 2, 4, 5, 7])
    assert.equal((await partition.read(2, 1e6, 'read_committed', true)).bytes, 0)
    await log.close()
    log = await open({ directory })
    partition = log.partition('t', 0) as PartitionLog
  }
  assert.throws(() => partition.append(plainBatch(1, 1, { producerId: 2, producerEpoch: 0, baseSequence: 2 })), {
    code: 'log.invalid-txn-state',
  })
  const older = { producerId: 2, producerEpoch: 0, type: 'abort', timestamp: 0 } as const
  partition.appendControl({ ...older, producerId: 9, coordinatorEpoch: 5 })
  assert.throws(() => partition.appendControl({ ...older, producerId: 9, coordinatorEpoch: 4 }), {
    code: 'log.coordinator-fenced',
  })
  assert.throws(() => partition.appendControl({ ...older, producerEpoch: -1, coordinatorEpoch: 5 }), {
    code: 'log.invalid-producer-epoch',
  })
  const ended = end(2, 'abort')
  assert.equal(partition.lastStableOffset, 2)
  await ended.durable
  assert.equal(partition.lastStableOffset, 10)
  const all = await partition.read(0, 1e6, 'read_committed', true)
  assert.deepEqual(
    all.abortedTransactions.map(t => [t.producerId, t.firstOffset]),
    [
      [1, 0],
      [2, 2],
    ],
  )
  all.release()
  await log.close()
})
