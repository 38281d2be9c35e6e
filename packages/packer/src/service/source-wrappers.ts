import type { EventSource, SourceSlice } from '../archive/contract.ts'
import { decodeEvents, decodeFrames } from '../intake/index.ts'
import type { RunProgress } from './contract.ts'

/** `source`, saying how far it was read after each slice. */
export function reporting(source: EventSource, onProgress: (progress: RunProgress) => void): EventSource {
  const totalBytes = source.backlogBytes()
  let first: number | undefined
  return {
    ...source,
    async read(bytesMax) {
      const slice = await source.read(bytesMax)
      if (slice) {
        first ??= slice.from
        onProgress({ doneBytes: slice.next - first, totalBytes: Math.max(totalBytes, slice.next - first) })
      }
      return slice
    },
  }
}

/** `source` up to the first record that has an event or frame of a moment for which `isLater` holds. */
export function upTo(source: EventSource, isLater: (timestampNs: bigint) => boolean): EventSource {
  let isOver = false
  return {
    ...source,
    async read(bytesMax) {
      const slice = isOver ? undefined : await source.read(bytesMax)
      const later = slice?.records.find(record => timestampsOf(record).some(isLater))
      if (!slice || !later) return slice
      isOver = true
      return before(slice, later.position)
    },
  }
}

/** What lies below `position`; undefined where nothing does. */
function before(slice: SourceSlice, position: number): SourceSlice | undefined {
  const records = slice.records.filter(each => each.position < position)
  const damage = slice.damage.filter(each => each.position < position)
  return records.length + damage.length === 0 ? undefined : { ...slice, records, damage, next: position }
}

function timestampsOf({ kind, payload }: SourceSlice['records'][number]): readonly bigint[] {
  if (kind === 'frames') return decodeFrames(payload).frames.map(frame => frame.timestampNs)
  return decodeEvents(payload).map(({ columns }) => columns.timestampNs.reduce((a, b) => (a > b ? a : b), 0n))
}
