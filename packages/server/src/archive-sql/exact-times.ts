/**
 * DuckDB reads a Parquet column of TIMESTAMP(NANOS, UTC) in microseconds, and only one that is not of UTC in nanoseconds. So in the opened copy the flag that says UTC
 * is taken away: one byte of the schema, in Thrift's compact protocol.
 *
 * ```text
 * 0c "timestamp_ns"   the name of the column, with its length
 * 6c                  field 10, a struct: LogicalType
 * 8c                  field 8, a struct: TIMESTAMP
 * 11                  field 1, isAdjustedToUTC: 11 is true, 12 is false
 * 1c 3c 00            field 2, the unit: NANOS
 * ```
 */
import type { FileHandle } from 'node:fs/promises'
import { type ArchivedFile, packerErrors } from '@chronicle/packer'

const name = Buffer.from('\x0ctimestamp_ns', 'latin1')
const type = Buffer.from('6c8c111c3c00', 'hex')
const pattern = Buffer.concat([name, type])
const flagAt = name.length + 2
const isNotUtc = Buffer.of(0x12)

/** Length of the footer and `PAR1`. */
const trailerBytes = 8
/** The schema stands at the beginning of the footer. */
const schemaBytesMax = 4096

/** Changes the plain copy of a file of events in place. Rejects with 'packer.archived-file-damaged'. */
export async function keepNanoseconds(copy: FileHandle, { path }: ArchivedFile): Promise<void> {
  const { size } = await copy.stat()
  const trailer = await read(copy, size - trailerBytes, trailerBytes)
  const footerAt = size - trailerBytes - (trailer.length < trailerBytes ? size : trailer.readUInt32LE())
  const schema = footerAt < 0 ? Buffer.alloc(0) : await read(copy, footerAt, Math.min(schemaBytesMax, size - footerAt))
  const at = schema.indexOf(pattern)
  if (at < 0) {
    throw packerErrors.create('packer.archived-file-damaged', { path, reason: 'its schema is not that of events' })
  }
  await copy.write(isNotUtc, 0, isNotUtc.length, footerAt + at + flagAt)
}

async function read(copy: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) return Buffer.alloc(0)
  const { buffer, bytesRead } = await copy.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}
