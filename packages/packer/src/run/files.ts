/** Files in the making, by number: in this thread, or in one of their own (`worker-files.ts`). */
import type { Random } from '@chronicle/base'
import type { ArchiveSettings } from '../archive/archive-settings.ts'
import type { Disk } from '../archive/disk.ts'
import type { EventColumns } from '../intake/contract.ts'
import { type BuiltFile, FileBuilder, type FileJob } from './file-builder.ts'

export type Files = {
  begin(id: number, job: FileJob): void
  /** Takes the columns for good: their memory may go to another thread. Resolves when there is room for more. */
  events(id: number, columns: EventColumns, plainBytes: number): Promise<void>
  /** Resolves when there is room for more. */
  bytes(id: number, bytes: Uint8Array): Promise<void>
  /** No less than the file would have if it were finished now. */
  bytesAtMost(id: number): number
  /** The file whole, synced and verified. */
  finish(id: number): Promise<BuiltFile>
  close(): Promise<void>
}

/** In this thread, each step at once. */
export class LocalFiles implements Files {
  readonly #settings: ArchiveSettings
  readonly #disk: Disk
  readonly #random: Random
  readonly #builders = new Map<number, FileBuilder>()

  constructor(settings: ArchiveSettings, disk: Disk, random: Random) {
    this.#settings = settings
    this.#disk = disk
    this.#random = random
  }

  begin(id: number, job: FileJob): void {
    this.#builders.set(id, new FileBuilder(job, this.#settings, this.#disk, this.#random))
  }

  async events(id: number, columns: EventColumns, plainBytes: number): Promise<void> {
    this.#builders.get(id)!.writeEvents(columns, plainBytes)
  }

  async bytes(id: number, bytes: Uint8Array): Promise<void> {
    this.#builders.get(id)!.writeBytes(bytes)
  }

  bytesAtMost(id: number): number {
    return this.#builders.get(id)!.bytesAtMost
  }

  async finish(id: number): Promise<BuiltFile> {
    const builder = this.#builders.get(id)!
    this.#builders.delete(id)
    return builder.finish()
  }

  async close(): Promise<void> {
    for (const builder of this.#builders.values()) builder.abandon()
    this.#builders.clear()
  }
}
