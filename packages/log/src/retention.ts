import type { PartitionLog } from './partition.ts'

/**
 * Where `partition` may start by its retention settings: the end of the oldest blocks that are too old, or too much, as Kafka
 * decides for whole segments (L11). Blocks without timestamps go with the first timestamped one after them.
 */
export function retainedStart(partition: PartitionLog, now: number): number {
  const { settings, batches } = partition
  if (!settings.deleted) return partition.logStartOffset
  const block = Math.max(blocksTooMany(partition), blocksTooOld(partition, now))
  const start = block < batches.length ? batches.baseOffset(block) : partition.logEndOffset
  return Math.max(partition.logStartOffset, Math.min(start, partition.highWatermark))
}

/** How many of the oldest blocks can go with `retention.bytes` still being reached. */
function blocksTooMany({ settings, batches }: PartitionLog): number {
  if (settings.retentionBytes < 0) return 0
  let excess = batches.totalBytes - settings.retentionBytes
  let block = 0
  while (block < batches.length && excess >= batches.bytes(block)) excess -= batches.bytes(block++)
  return block
}

/** How many of the oldest blocks hold only records older than `retention.ms`. */
function blocksTooOld({ settings, batches }: PartitionLog, now: number): number {
  if (settings.retentionMs < 0) return 0
  let tooOld = 0
  for (let block = 0; block < batches.length; block++) {
    const timestamp = batches.maxTimestamp(block)
    if (timestamp < 0) continue
    if (now - timestamp <= settings.retentionMs) break
    tooOld = block + 1
  }
  return tooOld
}
