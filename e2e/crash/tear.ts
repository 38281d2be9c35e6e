/**
 * Writes what a crash may leave behind the last whole entry of the write-ahead log. The entry is put together by
 * hand from the layout that the log documents, not with the log's own code.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32c, type Random } from '@chronicle/base'
import { inspectWal, nodeDisk } from '@chronicle/wal'

const fileHeaderBytes = 4096
const uuid = { offset: 8, length: 16 }
const entryHeaderBytes = 32
const batchKind = 16

export const tears = ['garbage', 'half a header', 'header alone', 'half an entry', 'one wrong bit'] as const
export type Tear = (typeof tears)[number]

/** Tears the tail of the log in `directory`, whose process is gone. Returns how many bytes were written. */
export async function tearTail(directory: string, tear: Tear, random: Random): Promise<number> {
  const report = await inspectWal(directory, nodeDisk)
  const last = report.files.at(-1)!
  const file = openSync(join(directory, last.name), 'r+')
  try {
    const salt = crc32c(readAt(file, uuid.offset, uuid.length))
    const bytes = tornBytes(tear, last.endLsn, salt, random)
    writeSync(file, bytes, 0, bytes.length, fileHeaderBytes + last.endLsn - last.firstLsn)
    return bytes.length
  } finally {
    closeSync(file)
  }
}

function tornBytes(tear: Tear, lsn: number, salt: number, random: Random): Buffer {
  if (tear === 'garbage') return Buffer.from(random.bytes(1 + random.int(5000)))
  const payload = Buffer.from(random.bytes(64 + random.int(4000)))
  const entry = entryOf(payload, lsn, salt)
  if (tear === 'half a header') return entry.subarray(0, entryHeaderBytes / 2)
  if (tear === 'header alone') return entry.subarray(0, entryHeaderBytes)
  if (tear === 'half an entry') return entry.subarray(0, entryHeaderBytes + Math.floor(payload.length / 2))
  entry[entry.length - 1]! ^= 1
  return entry
}

function entryOf(payload: Buffer, lsn: number, salt: number): Buffer {
  const entry = Buffer.alloc(entryHeaderBytes + payload.length)
  payload.copy(entry, entryHeaderBytes)
  entry.writeUInt32BE(crc32c(payload), 4)
  entry.writeBigUInt64BE(BigInt(lsn), 8)
  entry.writeUInt32BE(payload.length, 16)
  entry.writeUInt32BE(1, 20)
  entry.writeUInt32BE(0, 24)
  entry[28] = batchKind
  entry[29] = 1
  entry.writeUInt32BE(crc32c(entry.subarray(4, entryHeaderBytes), salt), 0)
  return entry
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  readSync(file, bytes, 0, length, position)
  return bytes
}
