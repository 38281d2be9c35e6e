import type { Clock } from '@chronicle/base'
import type { EventSource, SourceSlice } from '../archive/contract.ts'
import { packerErrors } from '../errors.ts'
import type { RingReader, RingSlice } from '../ring/contract.ts'
import { openRingReader } from '../ring/reader.ts'
import { ringStatus } from '../ring/status.ts'

/** How often a ring that another process reads is tried again. */
const busyPauseMs = 50
const skipBytesMax = 1024 * 1024

export type RingSourceOptions = {
  readonly path: string
  readonly backpressureThreshold: number
  readonly writeTimeoutMs?: number
  /** How long to wait for another process that reads the ring. */
  readonly busyMsMax: number
  readonly clock: Clock
  /** The ring was deleted or replaced. What was read of it is whole, and there is no more. */
  readonly onGone?: () => void
}

/** The reading side of a ring as a source, for one run. Rejects with a `packer.ring-…` error where there is none. */
export async function openRingSource(options: RingSourceOptions): Promise<EventSource> {
  const deadline = options.clock.monotonic() + options.busyMsMax
  for (;;) {
    try {
      return sourceOf(openRingReader(options), options.onGone)
    } catch (error) {
      const isBusy = packerErrors.is(error) && error.code === 'packer.ring-busy'
      if (!isBusy || options.clock.monotonic() >= deadline) throw error
      const { promise, resolve } = Promise.withResolvers<void>()
      options.clock.after(busyPauseMs, resolve)
      await promise
    }
  }
}

function sourceOf(reader: RingReader, onGone: () => void = () => undefined): EventSource {
  const { id } = reader.status()
  return {
    id: `ring/${id}`,
    name: reader.path,
    read: async bytesMax => {
      try {
        const slice = reader.read(bytesMax)
        return slice && sliceOf(slice)
      } catch (error) {
        if (!isGone(error, reader.path, id)) throw error
        onGone()
        return undefined
      }
    },
    settle: async () => reader.sync(),
    release: async position => reader.release(position),
    skipTo: async position => skipTo(reader, position),
    backlogBytes: () => reader.status().usedBytes,
    close: async () => reader.close(),
  }
}

/** The file is open here alone: a run that failed now would lose what it read. Where only a lock is gone, the next run reads it again. */
function isGone(error: unknown, path: string, id: string): boolean {
  if (!packerErrors.is(error) || error.code !== 'packer.ring-removed') return false
  try {
    return ringStatus(path).id !== id
  } catch {
    // Nothing is there, or something that is no ring.
    return true
  }
}

function sliceOf({ records, damage, next }: RingSlice): SourceSlice {
  return {
    records,
    damage: damage.map(({ position, reason }) => ({ position, reason, bytes: new Uint8Array(0) })),
    // Each is in order. There are as many as 131,072 of them: too many for the arguments of one call.
    from: Math.min(records[0]?.position ?? next, damage[0]?.position ?? next),
    next,
  }
}

/** Gives everything below `position` back to the writer: it is in files. What is released already stays so. */
function skipTo(reader: RingReader, position: number): void {
  let next = 0
  while (next < position) {
    const slice = reader.read(skipBytesMax)
    if (!slice) break
    next = slice.next
  }
  if (next >= position) reader.release(position)
  reader.rewind()
}
