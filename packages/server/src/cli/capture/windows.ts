import { systemClock } from '@chronicle/base'
import type { CaptureReader, WindowFilter, WindowRecord, WindowState, WindowTotals } from '@chronicle/capture'
import type { CaptureOptions } from '../../capture/settings.ts'
import { type GivenTime, rangeOf } from '../archive/time.ts'
import { type Column, count, plural, printableJson, printTable } from '../format.ts'
import type { Style, Terminal } from '../terminal.ts'
import { folded } from '../text-width.ts'
import { cutRange, drawActivity, indent, lengthOf } from './activity-picture.ts'
import { sessionMeant, withReader } from './open-reader.ts'
import { msOf, windowObject } from './wire.ts'

export type WindowsOptions = CaptureOptions & {
  readonly since?: GivenTime
  readonly until?: GivenTime
  readonly session?: string
  readonly state?: WindowState
  readonly limit: number
  readonly json?: boolean
}

/** Of the picture, where nobody says since when. */
const pictureMs = 86_400_000
const idleCells = 5
const minuteMs = 60_000

/** Shows what was captured: a picture of when there was how much, and the newest windows. */
export async function showWindows(terminal: Terminal, options: WindowsOptions): Promise<void> {
  await withReader(terminal, options, async reader => {
    const filter = filterOf(reader, options)
    const windows = newest(reader, filter, options.limit)
    if (options.json) return terminal.out(printableJson(windows.map(windowObject), 2))
    if (windows.length === 0) return terminal.note(nothing(reader, options))
    showPicture(terminal, reader, filter)
    terminal.out()
    printTable(terminal, columnsOf(terminal), windows.map(cellsOf))
    if (windows.length === options.limit)
      terminal.note(terminal.noteStyle('dim', `The newest ${count(options.limit)}; --limit takes more.`))
  })
}

function filterOf(reader: CaptureReader, { since, until, session, state }: WindowsOptions): WindowFilter {
  const { from, to } = rangeOf({ from: since, to: until }, 'UTC', systemClock.now())
  return { fromMs: msOf(from), toMs: msOf(to), sessionId: sessionMeant(reader, session), state }
}

function newest(reader: CaptureReader, filter: WindowFilter, limit: number): WindowRecord[] {
  const found: WindowRecord[] = []
  for (const window of reader.windows(filter, 'newest-first')) {
    found.push(window)
    if (found.length === limit) break
  }
  return found
}

function nothing(reader: CaptureReader, { since, until, session, state }: WindowsOptions): string {
  const isFiltered = [since, until, session, state].some(each => each !== undefined)
  const { endMs } = reader.totals()
  if (endMs === undefined) return 'No windows yet: one begins with its first event.'
  const last = new Date(endMs).toISOString().slice(0, 19).replace('T', ' ')
  return isFiltered ? `No such windows. The newest one ends at ${last} UTC.` : 'No windows yet.'
}

function showPicture(terminal: Terminal, reader: CaptureReader, filter: WindowFilter): void {
  const all = reader.totals(filter)
  if (all.startMs === undefined || all.endMs === undefined) return
  const fromMs = filter.fromMs ?? Math.max(all.startMs, all.endMs - pictureMs)
  const totals = filter.fromMs === undefined ? reader.totals({ ...filter, fromMs }) : all
  const [longest] = reader.windows(filter, 'newest-first')
  const cut = cutRange(
    {
      fromMs: Math.max(fromMs, all.startMs),
      toMs: Math.min(filter.toMs ?? Number.POSITIVE_INFINITY, all.endMs),
      leastMs: longest ? longest.endMs - longest.startMs : 0,
    },
    terminal.columns,
  )
  const cells = reader.activity({ ...filter, fromMs: cut.fromMs, toMs: cut.toMs }, cut.stepMs)
  const style = (look: Style, text: string) => terminal.style(look, text)
  terminal.out(`  ${terminal.style('bold', rangeText(cut.fromMs, cut.toMs))}`)
  for (const line of drawActivity({ ...cut, cells }, style)) terminal.out(line)
  const room = terminal.isInteractive ? terminal.columns - indent.length : Number.POSITIVE_INFINITY
  for (const line of folded(summaryText(totals), room)) terminal.out(indent + line)
}

