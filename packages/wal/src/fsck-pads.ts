/** Pads: entries that stand where others were lost. Their payload is whatever is there, and is never checked. */
import { join } from 'node:path'
import type { Disk, DiskFile } from './disk.ts'
import { entryHeaderBytes, ownKinds, padEntryBytesMax, putEntryHeader } from './entry.ts'
import { encodeFileHeader, fileHeaderBytes, saltOf } from './file-header.ts'
import { logFileName } from './file-name.ts'

/** Small, so that nobody has to read a large one to step over it; the last of a stretch takes up to twice as much. */
const padBytes = padEntryBytesMax / 2

/** Makes `[fromLsn, toLsn)` of a file into pads; all else in it stays. Both are multiples of 8, at least 32 apart. */
export function coverWithPads(
  disk: Disk,
  path: string,
  firstLsn: number,
  salt: number,
  fromLsn: number,
  toLsn: number,
): void {
  const file = disk.open(path, 'write')
  try {
    writePads(file, firstLsn, salt, fromLsn, toLsn)
  } finally {
    file.close()
  }
}

/** Makes a file of nothing but pads, in the place of one that is missing. */
export function makePadFile(
  disk: Disk,
  directory: string,
  { uuid, previousLsn, fromLsn, toLsn }: { uuid: Buffer; previousLsn: number; fromLsn: number; toLsn: number },
): void {
  const file = disk.open(join(directory, logFileName(fromLsn)), 'create')
  try {
    file.writeSync([encodeFileHeader({ uuid, firstLsn: fromLsn, previousLsn, createdAt: 0 })], 0)
    writePads(file, fromLsn, saltOf(uuid), fromLsn, toLsn)
  } finally {
    file.close()
  }
}

function writePads(file: DiskFile, firstLsn: number, salt: number, fromLsn: number, toLsn: number): void {
  const end = fileHeaderBytes + toLsn - firstLsn
  if (file.size() < end) file.truncate(end)
  for (let lsn = fromLsn; lsn < toLsn; ) {
    const left = toLsn - lsn
    // The last one must not be smaller than a header.
    const bytes = left > padEntryBytesMax ? padBytes : left
    const header = Buffer.alloc(entryHeaderBytes)
    putEntryHeader(header, 0, salt, lsn, 0, 0, ownKinds.pad, bytes - entryHeaderBytes, 0)
    file.writeSync([header], fileHeaderBytes + lsn - firstLsn)
    lsn += bytes
  }
}
