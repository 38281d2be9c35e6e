/** What the records of a source hold, be they Arrow or one event each. */
import type { SourceRecord, SourceRows, SourceSlice } from '../archive/contract.ts'
import { decodeEvents, decodeFrames } from '../intake/index.ts'

export type EventRecord = Exclude<SourceRecord, { kind: 'frames' }>

export function bytesOfRecord(record: SourceRecord): number {
  return record.kind === 'rows' ? record.bytes : record.payload.length
}

/** The checked events, batch by batch, and what was refused, each with the position of its record. */
export function eventsOf(record: EventRecord): readonly Pick<SourceRows, 'columns' | 'refusals'>[] {
  if (record.kind === 'rows') return [record]
  const { payload, position } = record
  return decodeEvents(payload).map(({ columns, refusals }) => {
    return { columns, refusals: refusals.map(refusal => ({ position, refusal })) }
  })
}

/** `slice` below the first record with an event or frame of a moment for which `isLater` holds, or all of it. */
export function beforeLater(
  slice: SourceSlice,
  isLater: (timestampNs: bigint) => boolean,
): { readonly slice: SourceSlice | undefined; readonly isCut: boolean } {
  for (const [at, record] of slice.records.entries()) {
    const position = laterPosition(record, isLater)
    if (position === undefined) continue
    const damage = slice.damage.filter(each => each.position < position)
    const last = record.kind === 'rows' ? rowsBefore(record, position) : []
    const records = [...slice.records.slice(0, at), ...last]
    const isEmpty = records.length + damage.length === 0
    return { slice: isEmpty ? undefined : { ...slice, records, damage, next: position }, isCut: true }
  }
  return { slice, isCut: false }
}

function laterPosition(record: SourceRecord, isLater: (timestampNs: bigint) => boolean): number | undefined {
  if (record.kind === 'rows') {
    const row = record.columns.timestampNs.subarray(0, record.columns.rows).findIndex(isLater)
    return row < 0 ? undefined : record.positions[row]
  }
  return timestampsOf(record).some(isLater) ? record.position : undefined
}

function timestampsOf({ kind, payload }: Exclude<SourceRecord, { kind: 'rows' }>): readonly bigint[] {
  if (kind === 'frames') return decodeFrames(payload).frames.map(frame => frame.timestampNs)
  return decodeEvents(payload).map(({ columns }) => columns.timestampNs.reduce((a, b) => (a > b ? a : b), 0n))
}

function rowsBefore(record: Extract<SourceRecord, { kind: 'rows' }>, position: number): SourceRecord[] {
  const { columns, positions, refusals, bytes } = record
  const rows = positions.findIndex(each => each >= position)
  const kept = refusals.filter(each => each.position < position)
  if (rows + kept.length === 0) return []
  const share = rows / Math.max(1, columns.rows)
  const cut = { columns: { ...columns, rows }, positions: positions.subarray(0, rows), refusals: kept }
  return [{ kind: 'rows', ...cut, bytes: Math.round(bytes * share) }]
}
