/** The table of event blocks: what one transaction brought of one session and one window, packed (run.ts in envelope.ts). */
import type { Random } from '@chronicle/base'
import type { SealKey } from '@chronicle/vault'
import { DatabaseError } from '../errors.ts'
import { type DecodedEvent, decodeRun, encodeRun, type RunEvent } from '../event/run.ts'
import { uuidFromBytes } from '../event/uuid.ts'
import type { CaptureDatabase } from './database.ts'
import { openEnvelope, packEnvelope } from './envelope.ts'
import type { PayloadKeys } from './payload-keys.ts'
import type { WindowKey } from './window-rows.ts'

/** A block as it is found, not opened yet. */
export type BlockRow = {
  readonly blockId: number
  readonly firstMs: number
  readonly events: number
  readonly payload: Buffer
}

/** Where a page of blocks ended. */
export type BlockMark = { readonly firstMs: number; readonly blockId: number }

export class EventBlocks {
  readonly #database: CaptureDatabase
  readonly #random: Random
  readonly #sql
  #nextId: number

  constructor(database: CaptureDatabase, random: Random) {
    this.#database = database
    this.#random = random
    this.#sql = {
      insert: database.prepare(
        `INSERT INTO event_blocks (block_id, session_id, window_start, first_ms, last_ms, events, payload) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ),
      page: database.prepare(
        `SELECT block_id, first_ms, events, payload FROM event_blocks
         WHERE session_id = ? AND window_start = ? AND (first_ms, block_id) > (?, ?) ORDER BY first_ms, block_id LIMIT ?`,
      ),
      lastId: database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'event_blocks'`),
    }
    // Also of blocks that were deleted: an id stands in what its block is sealed with, and is never given to another.
    this.#nextId = ((database.read(() => this.#sql.lastId.get())?.seq as number | undefined) ?? 0) + 1
  }

  /** Inside of a transaction. `events` are in the order of their times. Returns the block as it was before it was packed: its payload is the run. */
  insert({ sessionId, start }: WindowKey, events: readonly RunEvent[], key: SealKey | undefined): BlockRow {
    const blockId = this.#nextId++
    const run = encodeRun(events)
    const payload = packEnvelope(run, blockPlace(sessionId, start, blockId), key, this.#random)
    const firstMs = events[0]!.timestamp
    const lastMs = events.at(-1)!.timestamp
    this.#sql.insert.run(blockId, sessionId, start, firstMs, lastMs, events.length, payload)
    return { blockId, firstMs, events: events.length, payload: run }
  }

  /** At most `rowsMax` blocks of a window behind `after`, in the order of their first events. */
  page({ sessionId, start }: WindowKey, after: BlockMark | undefined, rowsMax: number): BlockRow[] {
    const { firstMs, blockId } = after ?? { firstMs: -1, blockId: 0 }
    return this.#database.read(() =>
      this.#sql.page.all(sessionId, start, firstMs, blockId, rowsMax).map(row => ({
        blockId: row.block_id as number,
        firstMs: row.first_ms as number,
        events: row.events as number,
        payload: viewOf(row.payload as Uint8Array),
      })),
    )
  }
}

/** A block that was opened. `bytes` is what its events take before they are compressed. */
export type OpenedBlock<Event = DecodedEvent> = { readonly events: Event[]; readonly bytes: number }

/** The events of a block. Rejects with 'capture.database-block-damaged', and what the vault says where a key cannot be had for the moment. */
export async function openBlock(key: WindowKey, row: BlockRow, keys: PayloadKeys): Promise<OpenedBlock> {
  const place = blockPlace(key.sessionId, key.start, row.blockId)
  const run = await openEnvelope(row.payload, place, keys)
  const events = decodeRun(run)
  if (events?.length === row.events) return { events, bytes: run.length }
  throw new DatabaseError('capture.database-block-damaged', { block: place, reason: 'it is no run of its events' })
}

/** What a block is sealed for (CE3): moved to another window or session, it does not open. */
export function blockPlace(sessionId: Buffer, windowStart: number, blockId: number): string {
  return `capture/events/${uuidFromBytes(sessionId)}/${windowStart}/${blockId}`
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
