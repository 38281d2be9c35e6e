/**
 * What a log amounts to after a history of operations, without any of its machinery. Operations carry the order in which they
 * were appended; after a crash some prefix of them has survived.
 */

export type ModelBatch = {
  readonly baseOffset: number
  readonly records: number
  /** Header and records after the base offset and leader epoch, which the broker sets; undefined for markers, which it makes itself. */
  readonly rest: Buffer | undefined
  readonly producerId: number
  /** −1 for markers and for producers without an id. */
  readonly sequence: number
  readonly transactional: boolean
  /** Set on the marker that ends a transaction. */
  readonly marker?: 'commit' | 'abort'
}

export type ModelTopic = { readonly id: string; configs: Record<string, string>; readonly partitions: ModelBatch[][] }

export class LogModel {
  readonly topics = new Map<string, ModelTopic>()
  /** `group/topic/partition` to offset. */
  readonly offsets = new Map<string, number>()
  readonly groups = new Map<string, string>()
  /** `topic id/partition` to the offset up to which records were deleted on demand. */
  readonly deleted = new Map<string, number>()

  /** What can be compared with a log, as text. */
  fingerprint(): string {
    const topics = [...this.topics].map(([name, { id, configs, partitions }]) => {
      const ends = partitions.map(batches => endOf(batches))
      return [name, id, configs, ends]
    })
    return JSON.stringify([topics.sort(), [...this.offsets].sort(), [...this.groups].sort()])
  }
}

export function endOf(batches: readonly ModelBatch[]): number {
  const last = batches.at(-1)
  return last ? last.baseOffset + last.records : 0
}

export type ModelTransaction = {
  readonly producerId: number
  readonly firstOffset: number
  lastOffset: number
  aborted: boolean
}

/** The transactions of a partition, by first offset; those still open have −1 for their last offset. */
export function transactionsOf(batches: readonly ModelBatch[]): ModelTransaction[] {
  const transactions: ModelTransaction[] = []
  for (const { producerId, baseOffset, transactional, marker } of batches) {
    const open = transactions.find(t => t.producerId === producerId && t.lastOffset < 0)
    if (marker && open) Object.assign(open, { lastOffset: baseOffset, aborted: marker === 'abort' })
    else if (transactional && !open && !marker) {
      transactions.push({ producerId, firstOffset: baseOffset, lastOffset: -1, aborted: false })
    }
  }
  return transactions
}

/** One operation, in the order of the log. */
export type ModelOperation = { readonly name: string; acknowledged: boolean; readonly apply: (model: LogModel) => void }
