/** Records as recorders write them: Arrow IPC streams of events and frames. */
import {
  Binary,
  type DataType,
  Dictionary,
  Field,
  Int32,
  Int64,
  LargeUtf8,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import type { EventColumns, TextColumn } from '../src/intake/contract.ts'

export type EventRow = {
  timestamp_ns: bigint | null
  event_type: string | null
  app_bundle_id: string | null
  window_title: string | null
  data: string | null
  session_id: string | null
  event_id: string | null
}

export type TextLayout = 'utf8' | 'large_utf8' | 'dictionary'

const textTypes: Record<TextLayout, () => DataType> = {
  utf8: () => new Utf8(),
  large_utf8: () => new LargeUtf8(),
  dictionary: () => new Dictionary(new Utf8(), new Int32()),
}

export function event(at: number, more: Partial<EventRow> = {}): EventRow {
  return {
    timestamp_ns: 1_790_000_000_000_000_000n + BigInt(at) * 1_000_000n,
    event_type: ['key', 'mouse', 'window'][at % 3]!,
    app_bundle_id: at % 4 === 0 ? null : `com.example.app${at % 7}`,
    window_title: at % 5 === 0 ? null : `Fenster ${at % 11} – Übersicht`,
    data: JSON.stringify({ at, key: 'a', modifiers: ['shift'], x: at / 3 }),
    session_id: `session-${at % 2}`,
    event_id: `00000000-0000-4000-8000-${at.toString(16).padStart(12, '0')}`,
    ...more,
  }
}

export function eventStream(rows: readonly EventRow[], layout: TextLayout = 'utf8'): Uint8Array {
  const text = (name: keyof EventRow) =>
    vectorFromArray(
      rows.map(row => row[name]),
      textTypes[layout](),
    )
  return tableToIPC(
    new Table({
      timestamp_ns: vectorFromArray(
        rows.map(row => row.timestamp_ns),
        new Int64(),
      ),
      event_type: text('event_type'),
      app_bundle_id: text('app_bundle_id'),
      window_title: text('window_title'),
      data: text('data'),
      session_id: text('session_id'),
      event_id: text('event_id'),
    }),
    'stream',
  )
}

/** One batch from arrays as they are, right or wrong. */
export function rawEventStream(columns: EventColumns): Uint8Array {
  const text = ({ offsets, bytes, validity }: TextColumn) =>
    makeData({
      type: new Utf8(),
      length: columns.rows,
      valueOffsets: offsets,
      data: bytes,
      nullBitmap: validity ?? null,
    })
  const named = {
    timestamp_ns: makeData({ type: new Int64(), length: columns.rows, data: columns.timestampNs }),
    event_type: text(columns.eventType),
    app_bundle_id: text(columns.appBundleId),
    window_title: text(columns.windowTitle),
    data: text(columns.data),
    session_id: text(columns.sessionId),
    event_id: text(columns.eventId),
  }
  const fields = Object.entries(named).map(([name, data]) => new Field(name, data.type, true))
  const data = makeData({ type: new Struct(fields), length: columns.rows, children: Object.values(named) })
  const schema = new Schema(fields)
  return tableToIPC(new Table(schema, new RecordBatch(schema, data)), 'stream')
}

export type FrameRow = {
  timestamp_ns: bigint
  session_id: string
  event_id: string
  format: string
  image: Uint8Array
  metadata: string
  width?: number
  height?: number
  stride?: number
}

export function frameStream(rows: readonly FrameRow[]): Uint8Array {
  const text = (name: 'session_id' | 'event_id' | 'format' | 'metadata') =>
    vectorFromArray(
      rows.map(row => row[name]),
      new Utf8(),
    )
  const size = (name: 'width' | 'height' | 'stride') =>
    vectorFromArray(
      rows.map(row => row[name] ?? null),
      new Int32(),
    )
  return tableToIPC(
    new Table({
      timestamp_ns: vectorFromArray(
        rows.map(row => row.timestamp_ns),
        new Int64(),
      ),
      session_id: text('session_id'),
      event_id: text('event_id'),
      format: text('format'),
      image: vectorFromArray(
        rows.map(row => row.image),
        new Binary(),
      ),
      metadata: text('metadata'),
      width: size('width'),
      height: size('height'),
      stride: size('stride'),
    }),
    'stream',
  )
}

/** The rows of columns, as objects to compare. */
export function rowsOf(columns: EventColumns): EventRow[] {
  const text = ({ offsets, bytes, validity }: TextColumn, row: number) =>
    validity !== undefined && ((validity[row >> 3]! >> (row & 7)) & 1) === 0
      ? null
      : Buffer.from(bytes.subarray(offsets[row]!, offsets[row + 1]!)).toString()
  return Array.from({ length: columns.rows }, (_, row) => ({
    timestamp_ns: columns.timestampNs[row]!,
    event_type: text(columns.eventType, row),
    app_bundle_id: text(columns.appBundleId, row),
    window_title: text(columns.windowTitle, row),
    data: text(columns.data, row),
    session_id: text(columns.sessionId, row),
    event_id: text(columns.eventId, row),
  }))
}

export function textColumn(values: readonly (string | Uint8Array)[]): TextColumn {
  const parts = values.map(value => Buffer.from(value as string))
  const offsets = new Int32Array(values.length + 1)
  for (const [at, part] of parts.entries()) offsets[at + 1] = offsets[at]! + part.length
  return { offsets, bytes: Buffer.concat(parts) }
}
