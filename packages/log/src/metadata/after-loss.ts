/** Which metadata entries still make sense once entries before them were lost (L13). */
import type { MetadataEntry } from './entries.ts'
import type { MetadataState } from './state.ts'

/**
 * What to apply in place of `entry`: itself, parts of it, more, or nothing, so that {@link apply} does not refuse. Streams that are
 * named are taken as given, so that they are not given again (L9).
 */
export function fitAfterLoss(state: MetadataState, entry: MetadataEntry): readonly MetadataEntry[] {
  switch (entry.type) {
    case 'topic-created': {
      // The name was free when it was taken: it is the end of the older topic that was lost.
      const older = state.topics.get(entry.name)
      return older ? [{ type: 'topic-deleted', topicId: older.topicId }, entry] : [entry]
    }
    case 'partitions-added':
      if (state.topicsById.has(entry.topicId)) return [entry]
      for (const stream of entry.streams) passStream(state, stream)
      return []
    case 'topic-deleted':
    case 'topic-configs-set':
      return state.topicsById.has(entry.topicId) ? [entry] : []
    case 'log-start-moved':
      for (const { stream } of entry.starts) passStream(state, stream)
      return [entry]
    default:
      return [entry]
  }
}

/** `stream` was given, though the entry that says so was lost. */
export function passStream(state: MetadataState, stream: number): void {
  state.nextStream = Math.max(state.nextStream, stream + 1)
}
