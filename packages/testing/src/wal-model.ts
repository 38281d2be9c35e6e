/** What tests take the log for: a list of entries. */
import assert from 'node:assert/strict'
import {
  entryKind,
  entryKindMin,
  entryLsn,
  entryNext,
  entryPayloadLength,
  entryPayloadStart,
  entryStream,
  type Slice,
  type Wal,
} from '@chronicle/wal'

export type ModelEntry = {
  readonly lsn: number
  readonly stream: number
  readonly kind: number
  readonly payload: Buffer
}

/** The caller's entries of a slice, copied; checks that they follow each other without a gap. */
export function entriesOf(slice: Slice): ModelEntry[] {
  const entries: ModelEntry[] = []
  for (let at = slice.start; at < slice.end; at = entryNext(slice.bytes, at)) {
    const lsn = entryLsn(slice.bytes, at)
    assert.equal(lsn, slice.lsn + at - slice.start, 'entries of a slice follow each other')
    const kind = entryKind(slice.bytes, at)
    const start = entryPayloadStart(at)
    const payload = Buffer.from(slice.bytes.subarray(start, start + entryPayloadLength(slice.bytes, at)))
    assert.ok(entryNext(slice.bytes, at) <= slice.end, 'entries of a slice are whole')
    if (kind >= entryKindMin) entries.push({ lsn, stream: entryStream(slice.bytes, at), kind, payload })
  }
  return entries
}

/** Reads `count` of the caller's entries from `lsn` on, slice after slice; fewer at the end of the log. */
export async function readFrom(wal: Wal, lsn: number, count: number, bytesMax = 65_536): Promise<ModelEntry[]> {
  const entries: ModelEntry[] = []
  for (let at = lsn; entries.length < count; ) {
    const slice = await wal.read(at, bytesMax)
    assert.equal(slice.lsn, at)
    assert.ok(at + slice.end - slice.start <= wal.durableLsn, 'nothing is read that is not durable')
    if (slice.start === slice.end) {
      slice.release()
      break
    }
    entries.push(...entriesOf(slice))
    at += slice.end - slice.start
    slice.release()
  }
  return entries.slice(0, count)
}
