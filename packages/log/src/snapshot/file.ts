import { crc32c } from '@chronicle/base'
import type { DiskFile } from '@chronicle/wal'
import {
  decodeSectionHeader,
  decodeSnapshotHeader,
  encodeSectionHeader,
  encodeSnapshotHeader,
  type Section,
  type SnapshotHeader,
  sectionHeaderBytes,
  sectionKinds,
  snapshotDamaged,
  snapshotHeaderBytes,
} from './format.ts'

/** Sections are written together in about this much; between two writes other work gets its turn. */
const writeBytes = 64 * 1024

/** Writes a whole snapshot into an empty file; returns its size. Not durable before the caller's sync. */
export async function writeSnapshot(
  file: DiskFile,
  header: SnapshotHeader,
  sections: Iterable<Section>,
): Promise<number> {
  let pieces: Buffer[] = [encodeSnapshotHeader(header)]
  let gathered = snapshotHeaderBytes
  let position = 0
  const flush = async (): Promise<void> => {
    await file.write(pieces, position)
    position += gathered
    pieces = []
    gathered = 0
  }
  const add = ({ kind, payload }: Section): void => {
    pieces.push(encodeSectionHeader(kind, payload), payload)
    gathered += sectionHeaderBytes + payload.length
  }
  let count = 0
  for (const section of sections) {
    add(section)
    count++
    if (gathered >= writeBytes) await flush()
  }
  const end = Buffer.alloc(4)
  end.writeUInt32BE(count)
  add({ kind: sectionKinds.end, payload: end })
  await flush()
  return position
}

/** Reads a snapshot, giving each section to `take`. Throws 'log.snapshot-damaged' unless every byte is as it was written. */
export async function readSnapshot(file: DiskFile, take: (section: Section) => void): Promise<SnapshotHeader> {
  const size = file.size()
  const header = decodeSnapshotHeader(await readFully(file, snapshotHeaderBytes, 0, size))
  let at = snapshotHeaderBytes
  for (let count = 0; ; count++) {
    const { kind, length, crc } = decodeSectionHeader(await readFully(file, sectionHeaderBytes, at, size))
    const payload = await readFully(file, length, at + sectionHeaderBytes, size)
    if (crc32c(payload) !== crc) throw snapshotDamaged('payload crc', crc, 'the CRC of the payload')
    at += sectionHeaderBytes + length
    if (kind !== sectionKinds.end) {
      take({ kind, payload })
      continue
    }
    if (length !== 4 || payload.readUInt32BE(0) !== count)
      throw snapshotDamaged('sections', count, 'as many as were written')
    if (at !== size) throw snapshotDamaged('size', size, `${at} bytes`)
    return header
  }
}

async function readFully(file: DiskFile, length: number, position: number, size: number): Promise<Buffer> {
  if (position + length > size) throw snapshotDamaged('size', size, `at least ${position + length} bytes`)
  const bytes = Buffer.allocUnsafe(length)
  for (let got = 0; got < length; ) {
    const count = await file.read(bytes, got, length - got, position + got)
    if (count === 0) throw snapshotDamaged('size', position + got, `at least ${position + length} bytes`)
    got += count
  }
  return bytes
}
