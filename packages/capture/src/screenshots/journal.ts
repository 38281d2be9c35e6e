import type { StatementSync } from 'node:sqlite'
import { uuidFromBytes, uuidToBytes } from '../event/uuid.ts'
import type { ImageMeasures } from '../image/contract.ts'
import type { CaptureDatabase } from '../store/database.ts'
import type { DeletionReason, ShotRecord } from './contract.ts'

const columns = [
  'screenshot_id',
  'event_id',
  'session_id',
  'captured_ms',
  'state',
  'place',
  'size_bytes',
  'hash',
  'privacy_masked',
  'about',
  'format',
  'width',
  'height',
  'text_density',
  'dominant_colors',
  'ui_element_count',
  'refusal',
  'deleted_ms',
  'reason',
] as const

/** What a later line of the same screenshot changes. */
const changing = columns.slice(columns.indexOf('state')).filter(name => name !== 'size_bytes' && name !== 'hash')

const upsert = `INSERT INTO screenshots (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
  ON CONFLICT (screenshot_id) DO UPDATE SET ${changing.map(name => `${name} = excluded.${name}`).join(', ')}`

type Row = Record<(typeof columns)[number], string | number | Uint8Array | null>

/** As a query names them. */
export const shotColumns = columns.join(', ')

/** The table of screenshots. Throws `DatabaseError`. */
export class ShotJournal {
  readonly #database: CaptureDatabase
  readonly #upsert: StatementSync
  readonly #find: StatementSync
  readonly #interrupt: StatementSync

  constructor(database: CaptureDatabase) {
    this.#database = database
    this.#upsert = database.prepare(upsert)
    this.#find = database.prepare(`SELECT ${columns.join(', ')} FROM screenshots WHERE screenshot_id = ?`)
    this.#interrupt = database.prepare(
      `UPDATE screenshots SET state = 'deleted', place = 'deleted', deleted_ms = ?, reason = ? WHERE state <> 'deleted'`,
    )
  }

  /** The newest state of each, all or none. */
  write(records: readonly ShotRecord[]): void {
    this.#database.transaction(() => {
      for (const record of records) this.#upsert.run(...valuesOf(record))
    })
  }

  find(id: string): ShotRecord | undefined {
    const row = this.#database.read(() => this.#find.get(uuidToBytes(id))) as Row | undefined
    return row && shotRecordOf(row)
  }

  /** What an earlier process left undeleted has no bytes any more: says so of all, and how many they were (CS4). */
  interruptAll(deletedMs: number): number {
    const reason: DeletionReason = 'interrupted'
    return Number(this.#database.transaction(() => this.#interrupt.run(deletedMs, reason)).changes)
  }
}

/** In the order of `columns`. */
function valuesOf(record: ShotRecord): (string | number | Uint8Array | null)[] {
  const { measures } = record
  return [
    uuidToBytes(record.id),
    uuidToBytes(record.eventId),
    uuidToBytes(record.sessionId),
    record.capturedMs,
    record.state,
    record.place,
    record.sizeBytes,
    Buffer.from(record.hash, 'hex'),
    Number(record.privacyMasked),
    record.about,
    record.format ?? null,
    record.width ?? null,
    record.height ?? null,
    measures?.textDensity ?? null,
    measures?.dominantColors.join(' ') ?? null,
    measures?.uiElementCount ?? null,
    record.refusal ?? null,
    record.deletedMs ?? null,
    record.reason ?? null,
  ]
}

/** Of a row with {@link shotColumns}. */
export function shotRecordOf(row: Row): ShotRecord {
  const found = {
    id: uuidFromBytes(row.screenshot_id as Uint8Array),
    eventId: uuidFromBytes(row.event_id as Uint8Array),
    sessionId: uuidFromBytes(row.session_id as Uint8Array),
    capturedMs: row.captured_ms,
    state: row.state,
    place: row.place,
    sizeBytes: row.size_bytes,
    hash: Buffer.from(row.hash as Uint8Array).toString('hex'),
    privacyMasked: row.privacy_masked === 1,
    about: Buffer.from(row.about as Uint8Array),
    format: row.format,
    width: row.width,
    height: row.height,
    measures: measuresOf(row),
    refusal: row.refusal,
    deletedMs: row.deleted_ms,
    reason: row.reason,
  }
  // What is null was absent.
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null)) as ShotRecord
}

function measuresOf(row: Row): ImageMeasures | null {
  if (row.text_density === null) return null
  return {
    textDensity: row.text_density as number,
    dominantColors: (row.dominant_colors as string).split(' '),
    uiElementCount: row.ui_element_count as number,
  }
}
