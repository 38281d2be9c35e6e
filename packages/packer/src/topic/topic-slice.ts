/** Records of one partition as a slice of a source: Arrow as it came, all others as rows (PT1). */
import type { SourceRecord, SourceRows, SourceSlice } from '../archive/contract.ts'
import { checkEvents } from '../intake/check-events.ts'
import type { Refusal } from '../intake/contract.ts'
import { without } from '../intake/decode-events.ts'
import { RecordRefused } from '../intake/refused.ts'
import { arrowKindOf } from './arrow-kind.ts'
import type { TopicPlace, TopicRecord } from './contract.ts'
import { columnsOfRows, type EventRow } from './event-row.ts'
import { genericEvent } from './generic-event.ts'
import { jsonEvent } from './json-event.ts'
import { isJsonText, recordJson } from './record-json.ts'

/** `records` in the order of their offsets, and what lies between them, from offset `from` to before `next`. */
export function topicSlice(
  records: readonly TopicRecord[],
  place: TopicPlace,
  { from, next }: Pick<SourceSlice, 'from' | 'next'>,
): SourceSlice {
  const taken: SourceRecord[] = []
  let neighbours: TopicRecord[] = []
  const flush = () => {
    if (neighbours.length > 0) taken.push({ kind: 'rows', ...rowsOf(neighbours, place) })
    neighbours = []
  }
  for (const record of records) {
    const kind = record.value === null ? undefined : arrowKindOf(record.value)
    if (kind === undefined) neighbours.push(record)
    else {
      flush()
      taken.push({ kind, position: record.offset, payload: record.value! })
    }
  }
  flush()
  return { records: taken, damage: [], from, next }
}

/** Of key, value and headers. */
export function recordBytes({ key, value, headers }: TopicRecord): number {
  const inHeaders = headers.reduce((sum, [name, header]) => sum + name.length + (header?.length ?? 0), 0)
  return (key?.length ?? 0) + (value?.length ?? 0) + inHeaders
}

function rowsOf(records: readonly TopicRecord[], place: TopicPlace): SourceRows {
  const events: { readonly row: EventRow; readonly record: TopicRecord }[] = []
  const refusals: { position: number; refusal: Refusal }[] = []
  const refuse = (record: TopicRecord, { reason, detail }: Pick<Refusal, 'reason' | 'detail'>) => {
    const content = recordJson(record, { timestamp_ms: record.timestampMs })
    refusals.push({ position: record.offset, refusal: { reason, detail, content } })
  }
  for (const record of records) {
    try {
      events.push({ row: eventOf(record, place), record })
    } catch (error) {
      if (!(error instanceof RecordRefused)) throw error
      refuse(record, { reason: error.reason, detail: error.message })
    }
  }
  const columns = columnsOfRows(events.map(({ row }) => row))
  const { faulty } = checkEvents(columns, 0)
  for (const [row, fault] of faulty) refuse(events[row]!.record, fault)
  const kept = events.filter((_, row) => !faulty.has(row))
  return {
    columns: without(columns, faulty),
    positions: Float64Array.from(kept, ({ record }) => record.offset),
    refusals: refusals.sort((a, b) => a.position - b.position),
    bytes: records.reduce((sum, record) => sum + recordBytes(record), 0),
  }
}

function eventOf(record: TopicRecord, place: TopicPlace): EventRow {
  const { value } = record
  const event = value !== null && isJsonText(value) ? jsonEvent(value) : undefined
  return event ?? genericEvent(record, place)
}
