/** The journal of screenshots by the times of capture, page by page. */
import { captureErrors } from '../errors.ts'
import { decodeAbout, type ShotAbout, type ShotRecord, shotColumns, shotRecordOf } from '../screenshots/index.ts'
import type { CaptureDatabase } from '../store/database.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import type { ReadRange, ScreenshotRecord } from './contract.ts'
import { screenshotKeysMax } from './limits.ts'
import { checkedRange } from './range.ts'

/** Rejects with `DatabaseError`, 'capture.keys-missing' and the vault's errors. */
export async function* readScreenshots(
  database: CaptureDatabase,
  keys: PayloadKeys,
  range: ReadRange,
): AsyncGenerator<ScreenshotRecord> {
  const { fromMs, toMs, session } = checkedRange(range)
  // No index has this order: each page looks at all that the index of sessions holds, so it is large.
  const page = database.prepare(
    `SELECT captured_ms, screenshot_id FROM screenshots WHERE captured_ms >= ? AND captured_ms < ? ${session ? 'AND session_id = ?' : ''}
     AND (captured_ms, screenshot_id) > (?, ?) ORDER BY captured_ms, screenshot_id LIMIT ${screenshotKeysMax}`,
  )
  const get = database.prepare(`SELECT ${shotColumns} FROM screenshots WHERE screenshot_id = ?`)
  const fixed = [fromMs, toMs, ...(session ? [session] : [])]
  let mark: [number, Uint8Array] = [Number.NEGATIVE_INFINITY, new Uint8Array()]
  for (;;) {
    const found = database.read(() => page.all(...fixed, ...mark))
    for (const { screenshot_id: id } of found) {
      // They are kept for ever.
      const record = shotRecordOf(database.read(() => get.get(id!)) as Parameters<typeof shotRecordOf>[0])
      yield { ...record, about: await aboutOf(record, keys) }
    }
    const last = found.at(-1)
    if (last === undefined || found.length < screenshotKeysMax) return
    mark = [last.captured_ms as number, last.screenshot_id as Uint8Array]
  }
}

/** CR3. Undefined where it is damaged, or its key is gone for good: the rest of the record stands in the clear. */
async function aboutOf({ id, about }: ShotRecord, keys: PayloadKeys): Promise<ShotAbout | undefined> {
  try {
    return await decodeAbout(id, Buffer.from(about), keys)
  } catch (error) {
    const isDamaged =
      captureErrors.is(error) &&
      (error.code === 'capture.database-block-damaged' || error.code === 'capture.screenshot-record-damaged')
    if (!isDamaged) throw error
    return undefined
  }
}
