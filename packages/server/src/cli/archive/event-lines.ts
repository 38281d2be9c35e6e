import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chronicle/base'
import { type ArchivedEvent, type ArchivedFile, type ArchiveReader, readEvents } from '@chronicle/packer'
import { openPrivatePlace, type PrivateFile } from '../../archive-sql/private-place.ts'
import { eventLine } from './event-line.ts'
import type { TimeRange } from './time.ts'
import { isWritable } from './writable.ts'

export type LinesOptions = {
  readonly parseData: boolean
  readonly range?: TimeRange
  readonly onBytes?: (bytes: number) => void
}

/**
 * The events of a Parquet file as lines of JSON, many at a time. The file is opened whole first, into a private place (S16): no event of a file that turns out to be damaged is
 * given out, and memory holds a few thousand events.
 */
export async function* eventLines(
  reader: ArchiveReader,
  file: ArchivedFile,
  { parseData, range = {}, onBytes }: LinesOptions,
): AsyncGenerator<Buffer> {
  const place = openPrivatePlace({ bytes: file.bytes, directory: placeOnDisk(reader), clock: systemClock })
  const plain = await place.create()
  try {
    let bytes = 0
    for await (const piece of reader.plain(file, onBytes)) {
      await plain.handle.writeFile(piece)
      bytes += piece.length
    }
    const read = (start: number, end: number) => readRange(plain, start, end)
    for await (const events of readEvents(file.path, { bytes, read })) {
      const wanted = events.filter(event => isWithin(event, range))
      if (wanted.length > 0) yield Buffer.from(wanted.map(event => eventLine(event, parseData)).join(''))
    }
  } finally {
    await plain.handle.close()
  }
}

/** Beside the archive, which has the room; a copy may lack that directory, or cannot be written. */
function placeOnDisk({ basePath }: ArchiveReader): string {
  const own = join(basePath, 'temp')
  return isWritable(own) ? own : tmpdir()
}

function isWithin({ timestampNs }: ArchivedEvent, { from, to }: TimeRange): boolean {
  return (from === undefined || timestampNs >= from) && (to === undefined || timestampNs < to)
}

async function readRange({ handle }: PrivateFile, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.alloc(end - start)
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled)
    if (bytesRead === 0) throw new RangeError(`the file ends before byte ${end}`)
    filled += bytesRead
  }
  return bytes
}
