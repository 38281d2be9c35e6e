import { type Batch, readStream } from './arrow/stream.ts'
import { checkEvents } from './check-events.ts'
import type { DecodedEvents, EventColumns, Refusal, TextColumn } from './contract.ts'
import { EventBatch } from './event-batch.ts'
import { orRefusal } from './refused.ts'
import { eventSchema } from './schema.ts'
import { timestampsOf } from './timestamps.ts'

const noText: TextColumn = { offsets: new Int32Array(1), bytes: new Uint8Array(0) }
const noEvents: EventColumns = {
  rows: 0,
  timestampNs: new BigInt64Array(0),
  eventType: noText,
  appBundleId: noText,
  windowTitle: noText,
  data: noText,
  sessionId: noText,
  eventId: noText,
}

/**
 * The events of one record: checked columns for each of its batches, and what was refused. Columns are views of `payload` where no row of
 * theirs was refused: they are valid as long as it is.
 */
export function decodeEvents(payload: Uint8Array): readonly DecodedEvents[] {
  const decoded = orRefusal(payload, () => {
    let firstRow = 0
    return readStream(payload, eventSchema).map(batch => {
      const columns = eventColumns(batch)
      const { faulty } = checkEvents(columns, firstRow)
      firstRow += columns.rows
      return { columns: without(columns, faulty), refusals: [...faulty.values()] }
    })
  })
  return 'reason' in decoded ? [{ columns: noEvents, refusals: [decoded] }] : decoded
}

function eventColumns({ rows, texts, integers }: Batch): EventColumns {
  const text = (name: string) => texts.get(name)!
  return {
    rows,
    timestampNs: timestampsOf(integers),
    eventType: text('event_type'),
    appBundleId: text('app_bundle_id'),
    windowTitle: text('window_title'),
    data: text('data'),
    sessionId: text('session_id'),
    eventId: text('event_id'),
  }
}

/** What is left when rows are taken out; the columns themselves where none is. */
export function without(columns: EventColumns, faulty: ReadonlyMap<number, Refusal>): EventColumns {
  if (faulty.size === 0) return columns
  const kept = new EventBatch()
  let from = 0
  for (const row of faulty.keys()) {
    kept.append(columns, from, row)
    from = row + 1
  }
  kept.append(columns, from, columns.rows)
  return kept.take()
}
