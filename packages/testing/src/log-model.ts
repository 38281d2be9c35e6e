/**
 * What a log amounts to after a history of operations, without any of its machinery. Operations carry the order in which they
 * were appended; after a crash some prefix of them has survived.
 */

export type ModelBatch = {
  readonly baseOffset: number
  readonly records: number
  /** Header and records after the base offset and leader epoch, which the broker sets. */
  readonly rest: Buffer
  readonly producerId: number
  readonly sequence: number
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

/** One operation, in the order of the log. */
export type ModelOperation = { readonly name: string; acknowledged: boolean; readonly apply: (model: LogModel) => void }
