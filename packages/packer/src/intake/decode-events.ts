import type { RecordBatch } from 'apache-arrow'
import { columnsOf, openArrow, orRefusal } from './arrow.ts'
import { checkEvents } from './check-events.ts'
import type { DecodedEvents, EventColumns, Refusal } from './contract.ts'
import { EventBatch } from './event-batch.ts'
import { checkSchema, eventSchema } from './schema.ts'
import { textOf, torn, validityOf } from './text-data.ts'

/**
 * The events of one record: checked columns for each of its batches, and what was refused. Columns are views of `payload` where no row of
 * theirs was refused: they are valid as long as it is.
 */
export function decodeEvents(payload: Uint8Array): readonly DecodedEvents[] {
  const decoded = orRefusal(payload, () => {
    const { schema, batches } = openArrow(payload)
    checkSchema(schema, eventSchema)
    let firstRow = 0
    return batches.map(batch => {
      const columns = eventColumns(batch)
      const { faulty } = checkEvents(columns, firstRow)
      firstRow += columns.rows
      return { columns: without(columns, faulty), refusals: [...faulty.values()] }
    })
  })
  return 'reason' in decoded ? [{ columns: new EventBatch().take(), refusals: [decoded] }] : decoded
}

function eventColumns(batch: RecordBatch): EventColumns {
  const columns = columnsOf(batch)
  const text = (name: string) => textOf(name, columns.get(name)!)
  const timestamps = columns.get('timestamp_ns')!
  const rows = batch.numRows
  const timestampNs: BigInt64Array = timestamps.values
  if (timestampNs.length < rows) throw torn('timestamp_ns', 'it has too few values')
  if (validityOf(timestamps) !== undefined) {
    return { ...texts(text), rows, timestampNs: zeroWhereNull(timestampNs, timestamps.nullBitmap, rows) }
  }
  return { ...texts(text), rows, timestampNs }
}

function texts(text: (name: string) => EventColumns['data']): Omit<EventColumns, 'rows' | 'timestampNs'> {
  return {
    eventType: text('event_type'),
    appBundleId: text('app_bundle_id'),
    windowTitle: text('window_title'),
    data: text('data'),
    sessionId: text('session_id'),
    eventId: text('event_id'),
  }
}

/** No time is not above 0: such a row is refused as any other whose time is not. */
function zeroWhereNull(values: BigInt64Array, bitmap: Uint8Array, rows: number): BigInt64Array {
  if (bitmap.length * 8 < rows) throw torn('timestamp_ns', 'its bitmap is too short')
  return values.slice(0, rows).map((value, row) => (((bitmap[row >> 3]! >> (row & 7)) & 1) === 1 ? value : 0n))
}

/** What is left when rows are taken out; the columns themselves where none is. */
function without(columns: EventColumns, faulty: ReadonlyMap<number, Refusal>): EventColumns {
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
