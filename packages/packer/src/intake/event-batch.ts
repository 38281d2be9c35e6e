/**
 * Rows gathered from many records, in memory of their own: what is handed to a writer. A run of rows that follow each other is copied
 * column by column at once, so that a record without faults costs one copy of its bytes and nothing for each row.
 */
import type { EventColumns, TextColumn } from './contract.ts'
import { isNull } from './text.ts'

const textKeys = ['eventType', 'appBundleId', 'windowTitle', 'data', 'sessionId', 'eventId'] as const

export class EventBatch {
  rows = 0
  readonly #timestamps = new GrowingInt64s()
  readonly #texts = textKeys.map(() => new GrowingText())

  /** Of all values, with 4 bytes for the offset of each text. */
  get bytes(): number {
    return this.#texts.reduce((sum, text) => sum + text.bytes, this.rows * (8 + textKeys.length * 4))
  }

  /** Takes the rows `from` to `to`. */
  append(columns: EventColumns, from: number, to: number): void {
    this.#timestamps.append(columns.timestampNs, from, to)
    for (const [at, key] of textKeys.entries()) this.#texts[at]!.append(columns[key], from, to)
    this.rows += to - from
  }

  /** All of it, as memory that nobody else has; the batch is empty afterwards. */
  take(): EventColumns {
    const [eventType, appBundleId, windowTitle, data, sessionId, eventId] = this.#texts.map(text => text.take())
    const columns = {
      rows: this.rows,
      timestampNs: this.#timestamps.take(),
      eventType: eventType!,
      appBundleId: appBundleId!,
      windowTitle: windowTitle!,
      data: data!,
      sessionId: sessionId!,
      eventId: eventId!,
    }
    this.rows = 0
    return columns
  }
}

/** The memory behind columns: what is given away when they go to another thread. */
export function memoryOf(columns: EventColumns): ArrayBuffer[] {
  const texts = textKeys.map(key => columns[key])
  const views = [columns.timestampNs, ...texts.flatMap(({ offsets, bytes, validity }) => [offsets, bytes, validity])]
  return views.filter(view => view !== undefined).map(view => view.buffer as ArrayBuffer)
}

class GrowingInt64s {
  #values = new BigInt64Array(1024)
  #length = 0

  append(source: BigInt64Array, from: number, to: number): void {
    const needed = this.#length + to - from
    if (needed > this.#values.length) {
      const grown = new BigInt64Array(Math.max(needed, this.#values.length * 2))
      grown.set(this.#values.subarray(0, this.#length))
      this.#values = grown
    }
    this.#values.set(source.subarray(from, to), this.#length)
    this.#length = needed
  }

  take(): BigInt64Array {
    const taken = this.#values.subarray(0, this.#length)
    this.#values = new BigInt64Array(this.#values.length)
    this.#length = 0
    return taken
  }
}

class GrowingText {
  bytes = 0
  #rows = 0
  #data = new Uint8Array(16 * 1024)
  #offsets = new Int32Array(1024)
  /** Only once there is a null. */
  #validity: Uint8Array | undefined

  append(source: TextColumn, from: number, to: number): void {
    const begin = source.offsets[from]!
    const end = source.offsets[to]!
    this.#reserve(to - from, end - begin)
    if (source.validity !== undefined) this.#appendValidity(source, from, to)
    this.#data.set(source.bytes.subarray(begin, end), this.bytes)
    const shift = this.bytes - begin
    const offsets = this.#offsets
    for (let row = from, at = this.#rows + 1; row < to; row++, at++) offsets[at] = source.offsets[row + 1]! + shift
    this.#rows += to - from
    this.bytes += end - begin
  }

  take(): TextColumn {
    const offsets = this.#offsets.subarray(0, this.#rows + 1)
    const bytes = this.#data.subarray(0, this.bytes)
    const validity = this.#validity
    this.#offsets = new Int32Array(this.#offsets.length)
    this.#data = new Uint8Array(this.#data.length)
    this.#validity = undefined
    this.#rows = 0
    this.bytes = 0
    return { offsets, bytes, validity }
  }

  #appendValidity(source: TextColumn, from: number, to: number): void {
    for (let row = from; row < to; row++) {
      if (!isNull(source, row)) continue
      this.#validity ??= new Uint8Array(Math.ceil(this.#offsets.length / 8)).fill(0xff)
      const at = this.#rows + row - from
      this.#validity[at >> 3]! &= ~(1 << (at & 7))
    }
  }

  #reserve(rows: number, bytes: number): void {
    const rowsNeeded = this.#rows + rows + 1
    if (rowsNeeded > this.#offsets.length) {
      const grown = new Int32Array(Math.max(rowsNeeded, this.#offsets.length * 2))
      grown.set(this.#offsets)
      this.#offsets = grown
      if (this.#validity) {
        const bitmap = new Uint8Array(Math.ceil(grown.length / 8)).fill(0xff)
        bitmap.set(this.#validity)
        this.#validity = bitmap
      }
    }
    if (this.bytes + bytes > this.#data.length) {
      const grown = new Uint8Array(Math.max(this.bytes + bytes, this.#data.length * 2))
      grown.set(this.#data.subarray(0, this.bytes))
      this.#data = grown
    }
  }
}
