import type { Clock } from '@chronicle/base'
import type { EventSource, SourceSlice } from '../archive/contract.ts'
import { packerErrors } from '../errors.ts'
import type { RingReader, RingSlice } from '../ring/contract.ts'
import { openRingReader } from '../ring/reader.ts'

/** How often a ring that another process reads is tried again. */
const busyPauseMs = 50
const skipBytesMax = 1024 * 1024

export type RingSourceOptions = {
  readonly path: string
  readonly backpressureThreshold: number
  /** How long to wait for another process that reads the ring. */
  readonly busyMsMax: number
  readonly clock: Clock
}

/** The reading side of a ring as a source, for one run. Rejects with a `packer.ring-…` error where there is none. */
export async function openRingSource(options: RingSourceOptions): Promise<EventSource> {
  const deadline = options.clock.monotonic() + options.busyMsMax
  for (;;) {
    try {
      return sourceOf(openRingReader(options))
    } catch (error) {
      const isBusy = packerErrors.is(error) && error.code === 'packer.ring-busy'
      if (!isBusy || options.clock.monotonic() >= deadline) throw error
      const { promise, resolve } = Promise.withResolvers<void>()
      options.clock.after(busyPauseMs, resolve)
      await promise
    }
  }
}

function sourceOf(reader: RingReader): EventSource {
  return {
    id: `ring/${reader.status().id}`,
    name: reader.path,
    read: async bytesMax => {
      const slice = reader.read(bytesMax)
      return slice && sliceOf(slice)
    },
    release: async position => reader.release(position),
    skipTo: async position => skipTo(reader, position),
    backlogBytes: () => reader.status().usedBytes,
    close: async () => reader.close(),
  }
}

function sliceOf({ records, damage, next }: RingSlice): SourceSlice {
  const positions = [...records, ...damage].map(({ position }) => position)
  return {
    records,
    damage: damage.map(({ position, reason }) => ({ position, reason, bytes: new Uint8Array(0) })),
    from: Math.min(...positions),
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
