/**
 * An archive on a disk: what is in place, and what the manifest says of it.
 *
 * The manifest decides. A group of files counts from the instant at which its manifest has its name: before it they are swept at the next start, and
 * their events are still in the source; after it the source is told, and if that is lost, the next run skips to the position in the manifest (PA2).
 */
import { dirname, join } from 'node:path'
import type { Clock, Random } from '@chronicle/base'
import type { SealKey } from '@chronicle/vault'
import { packerErrors } from '../errors.ts'
import { type RingLock, tryRingLock } from '../ring/lock.ts'
import type { ArchiveSettings } from './archive-settings.ts'
import { Calendar } from './calendar.ts'
import type { ArchivedFile, ArchiveKeys } from './contract.ts'
import { type Disk, nodeDisk, syncAbove, writeDurably } from './disk.ts'
import { FreeNames } from './free-names.ts'
import { idFilePieces, readIdFile } from './id-file.ts'
import { IdSet } from './id-set.ts'
import { decodeManifest, emptyManifest, encodeManifest, type Manifest } from './manifest-file.ts'
import { directoryOf, type Moment } from './names.ts'
import { generationOfIds, idsDirectory, idsPathOf, manifestPath, sweptDirectories } from './places.ts'
import { type Expired, expired } from './retention.ts'
import { sipKeyBytes } from './siphash.ts'

const manifestPurpose = 'manifest'

export type ArchiveOptions = {
  readonly settings: ArchiveSettings
  /** Authenticate the manifest, and seal where encryption is on; undefined only where it is off. */
  readonly keys: ArchiveKeys | undefined
  readonly clock: Clock
  readonly random: Random
  readonly disk?: Disk
  /** Is told what was done that nobody asked for. */
  readonly onNotice?: (message: string, details: Readonly<Record<string, string | number>>) => void
}

/** A whole, verified file that still lies in temp. */
export type WaitingFile = { readonly tempPath: string; readonly file: ArchivedFile }

/** Opens an archive for this process alone, and sweeps it. Throws `packer.archive-busy`, `packer.manifest-…`. */
export async function openArchive(options: ArchiveOptions): Promise<Archive> {
  const { settings, keys, disk = nodeDisk } = options
  if (settings.encryptionEnabled && !keys) {
    throw packerErrors.create('packer.setting', { key: 'encryption.enabled', value: true, accepted: 'only with keys' })
  }
  const { basePath, directoryFormat } = settings
  directoryOf(directoryFormat, '2026-01-01')
  const calendar = new Calendar(settings.timezone)
  for (const name of ['metadata', 'temp', ...sweptDirectories]) disk.makeDirectory(join(basePath, name))
  const lock = tryRingLock(join(basePath, 'metadata/archive'), 'writer')
  if (!lock) throw packerErrors.create('packer.archive-busy', { path: basePath })
  try {
    const archive = new Archive({ ...options, disk }, calendar, lock)
    await archive.load()
    return archive
  } catch (error) {
    lock.release()
    throw error
  }
}

export class Archive {
  readonly calendar: Calendar
  readonly #options: ArchiveOptions & { disk: Disk }
  readonly #lock: RingLock
  readonly #base: string
  #manifest: Manifest = emptyManifest
  /** For files of the next commit. */
  readonly #names: FreeNames
  #temps = 0

