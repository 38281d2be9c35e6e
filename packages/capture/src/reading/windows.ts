/** Windows as they stand, page by page. Each page is a read of its own, so that a writer goes on meanwhile (CR2). */
import type { SQLInputValue } from 'node:sqlite'
import { DatabaseError } from '../errors.ts'
import { uuidFromBytes } from '../event/uuid.ts'
import type { CaptureDatabase } from '../store/database.ts'
import { windowIdOf } from '../windows/batch.ts'
import type { WindowSummary } from '../windows/summary.ts'
import { type WindowFilter, type WindowRecord, type WindowTotals, windowStateNames } from './contract.ts'
import { activityCellsMax, pageRowsMax } from './limits.ts'
import { checkedRange, refused } from './range.ts'

export type WindowOrder = 'oldest-first' | 'newest-first'

type Row = Record<string, SQLInputValue>
type Mark = readonly [endMs: number, session: Uint8Array, startMs: number]

export function* readWindows(
  database: CaptureDatabase,
  filter: WindowFilter,
  order: WindowOrder,
): Generator<WindowRecord> {
  const { where, values } = conditionsOf(filter)
  const isNewestFirst = order === 'newest-first'
  const [than, direction] = isNewestFirst ? ['<', 'DESC'] : ['>', 'ASC']
  // The plus leaves the index to the mark, without which each page would begin at the beginning.
  const page = database.prepare(
    `SELECT * FROM windows WHERE ${where.replace('window_end', '+window_end')} AND (window_end, session_id, window_start) ${than} (?, ?, ?)
     ORDER BY window_end ${direction}, session_id ${direction}, window_start ${direction} LIMIT ${pageRowsMax}`,
  )
  let mark: Mark = [isNewestFirst ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY, new Uint8Array(), 0]
  for (;;) {
    const rows = database.read(() => page.all(...values, ...mark)) as Row[]
    for (const row of rows) yield recordOf(row, database.path)
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRowsMax) return
    mark = [last.window_end as number, last.session_id as Uint8Array, last.window_start as number]
  }
}

export function totalsOf(database: CaptureDatabase, filter: WindowFilter): WindowTotals {
  const { where, values } = conditionsOf(filter)
  const sumOf = (path: string) => `coalesce(sum(summary ->> '$.${path}'), 0)`
  const row = database.read(() =>
    database
      .prepare(
        `SELECT count(*) AS windows, count(DISTINCT session_id) AS sessions,
         coalesce(sum(events), 0) AS events, coalesce(sum(late_events), 0) AS lateEvents, count(summary) AS built,
         ${sumOf('aggregates.keys')} AS keys, ${sumOf('aggregates.clicks')} AS clicks,
         ${sumOf('counts.screenshot')} AS screenshots, ${sumOf('aggregates.idle_ms')} AS idleMs,
         coalesce(sum(iif(summary IS NULL, 0, window_end - window_start)), 0) AS builtMs,
         min(window_start) AS startMs, max(window_end) AS endMs FROM windows WHERE ${where}`,
      )
      .get(...values),
  ) as Record<string, number | null>
  return { ...row, startMs: row.startMs ?? undefined, endMs: row.endMs ?? undefined } as WindowTotals
}

/** Events of the windows that begin in each stretch of `stepMs` from `fromMs` on: one number for each stretch up to `toMs`. */
export function activityOf(
  database: CaptureDatabase,
  filter: WindowFilter & { readonly fromMs: number; readonly toMs: number },
  stepMs: number,
): number[] {
  const { fromMs, toMs } = filter
  const length = Math.ceil((toMs - fromMs) / stepMs)
  if (!(stepMs > 0) || !(length >= 0 && length <= activityCellsMax))
    throw refused('stepMs', stepMs, `a length that cuts the range into at most ${activityCellsMax} stretches`)
  const { where, values } = conditionsOf(filter)
  const rows = database.read(() =>
    database
      .prepare(
        `SELECT CAST((max(window_start, ?) - ?) / ? AS INTEGER) AS cell, sum(events) AS events
         FROM windows WHERE ${where} GROUP BY cell`,
      )
      .all(fromMs, fromMs, stepMs, ...values),
  )
  const cells = new Array<number>(length).fill(0)
  for (const { cell, events } of rows) cells[cell as number] = events as number
  return cells
}

function conditionsOf(filter: WindowFilter): { where: string; values: SQLInputValue[] } {
  const { fromMs, toMs, session } = checkedRange(filter)
  const conditions = ['window_end > ?', 'window_start < ?']
  const values: SQLInputValue[] = [fromMs, toMs]
  if (session) {
    conditions.push('session_id = ?')
    values.push(session)
  }
  if (filter.state !== undefined) {
    const state = windowStateNames.indexOf(filter.state)
    if (state === -1) throw refused('state', filter.state, windowStateNames.join(', '))
    conditions.push('state = ?')
    values.push(state)
  }
  return { where: conditions.join(' AND '), values }
}

function recordOf(row: Row, path: string): WindowRecord {
  const sessionId = Buffer.from(row.session_id as Uint8Array)
  const [startMs, endMs] = [row.window_start as number, row.window_end as number]
  const summary = summaryOf(row.summary as string | null, path)
  return {
    windowId: windowIdOf({ sessionId, start: startMs, end: endMs }),
    sessionId: uuidFromBytes(sessionId),
    startMs,
    endMs,
    state: windowStateNames[row.state as number]!,
    events: row.events as number,
    lateEvents: row.late_events as number,
    parts: (row.parts as number | null) ?? undefined,
    partsDelivered: row.parts_delivered as number,
    attempts: row.attempts as number,
    counts: summary?.counts,
    aggregates: summary?.aggregates,
  }
}

function summaryOf(text: string | null, path: string): WindowSummary | undefined {
  if (text === null) return undefined
  try {
    return JSON.parse(text) as WindowSummary
  } catch (error) {
    throw new DatabaseError('capture.database-damaged', { path, table: 'windows', column: 'summary' }, error)
  }
}
