/** Which window an event belongs to. Windows are tumbling, aligned to the epoch, and go by the time of the event (CW1). */

export type WindowShape = {
  readonly windowMs: number
  /** A window takes events for so long after its end. */
  readonly latenessMs: number
}

/** The window that `timestamp` lies in. */
function windowStartOf(timestamp: number, { windowMs }: WindowShape): number {
  return Math.floor(timestamp / windowMs) * windowMs
}

/** From this moment on the window takes nothing more. */
function closesAt(windowStart: number, { windowMs, latenessMs }: WindowShape): number {
  return windowStart + windowMs + latenessMs
}

/**
 * The window that an event joins which came at `receivedMs`: its own, or where that takes nothing more the first one that still does (CW2).
 * An event that lies before the window it has joined is late.
 */
export function windowJoined(timestamp: number, receivedMs: number, shape: WindowShape): number {
  const own = windowStartOf(timestamp, shape)
  if (receivedMs < closesAt(own, shape)) return own
  return windowStartOf(receivedMs - shape.latenessMs, shape)
}
