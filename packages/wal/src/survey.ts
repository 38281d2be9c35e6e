/** What files there are: read from names and headers, before any entry is looked at. */
import { join } from 'node:path'
import type { Disk, DiskFile } from './disk.ts'
import { decodeFileHeader, type FileHeader, fileHeaderBytes } from './file-header.ts'
import { isSpareFileName, parseLogFileName } from './file-name.ts'

export type HeaderState =
  | 'linked' // whole, of this log, named after its first lsn, and follows the file before it
  | 'unlinked' // whole, but the file that it follows is not the one before it
  | 'misnamed' // its first lsn is not the one in its name
  | 'foreign' // of another log
  | 'damaged' // CRC or magic wrong, or shorter than a header
  | 'newer' // whole, of a version that this program does not know

export type SurveyedFile = {
  readonly name: string
  readonly path: string
  /** From the name. */
  readonly firstLsn: number
  readonly state: HeaderState
  readonly header: FileHeader | undefined
  readonly bytes: number
  /** The first bytes of the file, {@link fileHeaderBytes} at most. */
  readonly head: Buffer
}

export type Survey = {
  readonly directory: string
  /** In the order of their names. */
  readonly files: readonly SurveyedFile[]
  readonly spares: readonly string[]
  /** Of the log: the one that most whole headers carry. */
  readonly uuid: Buffer | undefined
}

export function surveyLog(directory: string, disk: Disk): Survey {
  const names = disk.list(directory)
  const paths = names.filter(name => parseLogFileName(name) !== undefined).sort()
  const heads = paths.map(name => readHead(disk, join(directory, name)))
  const decoded = heads.map(({ head }) => decodeFileHeader(head))
  const headers = decoded.map(d => (d.state === 'whole' ? d.header : undefined))
  const uuid = mostFrequent(headers.flatMap(header => (header ? [header.uuid] : [])))
  let previous: number | undefined
  const files = paths.map((name, index): SurveyedFile => {
    const firstLsn = parseLogFileName(name)!
    const header = headers[index]
    const state = header ? stateOf(header, uuid!, firstLsn, previous) : (decoded[index]!.state as 'damaged' | 'newer')
    previous = firstLsn
    return { name, path: join(directory, name), firstLsn, state, header, ...heads[index]! }
  })
  return { directory, files, spares: names.filter(isSpareFileName), uuid }
}

function stateOf(header: FileHeader, uuid: Buffer, firstLsn: number, previous: number | undefined): HeaderState {
  if (!header.uuid.equals(uuid)) return 'foreign'
  if (header.firstLsn !== firstLsn) return 'misnamed'
  // The oldest file that is left may follow one that was trimmed.
  return previous === undefined || header.previousLsn === previous ? 'linked' : 'unlinked'
}

function readHead(disk: Disk, path: string): { head: Buffer; bytes: number } {
  const file = disk.open(path, 'read')
  try {
    const bytes = file.size()
    const head = Buffer.alloc(Math.min(bytes, fileHeaderBytes))
    return { head: head.subarray(0, readFully(file, head, 0)), bytes }
  } finally {
    file.close()
  }
}

/** Reads until `target` is full or the file ends; returns how many bytes. */
export function readFully(file: DiskFile, target: Buffer, position: number): number {
  let length = 0
  while (length < target.length) {
    const count = file.readSync(target, length, target.length - length, position + length)
    if (count === 0) break
    length += count
  }
  return length
}

function mostFrequent(uuids: readonly Buffer[]): Buffer | undefined {
  const counts = new Map<string, number>()
  for (const uuid of uuids) counts.set(uuid.toString('hex'), (counts.get(uuid.toString('hex')) ?? 0) + 1)
  const [first] = [...counts].sort((a, b) => b[1] - a[1])
  return first && Buffer.from(first[0], 'hex')
}
