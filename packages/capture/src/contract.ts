/** The shapes that the parts of capture share. Times are milliseconds since the epoch. */

/** One event as it was accepted. */
export type RawEvent = {
  /** A UUID in lower case. */
  readonly id: string
  readonly timestamp: number
  /** A UUID in lower case. */
  readonly sessionId: string
  readonly eventType: string
  /** As it came, checked for the known types; of a screenshot without the bytes. */
  readonly data: JsonObject
}

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [name: string]: Json }

/** What a publisher may put on the bus: checked when it is received. Fire and forget: a publisher never waits and is never told. */
export type BusMessage = {
  /** The event as a plain object in the names of the spec (`id`, `timestamp`, `session_id`, `event_type`, `data`); image bytes as Uint8Array. */
  readonly event: unknown
}

/** A screenshot in a batch: where it is, never what it shows. */
export type ScreenshotReference = {
  readonly screenshot_id: string
  /** RFC 3339. */
  readonly timestamp: string
  readonly size_bytes: number
  readonly place: 'memory' | 'file' | 'deleted'
  /** BLAKE3 of the bytes as they came, hex. */
  readonly hash: string
}

/** What the analysis gets: the events of one session in one window, or a part of them. */
export type EventBatch = {
  /** UUIDv5 of window, part and lateness: the same batch has the same id however often it is delivered. */
  readonly batch_id: string
  readonly window_id: string
  readonly window_start: string
  readonly window_end: string
  readonly session_id: string
  /** From 1; more than one where the window holds more than the largest batch. */
  readonly part: number
  readonly parts: number
  readonly events: readonly BatchEvent[]
  readonly counts: { readonly [eventType: string]: number }
  readonly aggregates: WindowAggregates
  readonly screenshots: readonly ScreenshotReference[]
}

export type BatchEvent = {
  readonly id: string
  readonly timestamp: string
  readonly event_type: string
  readonly data: JsonObject
  /** It belongs to an earlier window by its time, and came after that was closed. */
  readonly late?: true
}

/** Over the events of the whole window (every part says the same). */
export type WindowAggregates = {
  readonly keys: number
  readonly clicks: number
  /** Pixels along the path of the mouse. */
  readonly distance_px: number
  readonly focus_changes: number
  /** Milliseconds of the window without any key, click or movement, counted in gaps of at least `idle_after_ms`. */
  readonly idle_ms: number
}
