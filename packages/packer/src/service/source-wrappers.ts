import type { EventSource } from '../archive/contract.ts'
import { beforeLater } from '../run/source-records.ts'
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
      const whole = isOver ? undefined : await source.read(bytesMax)
      if (!whole) return undefined
      const { slice, isCut } = beforeLater(whole, isLater)
      isOver = isCut
      return slice
    },
  }
}