/** `2026-11-21 10:00 – 12:30 UTC`: whole minutes around it. */
function rangeText(fromMs: number, toMs: number): string {
  const endMs = Math.ceil(toMs / minuteMs) * minuteMs
  const [from, to] = [fromMs, endMs].map(ms => new Date(ms).toISOString().slice(0, 16).replace('T', ' '))
  const isOneDay = from!.slice(0, 10) === to!.slice(0, 10)
  return `${from} – ${isOneDay ? to!.slice(11) : to} UTC`
}

function summaryText(totals: WindowTotals): string {
  const { windows, sessions, events, lateEvents, built, keys, clicks, screenshots, idleMs, builtMs } = totals
  const facts = [`${plural(events, 'event')} in ${plural(windows, 'window')} of ${plural(sessions, 'session')}`]
  if (lateEvents > 0) facts.push(`${count(lateEvents)} late`)
  if (built > 0) {
    facts.push(plural(keys, 'key'), plural(clicks, 'click'), plural(screenshots, 'screenshot'))
    facts.push(`idle ${percent(idleMs, builtMs)} %`)
  }
  return facts.join(' · ')
}

function columnsOf(terminal: Terminal): Column[] {
  const notZero = (style: Style) => (text: string) => (text === '0' ? text : terminal.style(style, text))
  return [
    { title: 'start (UTC)' },
    { title: 'session', style: text => terminal.style('dim', text) },
    { title: 'events', right: true },
    { title: 'late', right: true, style: notZero('yellow') },
    { title: 'keys', right: true },
    { title: 'clicks', right: true, optional: true },
    { title: 'idle', style: text => terminal.style('cyan', text), optional: true },
    { title: 'shots', right: true, optional: true },
    { title: 'length', right: true, optional: true },
    { title: 'state', style: text => terminal.style(styleOf(text), text) },
  ]
}

function cellsOf(window: WindowRecord): string[] {
  const { startMs, endMs, sessionId, events, lateEvents, aggregates, counts } = window
  return [
    new Date(startMs).toISOString().slice(5, 19).replace('T', ' '),
    sessionId.slice(0, 8),
    count(events),
    count(lateEvents),
    aggregates ? count(aggregates.keys) : '',
    aggregates ? count(aggregates.clicks) : '',
    aggregates ? idleText(aggregates.idle_ms, endMs - startMs) : '',
    counts ? count(counts.screenshot ?? 0) : '',
    lengthOf(endMs - startMs),
    stateText(window),
  ]
}

/** `██░░░ 40 %` */
function idleText(idleMs: number, lengthMs: number): string {
  const cells = Math.round(Math.min(1, idleMs / lengthMs) * idleCells)
  return `${'█'.repeat(cells)}${'░'.repeat(idleCells - cells)} ${percent(idleMs, lengthMs)} %`
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((100 * part) / whole)
}

/** `● built, 1 of 3 sent`, `● built, 2 tries failed`, `✓ delivered`. */
function stateText({ state, parts = 1, partsDelivered, attempts }: WindowRecord): string {
  if (state === 'delivered') return '✓ delivered'
  const facts = [`● ${state}`]
  if (state === 'built' && parts > 1) facts.push(`${count(partsDelivered)} of ${count(parts)} sent`)
  if (attempts > 0) facts.push(`${plural(attempts, 'try', 'tries')} failed`)
  return facts.join(', ')
}

function styleOf(state: string): Style {
  if (state.startsWith('✓')) return 'green'
  if (state.endsWith('failed')) return 'red'
  return state === '● open' ? 'cyan' : 'yellow'
}
