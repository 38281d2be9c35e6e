/**
 * Which files are past their retention. It counts from the newest event of a file, by the clock of the machine, and clocks are wrong at times: of this machine, of a recorder, for a
 * minute after a start. What a run deletes by itself is therefore held back by what the archive knows of time (PA11); a person who asks is not.
 */
import { type Calendar, daysBefore } from './calendar.ts'
import type { ArchivedFile } from './contract.ts'
import type { Manifest } from './manifest-file.ts'

const dayMs = 86_400_000
/** A file stays for so long after it was written, however old its events are, or for the retention if that is shorter. */
export const keptDaysMin = 7
/** Time is believed to have gone on for so long since the archive was written last. */
export const unseenDaysMax = 7
/** What was written so long ago says that the clock was not set a moment ago. One daily run sees the one before. */
const settledMs = 20 * 3_600_000

export type RetentionOptions = {
  readonly calendar: Calendar
  readonly nowMs: number
  readonly retentionDays: number
  readonly isAsked: boolean
}

export type Expired = { readonly files: ReadonlySet<ArchivedFile>; readonly idDays: ReadonlySet<string> }

/** The files, and the days whose ids can be forgotten, for no file of theirs stays. */
export function expired({ files, ids }: Manifest, options: RetentionOptions): Expired {
  const { calendar, nowMs, retentionDays, isAsked } = options
  if (retentionDays === 0) return { files: new Set(), idDays: new Set() }
  const untilMs = isAsked ? nowMs : believedMs(files, nowMs)
  const writtenMs = isAsked ? Number.POSITIVE_INFINITY : untilMs - Math.min(keptDaysMin, retentionDays) * dayMs
  const oldest = daysBefore(calendar.wallOf(BigInt(untilMs) * 1_000_000n).day, retentionDays)
  const dayOf = (file: ArchivedFile) => calendar.wallOf(BigInt(file.lastTimestampNs)).day
  const over = new Set(files.filter(file => !(Date.parse(file.createdAt) > writtenMs) && dayOf(file) < oldest))
  const staying = new Set(files.filter(file => file.kind !== 'quarantine' && !over.has(file)).map(dayOf))
  return { files: over, idDays: new Set(Object.keys(ids).filter(day => day < oldest && !staying.has(day))) }
}

/** No later than a week after the archive was written last, this day's runs aside. */
function believedMs(files: readonly ArchivedFile[], nowMs: number): number {
  const settled = files.map(({ createdAt }) => Date.parse(createdAt)).filter(ms => ms <= nowMs - settledMs)
  const lastMs = settled.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  return Math.max(0, Math.min(nowMs, lastMs + unseenDaysMax * dayMs))
}
