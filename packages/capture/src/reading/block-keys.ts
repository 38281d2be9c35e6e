/**
 * The blocks of a range in the order of their first events, over all windows and sessions, by their names alone: what they hold is fetched when its turn comes.
 *
 * No index has this order, and none is needed. What is in time lies inside of its window: windows by their beginnings, and the blocks of each by the index of its
 * window, come nearly in order by themselves. What is late lies before its window, anywhere: few blocks, looked for on their own. A block that holds both is named
 * twice, once for each part: opened for one event that is days late, it would else be held until its window comes.
 */
import type { CaptureDatabase } from '../store/database.ts'
import { lateKeysMax, pageWindowsMax, windowKeysMax } from './limits.ts'
import type { CheckedRange } from './range.ts'

export type BlockKey = {
  /** No event of this part is earlier. */
  readonly firstMs: number
  readonly blockId: number
  /** Of what is late in it, or of what is not. */
  readonly part: 'late' | 'in-time'
}

type Mark = { readonly firstMs: number; readonly blockId: number }

type Window = { readonly session: Uint8Array; readonly start: number }

/** By their first events (CR1). Every read is one of its own (CR2): none holds the writer's log, or sees anything but the newest state. */
export function* blockKeys(database: CaptureDatabase, range: CheckedRange): Generator<BlockKey> {
  const inTime = keysOfWindow(database, range)
  const heads = new Heads()
  heads.add(lateKeys(database, range))
  for (const window of windowsIn(database, range)) {
    yield* heads.before(window.start)
    heads.add(inTime(window))
  }
  yield* heads.before(Number.POSITIVE_INFINITY)
}

/** Windows by their beginnings. */
function* windowsIn(database: CaptureDatabase, { fromMs, toMs, session }: CheckedRange): Generator<Window> {
  const page = database.prepare(
    `SELECT window_start, session_id FROM windows WHERE window_end > ? AND window_start < ? ${ofSession(session)}
     AND (window_start, session_id) > (?, ?) ORDER BY window_start, session_id LIMIT ${pageWindowsMax}`,
  )
  const fixed = [toMs, ...(session ? [session] : [])]
  let mark: [start: number, session: Uint8Array] = [Number.NEGATIVE_INFINITY, new Uint8Array()]
  for (;;) {
    // What begins after the last one also ends after that: where the index is entered.
    const rows = database.read(() => page.all(Math.max(fromMs, mark[0]), ...fixed, ...mark))
    for (const row of rows) yield { session: row.session_id as Uint8Array, start: row.window_start as number }
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageWindowsMax) return
    mark = [last.window_start as number, last.session_id as Uint8Array]
  }
}

/** Blocks of a window with anything in time. */
function keysOfWindow(
  database: CaptureDatabase,
  { fromMs, toMs }: CheckedRange,
): (window: Window) => Generator<BlockKey> {
  const ofWindow = 'FROM event_blocks WHERE session_id = ? AND window_start = ?'
  const mixed = database.prepare(
    `SELECT window_start AS firstMs, block_id AS blockId ${ofWindow} AND first_ms < window_start AND last_ms >= window_start
     AND last_ms >= ? AND block_id > ? ORDER BY block_id LIMIT ${windowKeysMax}`,
  )
  const plain = database.prepare(
    `SELECT first_ms AS firstMs, block_id AS blockId ${ofWindow} AND (first_ms, block_id) > (?, ?) AND first_ms < ?
     AND last_ms >= ? ORDER BY first_ms, block_id LIMIT ${windowKeysMax}`,
  )
  return function* ({ session, start }) {
    const before = { firstMs: start, blockId: -1 }
    yield* paged(database, 'in-time', windowKeysMax, before, ({ blockId }) =>
      mixed.all(session, start, fromMs, blockId),
    )
    yield* paged(database, 'in-time', windowKeysMax, before, mark =>
      plain.all(session, start, mark.firstMs, mark.blockId, toMs, fromMs),
    )
  }
}

/** Blocks that begin before their window. */
function lateKeys(database: CaptureDatabase, { fromMs, toMs, session }: CheckedRange): Generator<BlockKey> {
  const page = database.prepare(
    `SELECT b.first_ms AS firstMs, b.block_id AS blockId FROM windows w
     JOIN event_blocks b ON b.session_id = w.session_id AND b.window_start = w.window_start AND b.first_ms < w.window_start
     WHERE w.late_events > 0 AND w.window_end > ? ${ofSession(session, 'w.')}
     AND b.first_ms < ? AND b.last_ms >= ? AND (b.first_ms, b.block_id) > (?, ?)
     ORDER BY b.first_ms, b.block_id LIMIT ${lateKeysMax}`,
  )
  const fixed = [fromMs, ...(session ? [session] : []), toMs, fromMs]
  const first = { firstMs: Number.NEGATIVE_INFINITY, blockId: -1 }
  return paged(database, 'late', lateKeysMax, first, mark => page.all(...fixed, mark.firstMs, mark.blockId))
}

function* paged(
  database: CaptureDatabase,
  part: BlockKey['part'],
  rowsMax: number,
  first: Mark,
  page: (mark: Mark) => Record<string, unknown>[],
): Generator<BlockKey> {
  let mark = first
  for (;;) {
    const rows = database.read(() => page(mark)) as Mark[]
    for (const { firstMs, blockId } of rows) yield { firstMs, blockId, part }
    if (rows.length < rowsMax) return
    mark = rows.at(-1)!
  }
}

function ofSession(session: Buffer | undefined, table = ''): string {
  return session ? `AND ${table}session_id = ?` : ''
}

type Head = { key: BlockKey; readonly rest: Iterator<BlockKey> }

/** Sequences of blocks, the one that goes on first at the beginning. */
class Heads {
  readonly #heads: Head[] = []

  add(keys: Iterator<BlockKey>): void {
    const { value, done } = keys.next()
    if (!done) this.#insert({ key: value, rest: keys })
  }

  /** What begins before `ms`, of all of them in order. */
  *before(ms: number): Generator<BlockKey> {
    for (let head = this.#heads[0]; head && head.key.firstMs < ms; head = this.#heads[0]) {
      this.#heads.shift()
      yield head.key
      this.add(head.rest)
    }
  }

  #insert(head: Head): void {
    let at = this.#heads.length
    while (at > 0 && isBefore(head.key, this.#heads[at - 1]!.key)) at--
    this.#heads.splice(at, 0, head)
  }
}

function isBefore(one: BlockKey, other: BlockKey): boolean {
  return one.firstMs === other.firstMs ? one.blockId < other.blockId : one.firstMs < other.firstMs
}
