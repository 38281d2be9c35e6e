import { assert, type Clock } from '@chronicle/base'
import type { Log, Partition } from '@chronicle/log'
import type { LogPosition } from '../contract.ts'
import type { EventWriter } from '../projector-contract.ts'
import { type BatchLimits, readBatch } from './read-batch.ts'
import { projectedTopics } from './topics.ts'

/** Larger than what the projector writes at once: nobody waits for these. */
const batchLimits: BatchLimits = { eventsMax: 10_000, bytesMax: 16 * 1024 * 1024 }

/**
 * Where a replay begins: at the oldest records that are there, at the first of a time (milliseconds since the epoch) or later, or where the tables that are written to are; at the oldest
 * records again where the log ends before that.
 */
export type ReplayFrom = 'beginning' | { readonly timestamp: number } | 'positions'

export type ReplayOptions = {
  readonly log: Log
  readonly clock: Clock
  readonly writer: EventWriter
  readonly from: ReplayFrom
  /** Where it ends: what other tables have, to be compared with; without it, what the log holds now. Partitions that are not named are left out. */
  readonly until?: readonly LogPosition[]
  readonly onProgress?: (progress: ReplayProgress) => void
  readonly signal?: AbortSignal
}

export type ReplayProgress = {
  /** Records that were read, and how many there were at the start: retention may remove some before their turn. */
  readonly read: number
  readonly total: number
  readonly events: number
  /** Records that are no events: they were dead letters when they came, and are not added again. */
  readonly refused: number
}

/**
 * Writes what the log holds to tables of their own, partition by partition (OL9). Resolves when all of it is written. Rejects as the writer and the log do, and with the
 * signal's reason: the tables know how far they are then, and a replay from their positions goes on.
 */
export async function replayLog(options: ReplayOptions): Promise<ReplayProgress> {
  const stored = await options.writer.positions()
  const stretches = await Promise.all(partitionsOf(options).map(each => stretchOf(each, options.from, stored)))
  const progress = { read: 0, total: 0, events: 0, refused: 0 }
  for (const { offset, end } of stretches) progress.total += Math.max(0, end - offset)
  for (const stretch of stretches) await replayStretch(stretch, options, progress)
  return progress
}

type Stretch = {
  readonly partition: Partition
  readonly offset: number
  readonly end: number
  /** The position that the tables have. */
  readonly stored: number | undefined
}

function partitionsOf({ log, until }: ReplayOptions): { partition: Partition; end: number }[] {
  const partitions = projectedTopics.flatMap(name => log.topic(name)?.partitions ?? [])
  return partitions.flatMap(partition => {
    const asked = until === undefined ? partition.lastStableOffset : offsetIn(until, partition)
    return asked === undefined ? [] : [{ partition, end: Math.min(asked, partition.lastStableOffset) }]
  })
}

async function stretchOf(
  { partition, end }: { partition: Partition; end: number },
  from: ReplayFrom,
  positions: readonly LogPosition[],
): Promise<Stretch> {
  const stored = offsetIn(positions, partition)
  return { partition, end, stored, offset: await startOf(partition, from, stored, end) }
}

async function startOf(partition: Partition, from: ReplayFrom, stored: number | undefined, end: number) {
  if (typeof from === 'object') return (await partition.offsetForTimestamp(from.timestamp))?.offset ?? end
  const isReached = from === 'positions' && stored !== undefined && stored <= partition.logEndOffset
  return isReached ? stored : partition.logStartOffset
}

async function replayStretch(
  stretch: Stretch,
  options: ReplayOptions,
  progress: { -readonly [K in keyof ReplayProgress]: number },
): Promise<void> {
  const { partition, end } = stretch
  let { stored, offset: next } = stretch
  for (;;) {
    options.signal?.throwIfAborted()
    // Retention goes on meanwhile.
    const offset = Math.max(next, partition.logStartOffset)
    if (offset >= end) return
    const nowMicros = options.clock.now() * 1000
    const { events, refused, position } = await readBatch({ partition, offset, end }, batchLimits, nowMicros)
    assert(position.offset > offset, 'a partition with unread records gives some of them')
    await options.writer.write({ events, positions: [{ ...position, from: stored }] })
    stored = position.offset
    progress.read += position.offset - offset
    progress.events += events.length
    progress.refused += refused.length
    next = position.offset
    options.onProgress?.({ ...progress })
  }
}

function offsetIn(positions: readonly LogPosition[], { topicId, index }: Partition): number | undefined {
  return positions.find(position => position.topicId === topicId && position.partition === index)?.offset
}
