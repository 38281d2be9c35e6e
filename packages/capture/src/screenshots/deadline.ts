import type { ScreenshotTimes } from './contract.ts'

/** A moment on both clocks: it has come as soon as one of them says so. So a clock that is set, or a machine that sleeps, brings it nearer and never farther away. */
export type Deadline = { readonly wallMs: number; readonly monotonicMs: number }

export type Now = { readonly wallMs: number; readonly monotonicMs: number }

/**
 * When the bytes of a screenshot have to be gone: so long after its window has closed (CS2). One that came late belongs to the window that is open by now; and no time that a
 * publisher says puts the deadline off beyond a whole window from now.
 */
export function deadlineOf(timestampMs: number, now: Now, times: ScreenshotTimes): Deadline {
  const { windowMs, allowedLatenessMs, afterWindowMs } = times
  const closesMs = (time: number): number => (Math.floor(time / windowMs) + 1) * windowMs + allowedLatenessMs
  const own = closesMs(timestampMs)
  const closes = own > now.wallMs ? own : closesMs(now.wallMs - allowedLatenessMs)
  const leftMs = Math.min(closes - now.wallMs, windowMs + allowedLatenessMs) + afterWindowMs
  return { wallMs: now.wallMs + leftMs, monotonicMs: now.monotonicMs + leftMs }
}

export function hasCome(deadline: Deadline, now: Now): boolean {
  return now.wallMs >= deadline.wallMs || now.monotonicMs >= deadline.monotonicMs
}
