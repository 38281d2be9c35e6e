import type { Clock } from '@chronicle/base'
import type { EventSource, RunReport } from '../archive/contract.ts'
import { decodeFrames } from '../intake/index.ts'
import { sliceBytesMax } from '../run/drain.ts'
import { bytesOfRecord, eventsOf } from '../run/source-records.ts'

/**
 * Reads and checks what a run would pack, and changes nothing: no file, no position. `filesCreated` counts one table a day, one file a frame, and one
 * for what is refused; tables that roll over make more. Duplicates show only when they are packed.
 */
export async function preview(
  source: EventSource,
  { clock, dayOf, signal }: { clock: Clock; dayOf: (timestampNs: bigint) => string; signal: AbortSignal },
): Promise<RunReport> {
  const startMs = clock.monotonic()
  const days = new Set<string>()
  const seen = { events: 0, failed: 0, damaged: 0, frames: 0, bytes: 0 }
  for (let slice = await source.read(sliceBytesMax); slice; slice = await source.read(sliceBytesMax)) {
    seen.failed += slice.damage.length
    seen.damaged += slice.damage.length
    for (const record of slice.records) {
      seen.bytes += bytesOfRecord(record)
      if (record.kind === 'frames') {
        const { frames, refusals } = decodeFrames(record.payload)
        seen.frames += frames.length
        seen.failed += refusals.length
        continue
      }
      for (const { columns, refusals } of eventsOf(record)) {
        seen.events += columns.rows
        seen.failed += refusals.length
        for (const timestampNs of columns.timestampNs.subarray(0, columns.rows)) days.add(dayOf(timestampNs))
      }
    }
    if (signal.aborted) break
  }
  return {
    eventsProcessed: seen.events,
    eventsFailed: seen.failed,
    duplicates: 0,
    damagedRecords: seen.damaged,
    outOfOrder: 0,
    frames: seen.frames,
    filesCreated: days.size + seen.frames + (seen.failed > 0 ? 1 : 0),
    bytesProcessed: seen.bytes,
    durationMs: clock.monotonic() - startMs,
    ended: signal.aborted ? 'stopped' : 'drained',
  }
}