  constructor(options: ArchiveOptions & { disk: Disk }, calendar: Calendar, lock: RingLock) {
    this.#options = options
    this.calendar = calendar
    this.#lock = lock
    const { settings, disk } = options
    this.#base = settings.basePath
    const isInPlace = (path: string) => disk.size(join(this.#base, path)) !== undefined
    this.#names = new FreeNames(settings.directoryFormat, isInPlace)
  }

  get manifest(): Manifest {
    return this.#manifest
  }

  /**
   * Reads the manifest, or makes the first one, and removes what it does not know (PA3): at the start, and after a run that failed, whose files would
   * take up the room that the next one needs. What the disk says holds: a commit may have failed after its manifest had its name.
   */
  async load(): Promise<void> {
    const { disk, keys } = this.#options
    this.#names.forget()
    for (const name of disk.list(join(this.#base, 'temp'))) this.#sweep(`temp/${name}`)
    const path = join(this.#base, manifestPath)
    const bytes = disk.readFile(path)
    if (bytes) {
      this.#manifest = await decodeManifest(bytes, path, keys && (id => keys.key(id)))
      // Whoever wrote it may have been killed before its name was durable, and on its word sources are told what they may forget.
      disk.syncDirectory(dirname(path))
    } else if (this.#inPlace().length > 0) throw packerErrors.create('packer.manifest-missing', { path })
    else {
      syncAbove(disk, this.#base)
      await this.#writeManifest(emptyManifest)
    }
    const inPlace = this.#inPlace()
    const later = inPlace.find(path => generationOfIds(path) > this.#manifest.generation + 1)
    if (later !== undefined) throw packerErrors.create('packer.manifest-older', { path, file: later })
    const known = new Set([...this.#manifest.files.map(file => file.path), ...Object.values(this.#manifest.ids)])
    for (const path of inPlace.filter(path => !known.has(path))) this.#sweep(path)
  }

  get algorithm(): ArchivedFile['algorithm'] {
    return this.#options.settings.checksumAlgorithm
  }

  /** How far a source was packed; undefined where it never was. */
  committed(source: string): number | undefined {
    return Object.hasOwn(this.#manifest.sources, source) ? this.#manifest.sources[source] : undefined
  }

  /** The key that seals what is new of a day; undefined where nothing is sealed. */
  async keyFor(day: string): Promise<SealKey | undefined> {
    return this.#options.settings.encryptionEnabled ? this.#options.keys!.keyFor(day) : undefined
  }

  absolute(path: string): string {
    return join(this.#base, path)
  }

  tempPath(): string {
    return join(this.#base, 'temp', `${this.#manifest.generation}-${++this.#temps}`)
  }

  /** A name for a new file, which nobody else gets. */
  reserve(root: 'parquet' | 'quarantine', at: Moment): string {
    return this.#names.file(root, at)
  }

  reserveFrame(at: Moment): string {
    return this.#names.frame(at)
  }

  /** The ids of a day's events, as the last commit left them. */
  async idsOf(day: string): Promise<IdSet> {
    const path = Object.hasOwn(this.#manifest.ids, day) ? this.#manifest.ids[day] : undefined
    try {
      if (path !== undefined) return await this.readIds(join(this.#base, path), path)
    } catch (error) {
      if (!packerErrors.is(error) || error.code !== 'packer.ids-damaged') throw error
      this.#notice('ids of a day cannot be read: events of it that come again are kept', { day })
    }
    return new IdSet(this.#options.random.bytes(sipKeyBytes))
  }

  /** The name that a day's ids will have with the next commit. */
  idsPath(day: string): string {
    return idsPathOf(day, this.#manifest.generation + 1)
  }

  /** Writes ids to a file in temp, which a commit puts in place or which is read again before. */
  async writeIds(day: string, ids: IdSet): Promise<string> {
    const key = await this.keyFor(day)
    if (ids.isFull) this.#notice('a day has more ids than are remembered: later ones that come again are kept', { day })
    const tempPath = this.tempPath()
    writeDurably(this.#options.disk, tempPath, idFilePieces(ids, key, this.idsPath(day), this.#options.random))
    return tempPath
  }

  removeTemp(path: string): void {
    this.#options.disk.remove(path)
  }

  async readIds(file: string, path: string): Promise<IdSet> {
    const { disk, keys } = this.#options
    const day = path.slice(idsDirectory.length + 1, idsDirectory.length + 11)
    const key = await this.keyFor(day)
    try {
      return await readIdFile(disk, file, path, key && (async id => (id === key.id ? key : keys!.key(id))))
    } catch (cause) {
      throw packerErrors.create('packer.ids-damaged', { path }, cause)
    }
  }

  /** Puts files in place and makes them count, with the position that they bring their source to. */
  async commit(
    waiting: readonly WaitingFile[],
    ids: ReadonlyMap<string, string>,
    source: { readonly id: string; readonly position: number },
  ): Promise<void> {
    const idsInPlace = Object.fromEntries([...ids.keys()].map(day => [day, this.idsPath(day)]))
    const replaced = [...ids.keys()].map(day => this.#manifest.ids[day]).filter(path => path !== undefined)
    const moves = [
      ...waiting.map(({ tempPath, file }) => [tempPath, file.path] as const),
      ...[...ids].map(([day, tempPath]) => [tempPath, idsInPlace[day]!] as const),
    ]
    this.#place(moves)
    await this.#writeManifest({
      generation: this.#manifest.generation,
      sources: { ...this.#manifest.sources, [source.id]: source.position },
      ids: { ...this.#manifest.ids, ...idsInPlace },
      files: [...this.#manifest.files, ...waiting.map(({ file }) => file)],
    })
    this.#names.forget()
    for (const path of replaced) this.#options.disk.remove(join(this.#base, path))
  }

  /** Deletes what is past its retention: first from the manifest, so that a crash leaves files to sweep and not names of none. Unless a person asks, PA11 holds. */
  async retain(isAsked: boolean): Promise<readonly ArchivedFile[]> {
    const { keys, disk } = this.#options
    const { files, ids } = this.#manifest
    const { files: gone, idDays } = this.#expired(isAsked)
    if (gone.size === 0 && idDays.size === 0) return []
    for (const { path } of gone) {
      await keys?.audit.record({ action: 'archive.delete', outcome: 'done', details: { path, reason: 'retention' } })
    }
    await this.#writeManifest({
      ...this.#manifest,
      files: files.filter(file => !gone.has(file)),
      ids: Object.fromEntries(Object.entries(ids).filter(([day]) => !idDays.has(day))),
    })
    const paths = [...[...gone].map(file => file.path), ...[...idDays].map(day => ids[day]!)]
    for (const path of paths) disk.remove(join(this.#base, path))
    return [...gone]
  }

  /** How many files the clock of this machine says are past their retention. */
  get expiredFiles(): number {
    return this.#expired(true).files.size
  }

  #expired(isAsked: boolean): Expired {
    const {
      clock,
      settings: { retentionDays },
    } = this.#options
    return expired(this.#manifest, { calendar: this.calendar, nowMs: clock.now(), retentionDays, isAsked })
  }

  close(): void {
    this.#lock.release()
  }

  #inPlace(): string[] {
    const { disk } = this.#options
    return sweptDirectories.flatMap(root => disk.list(join(this.#base, root)).map(name => `${root}/${name}`))
  }

  #sweep(path: string): void {
    this.#notice('a file that no finished run has left is removed', { path })
    this.#options.disk.remove(join(this.#base, path))
  }

  #notice(message: string, details: Readonly<Record<string, string | number>>): void {
    this.#options.onNotice?.(message, details)
  }

  /** Renames, and makes the names durable: those of the files, and of every directory above them that may be new. */
  #place(moves: readonly (readonly [from: string, to: string])[]): void {
    const { disk } = this.#options
    const directories = new Set<string>()
    for (const [from, to] of moves) {
      for (let path = dirname(to); path !== '.'; path = dirname(path)) directories.add(path)
      disk.makeDirectory(join(this.#base, dirname(to)))
      disk.rename(from, join(this.#base, to))
    }
    for (const path of directories) disk.syncDirectory(join(this.#base, path))
    disk.syncDirectory(this.#base)
  }

  async #writeManifest(manifest: Manifest): Promise<void> {
    const next = { ...manifest, generation: manifest.generation + 1 }
    const tempPath = this.tempPath()
    writeDurably(this.#options.disk, tempPath, [
      encodeManifest(next, await this.#options.keys?.keyFor(manifestPurpose)),
    ])
    this.#place([[tempPath, manifestPath]])
    this.#manifest = next
  }
}
