/** Files that are no tables: refused events as lines of JSON, and frames, each a file of its own. */
import type { Clock } from '@chronicle/base'
import type { Archive } from '../archive/archive.ts'
import type { FinishedFile } from './day-files.ts'
import type { BuiltFile } from './file-builder.ts'
import type { Files } from './files.ts'

export type SingleFilesOptions = {
  readonly archive: Archive
  readonly files: Files
  readonly clock: Clock
  readonly maxFileBytes: number
  readonly nextId: () => number
}

type Lines = {
  readonly id: number
  readonly path: string
  readonly tempPath: string
  readonly keyId: string | undefined
  rows: number
}

export class SingleFiles {
  readonly #options: SingleFilesOptions
  #lines: Lines | undefined
  #finished: Promise<FinishedFile>[] = []

  constructor(options: SingleFilesOptions) {
    this.#options = options
  }

  async quarantine(line: Uint8Array): Promise<void> {
    const { files, maxFileBytes } = this.#options
    if (this.#lines && files.bytesAtMost(this.#lines.id) + line.length > maxFileBytes) this.#endLines()
    this.#lines ??= await this.#beginLines()
    this.#lines.rows++
    await files.bytes(this.#lines.id, line)
  }

  async frame(timestampNs: bigint, bytes: Uint8Array, pixels: { width: number; height: number }): Promise<void> {
    const { archive, files, nextId } = this.#options
    const moment = archive.calendar.wallOf(timestampNs)
    const key = await archive.keyFor(moment.day)
    const [id, path, tempPath] = [nextId(), archive.reserveFrame(moment), archive.tempPath()]
    files.begin(id, { tempPath, place: path, sealedKind: 'image', content: 'bytes', key })
    await files.bytes(id, bytes)
    const range = { firstTimestampNs: `${timestampNs}`, lastTimestampNs: `${timestampNs}` }
    this.#finish(files.finish(id), tempPath, { path, kind: 'heif', pixels, ...range, keyId: key?.id })
  }

  async finish(): Promise<FinishedFile[]> {
    this.#endLines()
    const finished = await Promise.all(this.#finished)
    this.#finished = []
    return finished
  }

  async #beginLines(): Promise<Lines> {
    const { archive, clock, files, nextId } = this.#options
    const moment = archive.calendar.wallOf(BigInt(Math.floor(clock.now())) * 1_000_000n)
    const key = await archive.keyFor(moment.day)
    const [id, path, tempPath] = [nextId(), archive.reserve('quarantine', moment), archive.tempPath()]
    files.begin(id, { tempPath, place: path, sealedKind: 'file', content: 'bytes', key })
    return { id, path, tempPath, keyId: key?.id, rows: 0 }
  }

  /** Its time is that of the refusals: those of the events may be what was wrong with them. */
  #endLines(): void {
    if (!this.#lines) return
    const { id, path, tempPath, keyId, rows } = this.#lines
    const now = `${BigInt(Math.floor(this.#options.clock.now())) * 1_000_000n}`
    const range = { firstTimestampNs: now, lastTimestampNs: now }
    this.#finish(this.#options.files.finish(id), tempPath, { path, kind: 'quarantine', rows, ...range, keyId })
    this.#lines = undefined
  }

  #finish(
    building: Promise<BuiltFile>,
    tempPath: string,
    entry: Omit<FinishedFile['file'], 'bytes' | 'checksum' | 'algorithm' | 'createdAt'>,
  ): void {
    const { archive, clock } = this.#options
    const createdAt = new Date(clock.now()).toISOString()
    const finished = building.then(({ bytes, checksum }) => {
      return { tempPath, file: { ...entry, bytes, checksum, algorithm: archive.algorithm, createdAt } }
    })
    // Awaited at the commit; until then nobody else looks at it.
    finished.catch(() => undefined)
    this.#finished.push(finished)
  }
}
