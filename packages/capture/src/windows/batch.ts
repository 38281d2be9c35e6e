/** A batch as the analysis gets it. Its id follows from session, window and part alone: the same batch has it however often it is built or delivered (CW6). */
import type { BatchEvent, EventBatch, ScreenshotReference } from '../contract.ts'
import type { DecodedEvent } from '../event/run.ts'
import { isoFromMs } from '../event/timestamp.ts'
import { screenshotType } from '../event/types.ts'
import { uuidFromBytes, uuidV5 } from '../event/uuid.ts'
import type { WindowSummary } from './summary.ts'

/** The namespace of the ids of windows and batches: any fixed UUID would do, and none other ever. */
const namespace = '6f0f4bd4-57b1-5c0e-9d3a-0f5a1d1c7a30'

/** What is known of screenshots, in the order of the ids; those that are not known are left out. */
export type ScreenshotReferences = (screenshotIds: readonly string[]) => readonly ScreenshotReference[]

export type BatchWindow = { readonly sessionId: Buffer; readonly start: number; readonly end: number }

export function windowIdOf({ sessionId, start, end }: BatchWindow): string {
  return uuidV5(namespace, `${uuidFromBytes(sessionId)}/${start}/${end}`)
}

export function buildBatch(
  window: BatchWindow,
  part: number,
  parts: number,
  events: readonly BatchEvent[],
  { counts, aggregates }: WindowSummary,
  screenshots: ScreenshotReferences,
): EventBatch {
  const windowId = windowIdOf(window)
  return {
    batch_id: uuidV5(namespace, `${windowId}/${part}`),
    window_id: windowId,
    window_start: isoFromMs(window.start),
    window_end: isoFromMs(window.end),
    session_id: uuidFromBytes(window.sessionId),
    part,
    parts,
    events,
    counts,
    aggregates,
    screenshots: screenshots(screenshotIdsIn(events)),
  }
}

/** An event as a batch of the window from `windowStart` on holds it. */
export function batchEvent({ id, timestamp, eventType, data }: DecodedEvent, windowStart: number): BatchEvent {
  const event = { id, timestamp: isoFromMs(timestamp), event_type: eventType, data }
  return timestamp < windowStart ? { ...event, late: true } : event
}

function screenshotIdsIn(events: readonly BatchEvent[]): string[] {
  return events
    .filter(({ event_type: type }) => type === screenshotType)
    .flatMap(({ data: { screenshot_id: id } }) => (typeof id === 'string' ? id : []))
}
