/** One file on its way to the archive: Parquet or bytes, sealed as it is written, checksummed as it lies there, synced, and then verified (PA4). */
import type { Random } from '@chronicle/base'
import { type ChecksumAlgorithm, checksum, type SealedKind, Sealer, type SealKey } from '@chronicle/vault'
import type { ArchiveSettings } from '../archive/archive-settings.ts'
import type { Disk } from '../archive/disk.ts'
import type { EventColumns } from '../intake/contract.ts'
import { memoryOf } from '../intake/event-batch.ts'
import { letGo } from '../memory.ts'
import type { ParquetEncryption, ParquetWriter } from '../parquet/contract.ts'
import { createParquetWriter } from '../parquet/writer.ts'
import { columnValues, eventColumnSpecs } from './event-schema.ts'
import { TimeRange } from './time-range.ts'
import { verifyFile } from './verify-file.ts'

/** What indexes, bloom filters and headers add to the plain size of rows at most: of each, and of the file. */
const rowOverheadBytes = 16
const fileOverheadBytes = 64 * 1024

export type FileJob = {
  readonly tempPath: string
  /** Path relative to the archive's base: what the seal binds it to. */
  readonly place: string
  readonly sealedKind: SealedKind
  readonly content: 'events' | 'bytes'
  readonly key: SealKey | undefined
}

export type BuiltFile = {
  readonly rows: number
  readonly bytes: number
  readonly checksum: string
  readonly first: bigint
  readonly last: bigint
}

export class FileBuilder {
  readonly #job: FileJob
  readonly #disk: Disk
  readonly #algorithm: ChecksumAlgorithm
  readonly #file: number
  readonly #sealer: Sealer | undefined
  readonly #parquet: ParquetWriter | undefined
  readonly #stored
  readonly #plain
  readonly #range = new TimeRange()
  readonly #isModular: boolean
  #bytes = 0
  #plainBytes = 0
  #waitingBytes = 0

  constructor(job: FileJob, settings: ArchiveSettings, disk: Disk, random: Random) {
    this.#job = job
    this.#disk = disk
    this.#algorithm = settings.checksumAlgorithm
    this.#stored = checksum(this.#algorithm)
    this.#plain = checksum(this.#algorithm)
    this.#file = disk.create(job.tempPath)
    this.#isModular = job.content === 'events' && job.key !== undefined && settings.parquetEncryption === 'modular'
    if (job.key && !this.#isModular) {
      this.#sealer = new Sealer(job.key, { kind: job.sealedKind, place: job.place }, random)
      this.#store(this.#sealer.begin())
    }
    if (job.content === 'events') {
      const encryption = this.#isModular ? modular(job, random) : undefined
      const { rowGroupRows, pageBytes } = settings
      const columns = eventColumnSpecs(settings)
      const sortedBy = ['timestamp_ns']
      const options = { columns, rowGroupRows, pageBytes, keyValues: {}, sortedBy, encryption }
      this.#parquet = createParquetWriter(options, piece => {
        this.#push(piece)
        letGo(piece)
      })
    }
  }

  /** No less than the file would have if it were finished now. */
  get bytesAtMost(): number {
    const bytes = this.#parquet ? this.#parquet.bytes + this.#parquet.rows * rowOverheadBytes : this.#plainBytes
    return Math.ceil((bytes + this.#waitingBytes) * 1.001) + fileOverheadBytes
  }

  /** Takes the columns for good: their memory is given back. */
  writeEvents(columns: EventColumns, plainBytes: number): void {
    const before = this.#parquet!.bytes
    this.#range.add(columns.timestampNs, columns.rows)
    this.#parquet!.write(columnValues(columns), columns.rows)
    for (const memory of memoryOf(columns)) letGo(memory)
    this.#waitingBytes = this.#parquet!.bytes > before ? plainBytes : this.#waitingBytes + plainBytes
  }

  writeBytes(bytes: Uint8Array): void {
    this.#push(bytes)
  }

  /** Throws `packer.verification-failed`. */
  finish(): BuiltFile {
    const { rows, footerBytes } = this.#parquet?.finish() ?? { rows: 0, footerBytes: 0 }
    if (this.#sealer) this.#store(this.#sealer.end())
    this.#disk.sync(this.#file)
    this.#disk.close(this.#file)
    const built = { rows, bytes: this.#bytes, checksum: this.#stored.digest().toString('hex'), ...this.#range.bounds() }
    this.#verify(built, footerBytes)
    return built
  }

  /** Closes it as it is; what lies in temp is swept. */
  abandon(): void {
    this.#disk.close(this.#file)
  }

  #push(piece: Uint8Array): void {
    this.#plainBytes += piece.length
    if (!this.#sealer) {
      this.#store(piece)
      return
    }
    this.#plain.update(piece)
    const sealed = this.#sealer.push(piece)
    this.#store(sealed)
    letGo(sealed)
  }

  #store(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.#stored.update(piece)
    this.#disk.write(this.#file, piece)
    this.#bytes += piece.length
  }

  #verify({ rows, bytes, checksum, first, last }: BuiltFile, footerBytes: number): void {
    const { tempPath: path, place, sealedKind: kind, key } = this.#job
    const sealed = this.#sealer && { key: key!, kind, checksum: this.#plain.digest().toString('hex') }
    const modularKey = this.#isModular ? key : undefined
    const parquet = this.#parquet && { rows, first, last, footerBytes, modularKey }
    verifyFile({ path, place, algorithm: this.#algorithm, bytes, checksum, sealed, parquet }, this.#disk)
  }
}

/** The key metadata, which stand in the file in plain, are JSON: `{"keyId":"…","place":"…"}`, the key's id and the path relative to the archive's base. */
function modular({ key, place }: FileJob, random: Random): ParquetEncryption {
  const keyMetadata = Buffer.from(JSON.stringify({ keyId: key!.id, place }))
  return { key: key!.secret, keyMetadata, aadFileUnique: random.bytes(8), random }
}
