/**
 * Records as a recorder writes them: Arrow IPC streams of 1,000 events of a desktop, some 220 bytes each. A file holds 64 of them; they are read in turn, and
 * each time round they get later times and other ids, so that any number of events can be had without any memory.
 *
 *     records.bin    the streams, one behind the other
 *     records.json   where each is, and where in it its times and its ids lie
 */
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { type Random, seededRandom } from '@chronicle/base'
import {
  Field,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'

export const rowsPerRecord = 1000
const recordsInFile = 64
const idBytes = 36
/** The part of an id that counts the times round, in hexadecimal. */
const roundDigits = 8
const firstNs = 1_790_000_000_000_000_000n
const stepNs = 1_000n

type Place = { readonly from: number; readonly length: number; readonly timesAt: number; readonly idsAt: number }

/** Times that all fall into one day: a day of 86,400 s has room for 86 billion of them. */
export function writeEventRecords(path: string): void {
  const random = seededRandom(4)
  const places: Place[] = []
  const streams: Uint8Array[] = []
  let from = 0
  for (let record = 0; record < recordsInFile; record++) {
    const rows = Array.from({ length: rowsPerRecord }, (_, row) => event(record * rowsPerRecord + row, random))
    const stream = Buffer.from(streamOf(rows))
    const ids = Buffer.from(rows.map(row => row.event_id).join(''))
    const times = Buffer.from(BigInt64Array.from(rows, row => row.timestamp_ns).buffer)
    places.push({ from, length: stream.length, timesAt: stream.indexOf(times), idsAt: stream.indexOf(ids) })
    streams.push(stream)
    from += stream.length
  }
  writeFileSync(`${path}.bin`, Buffer.concat(streams))
  writeFileSync(`${path}.json`, JSON.stringify(places))
}

export class EventRecords {
  readonly #file: number
  readonly #places: readonly Place[]
  readonly #buffer: Buffer
  #count = 0

  constructor(path: string) {
    this.#file = openSync(`${path}.bin`, 'r')
    this.#places = JSON.parse(readFileSync(`${path}.json`, 'utf8'))
    this.#buffer = Buffer.alloc(Math.max(...this.#places.map(({ length }) => length)))
  }

  /** The next record; good until the next call. */
  next(): Buffer {
    const round = Math.floor(this.#count / recordsInFile)
    const { from, length, timesAt, idsAt } = this.#places[this.#count % recordsInFile]!
    const record = this.#buffer.subarray(0, length)
    readSync(this.#file, record, 0, length, from)
    const firstTime = firstNs + BigInt(this.#count * rowsPerRecord) * stepNs
    const digits = Buffer.from(round.toString(16).padStart(roundDigits, '0'))
    for (let row = 0; row < rowsPerRecord; row++) {
      record.writeBigInt64LE(firstTime + BigInt(row) * stepNs, timesAt + row * 8)
      for (let at = 0; at < roundDigits; at++) record[idsAt + row * idBytes + at] = digits[at]!
    }
    this.#count++
    return record
  }

  close(): void {
    closeSync(this.#file)
  }
}

type EventRow = ReturnType<typeof event>

function event(at: number, random: Random) {
  const type = at % 50 === 0 ? 'window' : at % 90 === 0 ? 'clipboard' : at % 3 === 0 ? 'key' : 'mouse'
  const app = random.int(24)
  return {
    timestamp_ns: firstNs + BigInt(at) * stepNs,
    event_type: type,
    app_bundle_id: at % 40 === 0 ? null : `com.example.application${app}`,
    window_title: at % 20 === 0 ? null : `Document ${random.int(40)} – Übersicht (${app})`,
    data: JSON.stringify(dataOf(type, random)),
    session_id: `018f3b6c-7d2a-7c11-9e40-${String(at >> 13).padStart(12, '0')}`,
    event_id: idOf(random),
  }
}

function dataOf(type: string, random: Random): object {
  switch (type) {
    case 'key':
      return {
        key: String.fromCharCode(97 + random.int(26)),
        code: random.int(128),
        modifiers: ['shift'],
        repeat: false,
      }
    case 'mouse':
      return { x: random.int(25_600) / 10, y: random.int(14_400) / 10, button: 'left', action: 'move' }
    case 'window':
      return { action: 'focus', window: random.int(100_000), bounds: [0, 25, random.int(1440), random.int(900)] }
    default:
      return { type: 'text/plain', bytes: random.int(10_000), source: 'user' }
  }
}

function idOf(random: Random): string {
  const hex = Buffer.from(random.bytes(11)).toString('hex')
  return `00000000-${hex.slice(0, 4)}-7${hex.slice(4, 7)}-8${hex.slice(7, 10)}-${hex.slice(10)}`
}

function streamOf(rows: readonly EventRow[]): Uint8Array {
  const columns = Object.keys(rows[0]!).map(name => {
    const values = rows.map(row => row[name as keyof EventRow])
    const [data] = vectorFromArray(values as string[], name === 'timestamp_ns' ? new Int64() : new Utf8()).data
    return { field: new Field(name, data!.type, true), data: data! }
  })
  const fields = columns.map(({ field }) => field)
  const children = columns.map(({ data }) => data)
  const schema = new Schema(fields)
  const batch = makeData({ type: new Struct(fields), length: rows.length, children })
  return tableToIPC(new Table(schema, new RecordBatch(schema, batch)), 'stream')
}
