/** The shapes that go over the bus, in the names of the wire. */

/** An event as a publisher sends it. Whatever is sent is checked: the type is a help, and no promise. */
export type RawEvent = {
  /** A UUID. */
  readonly id: string
  /** Milliseconds since the epoch, or ISO 8601 with an offset. */
  readonly timestamp: number | string
  /** A UUID. */
  readonly session_id: string
  readonly event_type: string
  /** What `event_type` wants (`event/types.ts`); the image of a screenshot as Uint8Array. */
  readonly data: Readonly<Record<string, unknown>>
}

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [name: string]: Json }

/** What a publisher may put on the bus: checked when it is received. Fire and forget: a publisher never waits and is never told. */
export type BusMessage = {
  /** A {@link RawEvent}, or whatever else somebody has sent. */
  readonly event: unknown
  /** When it came to the source that it was read from, milliseconds since the epoch; absent: now. */
  readonly arrivedMs?: number
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
  /** UUIDv5 of session, window and part: the same batch has the same id however often it is delivered. */
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
