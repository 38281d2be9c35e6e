/**
 * The course of a day: when the machine is awake, and what happens to it and its clock. Two kinds of time: `passed` is what goes by while the machine is awake, in milliseconds from
 * the beginning; the wall is what its clock shows, in milliseconds since the epoch.
 */
import { seededRandom } from '@chronicle/base'
import { latenessMs, windowMs } from './windows-model.ts'

export type DayOptions = { readonly seed: number; readonly events: number; readonly shots: number }

/** The size at which a day is awake for all of its hours. */
export const fullDayEvents = 2_000_000
/** Of the hours of a full day a small one has at least this share. */
const shareMin = 1 / 20

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** When Vienna goes back from CEST to CET. */
const winterFromMs = Date.UTC(2026, 9, 25, 1)

/** What the person's machine adds to UTC. */
export function localOffsetMs(wallMs: number): number {
  return wallMs < winterFromMs ? 2 * hourMs : hourMs
}

/**
 * Moments that every day is awake at, and the minutes before and after them in a full day: midnight where the person lives, midnight of UTC, the hour that comes twice, and lunch,
 * from which the machine wakes at noon. Between what is left of them in a smaller day the machine sleeps.
 */
const stretches: readonly { readonly at: number; readonly before: number; readonly after: number }[] = [
  { at: Date.UTC(2026, 9, 24, 19), before: 240, after: 0 },
  { at: Date.UTC(2026, 9, 24, 22), before: 30, after: 60 },
  { at: Date.UTC(2026, 9, 25, 0), before: 60, after: 30 },
  { at: winterFromMs, before: 30, after: 30 },
  { at: Date.UTC(2026, 9, 25, 11), before: 240, after: 0 },
  { at: Date.UTC(2026, 9, 25, 12), before: 0, after: 180 },
]

export type Incident =
  /** Something sets the clock, or the machine slept. */
  | { readonly kind: 'clock'; readonly atMs: number; readonly byMs: number }
  /** The program ends, as it should or not, and is there again after `downMs`. */
  | { readonly kind: 'restart' | 'crash'; readonly atMs: number; readonly downMs: number }

export type DayPlan = {
  readonly options: DayOptions
  readonly startMs: number
  /** Awake, in whole minutes. */
  readonly minutes: number
  /** In the order of their times. */
  readonly incidents: readonly Incident[]
}

/** What is done to the clock and to the program, and after which share of the day. */
const troubles: readonly (readonly [share: number, what: 'restart' | 'crash' | number])[] = [
  // Network time: steps of seconds.
  [0.06, -3_000],
  [0.14, 'restart'],
  // By hand, and set right a while later.
  [0.2, -hourMs],
  [0.24, hourMs],
  [0.42, 'crash'],
  [0.52, 2_000],
  [0.6, hourMs],
  [0.63, -hourMs],
  [0.72, 'restart'],
  [0.78, 'crash'],
  [0.88, -700],
]

/** Incidents do not come together. */
const apartMs = 40_000
/** After so long what is due has been done. */
const surelyMs = 1_500

export function planOf(options: DayOptions): DayPlan {
  const share = Math.min(1, Math.max(shareMin, options.events / fullDayEvents))
  const awake = stretches.map(({ at, before, after }) => ({
    fromMs: at - Math.ceil(before * share) * minuteMs,
    toMs: at + Math.ceil(after * share) * minuteMs,
  }))
  const startMs = awake[0]!.fromMs
  const totalMs = awake.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  const sleeps: Incident[] = []
  let passed = 0
  for (const [at, { fromMs, toMs }] of awake.entries()) {
    const sleptMs = at === 0 ? 0 : fromMs - awake[at - 1]!.toMs
    if (sleptMs > 0) sleeps.push({ kind: 'clock', atMs: passed, byMs: sleptMs })
    passed += toMs - fromMs
  }
  return { options, startMs, minutes: totalMs / minuteMs, incidents: withTroubles(options, startMs, totalMs, sleeps) }
}

function withTroubles({ seed }: DayOptions, startMs: number, totalMs: number, sleeps: readonly Incident[]): Incident[] {
  const random = seededRandom(seed)
  const incidents = [...sleeps]
  for (const [share, what] of troubles) {
    let wanted = Math.floor(totalMs * share) + random.int(20_000)
    while (incidents.some(({ atMs }) => Math.abs(atMs - wanted) < apartMs)) wanted += apartMs
    const sinceClosing = (wallAt(startMs, incidents, wanted) - latenessMs) % windowMs
    const atMs = wanted + (isStepBack(what) ? windowMs - sinceClosing + surelyMs : awayFromClosing(sinceClosing))
    if (typeof what === 'number') incidents.push({ kind: 'clock', atMs, byMs: what })
    else incidents.push({ kind: what, atMs, downMs: 2_000 + random.int(10_000) })
    incidents.sort((a, b) => a.atMs - b.atMs)
  }
  return incidents
}

/** A window closes at the first look at the clock after its time: where the clock is set, it is to be sure which windows are closed. */
function awayFromClosing(sinceMs: number): number {
  if (sinceMs < surelyMs) return surelyMs - sinceMs
  return sinceMs > windowMs - surelyMs ? windowMs - sinceMs + surelyMs : 0
}

/** Back over the end of a window that has just closed. */
function isStepBack(what: unknown): boolean {
  return typeof what === 'number' && what < 0 && what > -windowMs
}

/** What the clock shows after so much has passed; where it is set just then, what it shows afterwards. */
export function wallAt(startMs: number, incidents: readonly Incident[], passedMs: number): number {
  let wallMs = startMs + passedMs
  for (const incident of incidents) {
    if (incident.atMs > passedMs) break
    if (incident.kind === 'clock') wallMs += incident.byMs
  }
  return wallMs
}
