import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FetchedPartition, fetchedRecords, nextPosition } from '../src/cli/fetched.ts'

type Batch = NonNullable<FetchedPartition['records']>[number]

const transactional = 0x10
const control = 0x20

/** A batch of a producer, as the client library takes it apart. Each record is named by its offset. */
function batch(firstOffset: number, count: number, producerId: number, attributes = 0): Batch {
  const records = Array.from({ length: count }, (_, at) => ({
    length: 0,
    attributes: 0,
    timestampDelta: BigInt(at),
    offsetDelta: at,
    key: null,
    value: Buffer.from(`${firstOffset + at}`),
    headers: [],
  }))
  return {
    firstOffset: BigInt(firstOffset),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes,
    lastOffsetDelta: Math.max(0, count - 1),
    firstTimestamp: 1000n,
    maxTimestamp: 2000n,
    producerId: BigInt(producerId),
    producerEpoch: 0,
    firstSequence: 0,
    records,
  } as unknown as Batch
}

/** The control record that ends a transaction: 0 without its records, 1 with them. */
function marker(offset: number, producerId: number, type: 0 | 1): Batch {
  const ends = batch(offset, 1, producerId, transactional | control)
  Object.assign(ends.records[0]!, { key: Buffer.from([0, 0, 0, type]) })
  return ends
}

function partition(records: Batch[], aborted: [producerId: number, firstOffset: number][] = []): FetchedPartition {
  const abortedTransactions = aborted.map(([producerId, firstOffset]) => {
    return { producerId: BigInt(producerId), firstOffset: BigInt(firstOffset) }
  })
  return { partitionIndex: 0, records, abortedTransactions } as unknown as FetchedPartition
}

function offsets(fetched: FetchedPartition, position = 0): number[] {
  return [...fetchedRecords(fetched, position)].map(({ offset }) => offset)
}

test('of transactions only those that were committed are read, and their markers never', () => {
  const records = [
    batch(0, 2, 7, transactional),
    batch(2, 1, 8, transactional),
    marker(3, 7, 0),
    batch(4, 1, 7, transactional),
    marker(5, 7, 1),
    marker(6, 8, 1),
    batch(7, 1, 7, transactional),
    batch(8, 1, -1),
    marker(9, 7, 0),
  ]
  const fetched = partition(records, [
    [7, 7],
    [7, 0],
  ])
  assert.deepEqual(offsets(fetched), [2, 4, 8])
  assert.equal(nextPosition(fetched, 0), 10, 'markers are passed over, too')
})

test('a batch that begins below the position is read from there; one that compaction emptied is passed over', () => {
  const fetched = partition([batch(0, 5, -1), { ...batch(5, 0, -1), lastOffsetDelta: 4 }])
  assert.deepEqual(offsets(fetched, 3), [3, 4])
  assert.equal(nextPosition(fetched, 3), 10)
  assert.equal(nextPosition(partition([]), 3), 3)
})

test('the time of a record is its own, or that of its batch where the log gives it', () => {
  const times = (attributes: number) =>
    [...fetchedRecords(partition([batch(0, 2, -1, attributes)]), 0)].map(each => each.timestamp)
  assert.deepEqual(times(0), [1000, 1001])
  assert.deepEqual(times(0x08), [2000, 2000])
})
