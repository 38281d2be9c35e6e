/** The reading side of an archive. It takes no lock and writes nothing (PA10): a packer may be at work, and a copy on a medium that cannot be written opens as well. */
import { join } from 'node:path'
import { type SealKey, vaultErrors } from '@chronicle/vault'
import { packerErrors } from '../errors.ts'
import type { ArchivedFile } from './contract.ts'
import { type Disk, nodeDisk } from './disk.ts'
import { decodeManifest, type Manifest } from './manifest-file.ts'
import { manifestPath, sweptDirectories } from './places.ts'
import { contentCheck } from './reader-content.ts'
import type { ArchiveFilter, ArchiveReader, ArchiveReaderOptions } from './reader-contract.ts'
import { plainPieces } from './reader-plain.ts'

/** Rejects with `packer.archive-missing`, `packer.manifest-…` and what the vault says of the manifest's key. */
export async function openArchiveReader(options: ArchiveReaderOptions): Promise<ArchiveReader> {
  const { disk = nodeDisk } = options
  const opened = { ...options, disk }
  return new Reader(opened, await readManifest(opened))
}

type Opened = ArchiveReaderOptions & { readonly disk: Disk }

class Reader implements ArchiveReader {
  readonly manifest: Manifest
  readonly #options: Opened

  constructor(options: Opened, manifest: Manifest) {
    this.#options = options
    this.manifest = manifest
  }

  get basePath(): string {
    return this.#options.basePath
  }

  get files(): readonly ArchivedFile[] {
    return this.manifest.files
  }

  select({ kinds, from, to, paths }: ArchiveFilter): readonly ArchivedFile[] {
    const wanted = paths && new Set(paths)
    return this.files.filter(
      ({ kind, path, firstTimestampNs, lastTimestampNs }) =>
        (!kinds || kinds.includes(kind)) &&
        (!wanted || wanted.has(path)) &&
        (from === undefined || BigInt(lastTimestampNs) >= from) &&
        (to === undefined || BigInt(firstTimestampNs) < to),
    )
  }

  async *plain(file: ArchivedFile, onBytes?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    yield* this.#pieces(file, await this.#keyOf(file), onBytes)
  }

  async verifyStored(file: ArchivedFile, onBytes?: (bytes: number) => void): Promise<void> {
    for await (const _ of this.#pieces(file, undefined, onBytes));
  }

  async *#pieces(
    file: ArchivedFile,
    key: SealKey | undefined,
    onBytes: ((bytes: number) => void) | undefined,
  ): AsyncGenerator<Uint8Array> {
    const { disk, basePath } = this.#options
    try {
      yield* plainPieces({ disk, absolute: join(basePath, file.path), file, key }, onBytes)
    } catch (error) {
      throw (await this.#isRemoved(file, error)) ? removed(file, error) : error
    }
  }

  async verify(file: ArchivedFile, onBytes?: (bytes: number) => void): Promise<void> {
    const check = contentCheck(file)
    for await (const piece of this.plain(file, onBytes)) check.push(piece)
    check.end()
  }

  async strays(): Promise<readonly string[]> {
    const { disk, basePath } = this.#options
    const inPlace = sweptDirectories.flatMap(root => disk.list(join(basePath, root)).map(name => `${root}/${name}`))
    // Read behind the list: what was put in place before it, and counts by now, is named in it.
    const known = [this.manifest, await readManifest(this.#options)].flatMap(({ files, ids }) => [
      ...files.map(file => file.path),
      ...Object.values(ids),
    ])
    const names = new Set(known)
    return inPlace.filter(path => !names.has(path) && disk.size(join(basePath, path)) !== undefined)
  }

  async #keyOf({ path, keyId }: ArchivedFile): Promise<SealKey | undefined> {
    const { keys } = this.#options
    if (keyId === undefined) return undefined
    if (!keys) throw packerErrors.create('packer.archived-file-damaged', { path, reason: noKeys })
    try {
      return await keys.key(keyId)
    } catch (error) {
      // Which of the files it was.
      throw vaultErrors.is(error) ? vaultErrors.create(error.code, { path, ...error.details }, error) : error
    }
  }

  /** Whether a file that is not as it was is one that the manifest does not name any more: the name may be another file's by now. */
  async #isRemoved(file: ArchivedFile, error: unknown): Promise<boolean> {
    const isAbout = packerErrors.is(error) && changes.includes(error.code)
    if (!isAbout) return false
    const { files } = await readManifest(this.#options)
    return !files.some(({ path, checksum }) => path === file.path && checksum === file.checksum)
  }
}

const noKeys = 'the manifest says that it is sealed, in an archive without keys'
const changes: readonly string[] = ['packer.archived-file-missing', 'packer.archived-file-damaged']

function removed({ path }: ArchivedFile, cause: unknown) {
  return packerErrors.create('packer.archived-file-removed', { path }, cause)
}

async function readManifest({ basePath, keys, disk }: Opened): Promise<Manifest> {
  const path = join(basePath, manifestPath)
  const bytes = disk.readFile(path)
  if (bytes) return decodeManifest(bytes, path, keys && (id => keys.key(id)))
  const hasFiles = sweptDirectories.some(root => disk.list(join(basePath, root)).length > 0)
  throw packerErrors.create(hasFiles ? 'packer.manifest-missing' : 'packer.archive-missing', {
    path: hasFiles ? path : basePath,
  })
}
