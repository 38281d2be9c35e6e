/** One event before it is in columns, and columns of many. */
import type { EventColumns, TextColumn } from '../intake/contract.ts'

export type EventRow = {
  readonly timestampNs: bigint
  readonly eventType: Uint8Array
  readonly appBundleId: Uint8Array | null
  readonly windowTitle: Uint8Array | null
  readonly data: Uint8Array
  readonly sessionId: Uint8Array
  readonly eventId: Uint8Array
}

export const timestampNsMax = 2n ** 63n - 1n

export function columnsOfRows(rows: readonly EventRow[]): EventColumns {
  return {
    rows: rows.length,
    timestampNs: BigInt64Array.from(rows, row => row.timestampNs),
    eventType: textColumn(rows.map(row => row.eventType)),
    appBundleId: textColumn(rows.map(row => row.appBundleId)),
    windowTitle: textColumn(rows.map(row => row.windowTitle)),
    data: textColumn(rows.map(row => row.data)),
    sessionId: textColumn(rows.map(row => row.sessionId)),
    eventId: textColumn(rows.map(row => row.eventId)),
  }
}

function textColumn(values: readonly (Uint8Array | null)[]): TextColumn {
  const offsets = new Int32Array(values.length + 1)
  for (const [row, value] of values.entries()) offsets[row + 1] = offsets[row]! + (value?.length ?? 0)
  const bytes = new Uint8Array(offsets[values.length]!)
  const validity = values.includes(null) ? new Uint8Array(Math.ceil(values.length / 8)) : undefined
  for (const [row, value] of values.entries()) {
    if (value === null) continue
    bytes.set(value, offsets[row])
    if (validity) validity[row >> 3]! |= 1 << (row & 7)
  }
  return { offsets, bytes, validity }
}
