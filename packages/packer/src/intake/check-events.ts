/** Looks at every row of a batch, column by column and on the bytes: no row becomes an object before it is refused. */
import type { EventColumns, Refusal, RefusalReason, TextColumn } from './contract.ts'
import { isJson, jsonDepthMax } from './json.ts'
import { rowContent } from './row-content.ts'
import { bytesOf, eachNotUtf8, isNull, textBytesMax } from './text.ts'

const texts = [
  { name: 'event_type', key: 'eventType', isRequired: true },
  { name: 'data', key: 'data', isRequired: true },
  { name: 'session_id', key: 'sessionId', isRequired: true, isEmptyRefused: true },
  { name: 'event_id', key: 'eventId', isRequired: true, isEmptyRefused: true },
  { name: 'app_bundle_id', key: 'appBundleId' },
  { name: 'window_title', key: 'windowTitle' },
] as const satisfies readonly TextRules[]

type TextRules = {
  readonly name: string
  readonly key: keyof EventColumns
  readonly isRequired?: true
  readonly isEmptyRefused?: true
}

type Fault = { readonly reason: RefusalReason; readonly detail: string }

/** The first fault of each row that has one, in the order of the rows (PI2). `firstRow` is where the batch begins in its record. */
export function checkEvents(columns: EventColumns, firstRow: number): { faulty: ReadonlyMap<number, Refusal> } {
  const faults = new Map<number, Fault>()
  const note = (row: number, reason: RefusalReason, detail: string) => {
    if (!faults.has(row)) faults.set(row, { reason, detail })
  }
  checkTimestamps(columns, note)
  for (const rules of texts) checkText(rules, columns[rules.key], columns.rows, note)
  checkData(columns, note)
  const faulty = new Map<number, Refusal>()
  for (const row of [...faults.keys()].sort((a, b) => a - b)) {
    faulty.set(row, { ...faults.get(row)!, row: firstRow + row, content: rowContent(columns, row) })
  }
  return { faulty }
}

type Note = (row: number, reason: RefusalReason, detail: string) => void

/** By 32-bit words: reading an element of a BigInt64Array makes an object. */
function checkTimestamps({ timestampNs, rows }: EventColumns, note: Note): void {
  const words = new Int32Array(timestampNs.buffer, timestampNs.byteOffset, rows * 2)
  for (let row = 0; row < rows; row++) {
    const high = words[row * 2 + 1]!
    if (high > 0 || (high === 0 && words[row * 2] !== 0)) continue
    note(row, 'timestamp-not-positive', `timestamp_ns is ${timestampNs[row]}, accepted is 1 or more`)
  }
}

function checkText(rules: TextRules, column: TextColumn, rows: number, note: Note): void {
  const { name, isRequired, isEmptyRefused } = rules
  const { offsets, validity } = column
  if (isRequired && validity !== undefined) {
    for (let row = 0; row < rows; row++) {
      if (isNull(column, row)) note(row, 'missing-value', `${name} is null, accepted is text`)
    }
  }
  const mayBeTooLarge = offsets[rows]! - offsets[0]! > textBytesMax
  for (let row = 0; mayBeTooLarge && row < rows; row++) {
    const bytes = offsets[row + 1]! - offsets[row]!
    if (bytes > textBytesMax) note(row, 'too-large', `${name} has ${bytes} bytes, accepted are ${textBytesMax}`)
  }
  if (isEmptyRefused) {
    for (let row = 0; row < rows; row++) {
      if (offsets[row + 1] === offsets[row]) note(row, 'missing-value', `${name} is empty, accepted is text`)
    }
  }
  eachNotUtf8(column, rows, row => note(row, 'not-utf8', `${name} is not UTF-8`))
}

function checkData({ data, rows }: EventColumns, note: Note): void {
  for (let row = 0; row < rows; row++) {
    if (isJson(data.bytes, data.offsets[row]!, data.offsets[row + 1]!)) continue
    const bytes = bytesOf(data, row).length
    note(row, 'not-json', `data, ${bytes} bytes, is not JSON, or nested deeper than ${jsonDepthMax}`)
  }
}
