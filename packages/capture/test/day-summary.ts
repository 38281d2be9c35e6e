/** Counts and aggregates of a window, and what each minute gets of it: plainly, from its events in their order. */
import type { Entry } from './day-ledger.ts'
import { idleAfterMs, windowMs } from './windows-model.ts'

/** Sums by type, and the path of the mouse. */
export type Sum = { counts: Record<string, number>; distance: number }

const minuteMs = 60_000
const mouse = ['mouse_move', 'mouse_click']
const inputs = ['keystroke', ...mouse]

export function windowSummary(entries: readonly Entry[], start: number) {
  const counts: Record<string, number> = {}
  const minutes = new Map<number, Sum>()
  const [late, inTime] = [entries.filter(e => e.timestamp < start), entries.filter(e => e.timestamp >= start)]
  const steps = new Map([...stepsOf(late), ...stepsOf(inTime)])
  let distance_px = 0
  for (const { number, timestamp, type } of entries) {
    const distance = steps.get(number) ?? 0
    const minute = timestamp - (timestamp % minuteMs)
    const sum = minutes.get(minute) ?? { counts: {}, distance: 0 }
    minutes.set(minute, sum)
    counts[type] = (counts[type] ?? 0) + 1
    sum.counts[type] = (sum.counts[type] ?? 0) + 1
    sum.distance += distance
    distance_px += distance
  }
  const aggregates = {
    keys: counts.keystroke ?? 0,
    clicks: counts.mouse_click ?? 0,
    distance_px,
    focus_changes: counts.window_focus ?? 0,
    idle_ms: idleOf(inTime, start),
  }
  return { counts, aggregates, minutes }
}

/** From one place to the next, by the number of the event that is there. */
function* stepsOf(entries: readonly Entry[]): Iterable<[number, number]> {
  let before: Entry | undefined
  for (const entry of entries) {
    if (!mouse.includes(entry.type)) continue
    if (before) yield [entry.number, Math.hypot(entry.x - before.x, entry.y - before.y)]
    before = entry
  }
}

function idleOf(inTime: readonly Entry[], start: number): number {
  let [idle, last] = [0, start]
  for (const at of [...inTime.filter(e => inputs.includes(e.type)).map(e => e.timestamp), start + windowMs]) {
    if (at - last >= idleAfterMs) idle += at - last
    last = at
  }
  return idle
}
