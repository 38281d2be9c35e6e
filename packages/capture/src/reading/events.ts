/** CR1. Events of a range in the order of their times, in bounded memory: blocks in the order of their first events, merged as a window's are. */
import { captureErrors } from '../errors.ts'
import { uuidFromBytes } from '../event/uuid.ts'
import type { CaptureDatabase } from '../store/database.ts'
import { type BlockRow, type OpenedBlock, openBlock } from '../store/event-blocks.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import type { WindowKey } from '../store/window-rows.ts'
import { mergeBytesMax, mergeEventsMax } from '../windows/limits.ts'
import { type BlockSource, partsOf } from '../windows/merge.ts'
import { type BlockKey, blockKeys } from './block-keys.ts'
import type { EventFilter, EventRecord } from './contract.ts'
import { portionBytesMax, portionEventsMax } from './limits.ts'
import { type CheckedRange, checkedRange } from './range.ts'

const limits = { partEventsMax: portionEventsMax, partBytesMax: portionBytesMax, mergeEventsMax, mergeBytesMax }

type FoundBlock = BlockRow & WindowKey & { readonly part: BlockKey['part']; readonly isMixed: boolean }

/** In portions. Rejects with `DatabaseError`, 'capture.keys-missing' and the vault's errors; throws 'capture.invalid-argument'. */
export function readEvents(
  database: CaptureDatabase,
  keys: PayloadKeys,
  filter: EventFilter,
): AsyncIterable<readonly EventRecord[]> {
  const range = checkedRange(filter)
  const found = blockKeys(database, range)
  const fetch = fetcher(database)
  const source: BlockSource<FoundBlock, EventRecord> = {
    page: (_, rowsMax) => takeRows(found, fetch, rowsMax),
    open: row => openRow(row, keys, range, filter),
  }
  return partsOf(source, limits)
}

/** A page of the merge: shorter than asked for only at the end. */
function takeRows(
  found: Iterator<BlockKey>,
  fetch: (key: BlockKey) => FoundBlock | undefined,
  rowsMax: number,
): FoundBlock[] {
  const rows: FoundBlock[] = []
  while (rows.length < rowsMax) {
    const { value, done } = found.next()
    if (done) break
    const row = fetch(value)
    // Retention may have been quicker.
    if (row) rows.push(row)
  }
  return rows
}

function fetcher(database: CaptureDatabase): (key: BlockKey) => FoundBlock | undefined {
  const get = database.prepare(
    'SELECT session_id, window_start, first_ms, last_ms, events, payload FROM event_blocks WHERE block_id = ?',
  )
  return key => {
    const row = database.read(() => get.get(key.blockId))
    if (row === undefined) return undefined
    const start = row.window_start as number
    return {
      ...key,
      sessionId: Buffer.from(row.session_id as Uint8Array),
      start,
      isMixed: (row.first_ms as number) < start && (row.last_ms as number) >= start,
      events: row.events as number,
      payload: Buffer.from(row.payload as Uint8Array),
    }
  }
}

/** What is wanted of a block; undefined where that is nothing, or cannot be read (CR3). */
async function openRow(
  row: FoundBlock,
  keys: PayloadKeys,
  range: CheckedRange,
  { eventTypes, onRead, onDamaged }: EventFilter,
): Promise<OpenedBlock<EventRecord> | undefined> {
  const sessionId = uuidFromBytes(row.sessionId)
  const windowStartMs = row.start
  const late = row.part === 'late'
  try {
    const { events, bytes } = await openBlock(row, row, keys)
    const wanted: EventRecord[] = []
    let read = 0
    for (const { id, timestamp, eventType, data } of events) {
      if (late !== timestamp < windowStartMs) continue
      read++
      if (timestamp < range.fromMs || timestamp >= range.toMs) continue
      if (eventTypes && !eventTypes.includes(eventType)) continue
      wanted.push({ id, timestamp, sessionId, eventType, data, windowStartMs, late })
    }
    onRead?.(read)
    return wanted.length > 0 ? { events: wanted, bytes: (bytes / events.length) * wanted.length } : undefined
  } catch (error) {
    if (!captureErrors.is(error) || error.code !== 'capture.database-block-damaged') throw error
    // Of the two parts of a block the late one was told of before.
    if (late || !row.isMixed) onDamaged?.({ sessionId, windowStartMs, blockId: row.blockId, events: row.events, error })
    return undefined
  }
}
