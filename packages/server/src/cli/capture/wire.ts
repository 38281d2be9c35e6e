/** What is stored, under the names that it has on the bus: times in RFC 3339, ids as they came. */
import type { AggregateRecord, EventRecord, ScreenshotRecord, WindowRecord } from '@chronicle/capture'

/** Milliseconds of the nanoseconds that a command line is read in. */
export function msOf(ns: bigint | undefined): number | undefined {
  return ns === undefined ? undefined : Number(ns / 1_000_000n)
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

export function eventObject({ id, timestamp, sessionId, eventType, data, late, windowStartMs }: EventRecord) {
  return {
    id,
    timestamp: timeOf(timestamp),
    session_id: sessionId,
    event_type: eventType,
    data,
    late,
    window_start: timeOf(windowStartMs),
  }
}

/** Counts and aggregates are there once it is built. */
export function windowObject({ windowId, sessionId, startMs, endMs, ...window }: WindowRecord) {
  const { state, events, lateEvents, parts, partsDelivered, attempts, counts, aggregates } = window
  return {
    window_id: windowId,
    window_start: timeOf(startMs),
    window_end: timeOf(endMs),
    session_id: sessionId,
    state,
    events,
    late_events: lateEvents,
    parts,
    parts_delivered: partsDelivered,
    attempts,
    counts,
    aggregates,
  }
}

export function aggregateObject({ span, startMs, sessionId, focusChanges, distancePx, ...sums }: AggregateRecord) {
  const { events, keys, clicks, counts } = sums
  return {
    span,
    start: timeOf(startMs),
    session_id: sessionId,
    events,
    keys,
    clicks,
    distance_px: distancePx,
    focus_changes: focusChanges,
    counts,
  }
}

export function screenshotObject(shot: ScreenshotRecord) {
  const { about, measures, deletedMs } = shot
  return {
    screenshot_id: shot.id,
    event_id: shot.eventId,
    session_id: shot.sessionId,
    timestamp: timeOf(shot.capturedMs),
    app_name: about?.appName,
    window_title: about?.windowTitle,
    screen_region: about?.screenRegion,
    privacy_masked: shot.privacyMasked,
    format: shot.format,
    width: shot.width,
    height: shot.height,
    size_bytes: shot.sizeBytes,
    hash: shot.hash,
    text_density: measures?.textDensity,
    dominant_colors: measures?.dominantColors,
    ui_element_count: measures?.uiElementCount,
    refusal: shot.refusal,
    state: shot.state,
    place: shot.place,
    deleted_at: deletedMs === undefined ? undefined : timeOf(deletedMs),
    deletion_reason: shot.reason,
  }
}
