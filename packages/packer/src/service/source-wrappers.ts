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
        const doneBytes = slice.next - first
        onProgress(source.progress?.() ?? { doneBytes, totalBytes: Math.max(totalBytes, doneBytes) })
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

/** One progress of several sources: gives each in turn one that it tells its own to, from 0 on. */
export function progressTogether(onProgress: (progress: RunProgress) => void): () => (progress: RunProgress) => void {
  let [before, ofCurrent] = [0, 0]
  return () => {
    before += ofCurrent
    ofCurrent = 0
    return ({ doneBytes, totalBytes }) => {
      ofCurrent = doneBytes
      onProgress({ doneBytes: before + doneBytes, totalBytes: before + totalBytes })
    }
  }
}
