/** Sums of minutes, hours and days, by time and then by session, page by page. */
import { aggregateOf, type Span, spans } from '../store/aggregates.ts'
import type { CaptureDatabase } from '../store/database.ts'
import type { AggregateRecord, ReadRange } from './contract.ts'
import { pageRowsMax } from './limits.ts'
import { checkedRange, refused } from './range.ts'

/** Those of which any moment lies in the range. What windows hold counts once they are built. */
export function* readAggregates(database: CaptureDatabase, span: Span, range: ReadRange): Generator<AggregateRecord> {
  const { fromMs, toMs, session } = checkedRange(range)
  const spanMs = spans[span]
  if (spanMs === undefined) throw refused('span', span, Object.keys(spans).join(', '))
  const page = database.prepare(
    `SELECT * FROM aggregates WHERE span = ? AND (start_ms, session_id) > (?, ?) AND start_ms < ?
     ${session ? 'AND session_id = ?' : ''} ORDER BY start_ms, session_id LIMIT ${pageRowsMax}`,
  )
  const fixed = [toMs, ...(session ? [session] : [])]
  // The last one that is over by then, with a session behind any.
  let mark: [number, Uint8Array] = [fromMs - spanMs, Buffer.alloc(17, 0xff)]
  for (;;) {
    const rows = database.read(() => page.all(span, ...mark, ...fixed))
    for (const row of rows) {
      const { focus_changes: focusChanges, distance_px: distancePx, ...rest } = aggregateOf(row)
      yield { ...rest, focusChanges, distancePx }
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRowsMax) return
    mark = [last.start_ms as number, last.session_id as Uint8Array]
  }
}
