import type { Partition } from '@chronicle/log'
import { type LogRecord, readRecords } from '../log/read-records.ts'
import { decodeLetter, type StoredLetter } from './letter.ts'
import type { RecentIds } from './recent-ids.ts'

/** One read of the log. */
const readBytesMax = 1024 * 1024

/** Ids are read backwards in stretches of so many letters … */
const stretchLetters = 250
/** … until so many bytes were read, if there are not ids enough before. */
const idsBytesMax = 64 * 1024 * 1024

/** Visits the letters in [`start`, `end`), in order. What is no letter is passed over. */
export async function readLetters(
  partition: Partition,
  start: number,
  end: number,
  visit: (letter: StoredLetter) => unknown,
): Promise<void> {
  await visitRecords(partition, start, end, ({ offset, key, value }) => {
    const letter = decodeLetter(offset, key, value)
    if (letter !== undefined) visit(letter)
  })
}

/** Adds the ids of the newest letters to `ids`, the newest last, up to as many as it holds or the bytes that are read for them. */
export async function newestIds(partition: Partition, ids: RecentIds): Promise<RecentIds> {
  const stretches: string[][] = []
  let found = 0
  let bytes = 0
  let end = partition.highWatermark
  while (end > partition.logStartOffset && found < ids.idsMax && bytes < idsBytesMax) {
    const start = Math.max(partition.logStartOffset, end - stretchLetters)
    const stretch: string[] = []
    await visitRecords(partition, start, end, ({ key, value }) => {
      stretch.push(key?.toString() ?? '')
      bytes += value?.length ?? 0
    })
    stretches.push(stretch)
    found += stretch.length
    end = start
  }
  for (const id of stretches.reverse().flat()) ids.add(id)
  return ids
}

async function visitRecords(
  partition: Partition,
  start: number,
  end: number,
  visit: (record: LogRecord) => void,
): Promise<void> {
  const visitor = {
    record(record: LogRecord): boolean {
      if (record.offset < end) visit(record)
      return record.offset + 1 < end
    },
    unreadable: () => true,
  }
  for (let offset = start; offset < end; ) {
    const next = await readRecords(partition, offset, readBytesMax, visitor)
    if (next === offset) return
    offset = next
  }
}
