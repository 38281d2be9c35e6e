/** What comes out of a record of a source: columns of events in Arrow's memory layout, or frames; and what was refused, with its reason. */

/** Texts of one column: UTF-8, value n is `bytes[offsets[n] … offsets[n + 1])`. `validity` is Arrow's bitmap; absent where no value is null. */
export type TextColumn = {
  readonly offsets: Int32Array
  readonly bytes: Uint8Array
  readonly validity?: Uint8Array | undefined
}

/** Checked events, in the order in which they came. */
export type EventColumns = {
  readonly rows: number
  /** Nanoseconds since the epoch, UTC; above 0. */
  readonly timestampNs: BigInt64Array
  readonly eventType: TextColumn
  readonly appBundleId: TextColumn
  readonly windowTitle: TextColumn
  /** JSON. */
  readonly data: TextColumn
  readonly sessionId: TextColumn
  readonly eventId: TextColumn
}

export const frameFormats = ['png', 'jpeg', 'rgba', 'heic', 'heif', 'avif'] as const
export type FrameFormat = (typeof frameFormats)[number]

export type Frame = {
  readonly timestampNs: bigint
  readonly sessionId: string
  readonly eventId: string
  readonly format: FrameFormat
  /** Of raw rgba only; bytes from one row to the next. */
  readonly raw?: { readonly width: number; readonly height: number; readonly stride: number } | undefined
  readonly image: Uint8Array
  /** JSON. */
  readonly metadata: string
}

export const refusalReasons = [
  'not-arrow',
  'wrong-schema',
  'torn-record',
  'timestamp-not-positive',
  'missing-value',
  'not-utf8',
  'not-json',
  'invalid-image',
  'too-large',
] as const
export type RefusalReason = (typeof refusalReasons)[number]

/** One event, frame or whole record that was refused: it goes to quarantine with its reason, and is counted. */
export type Refusal = {
  readonly reason: RefusalReason
  /** Which field, which value was found, what is accepted. */
  readonly detail: string
  /** Row in its record; undefined where the whole record is refused. */
  readonly row?: number | undefined
  /** What was there: the row as JSON as far as it can be read, or the record's own bytes. */
  readonly content: Uint8Array
}

export type DecodedEvents = { readonly columns: EventColumns; readonly refusals: readonly Refusal[] }
export type DecodedFrames = { readonly frames: readonly Frame[]; readonly refusals: readonly Refusal[] }
