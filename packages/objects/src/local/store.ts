import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf } from '@chronicle/base'
import type {
  ByteRange,
  ListOptions,
  ObjectBody,
  ObjectInfo,
  ObjectRead,
  ObjectStore,
  PutOptions,
} from '../contract.ts'
import { objectErrors } from '../errors.ts'
import { checkKey } from '../key.ts'
import type { Commits } from './commits.ts'
import type { Exclusion } from './exclusion.ts'
import { failureOf } from './failure.ts'
import { getLocal } from './get.ts'
import { listLocal, objectInfo } from './list.ts'
import { pathOf } from './path.ts'
import { DirectorySyncs } from './sync-directories.ts'
import type { TemporaryFiles } from './temporary.ts'

/** The parts that `openLocalStore` has made for a store. */
export type LocalParts = {
  readonly directory: string
  readonly exclusion: Exclusion
  readonly commits: Commits
  readonly temporaries: TemporaryFiles
}

/** Objects as files of one directory. */
export class LocalStore implements ObjectStore {
  readonly location: string
  readonly #parts: LocalParts
  readonly #syncs = new DirectorySyncs()
  readonly #writes = new Set<Promise<unknown>>()
  #closed: Promise<void> | undefined

  constructor(parts: LocalParts) {
    this.location = pathToFileURL(parts.directory).href
    this.#parts = parts
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return objectInfo(key, this.#pathOf(key))
  }

  async get(key: string, range?: ByteRange): Promise<ObjectRead> {
    return getLocal(key, this.#pathOf(key), range)
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectInfo> {
    return this.#write(this.#put(key, this.#pathOf(key), body, options))
  }

  /** Written and synced, then named, then the name is synced: only then does it resolve (O1). */
  async #put(key: string, path: string, body: ObjectBody, options: PutOptions): Promise<ObjectInfo> {
    const { commits, temporaries, directory } = this.#parts
    const file = await temporaries.write(key, body, options.signal)
    try {
      const { info, isStamped } = await commits.put(key, path, file, options.condition).catch(error => {
        throw failureOf(error, { key })
      })
      await this.#settle(key, () =>
        Promise.all([isStamped || file.handle.sync(), this.#syncs.sync(directory, dirname(path))]),
      )
      return info
    } finally {
      await temporaries.discard(file)
    }
  }

  async *list(options: ListOptions = {}): AsyncGenerator<ObjectInfo> {
    this.#checkOpen()
    yield* listLocal(this.#parts.directory, options)
  }

  async delete(key: string): Promise<void> {
    return this.#write(this.#delete(key, this.#pathOf(key)))
  }

  async #delete(key: string, path: string): Promise<void> {
    const { commits, directory } = this.#parts
    await commits.delete(key, path).catch(error => {
      throw failureOf(error, { key })
    })
    await this.#settle(key, () => this.#syncs.sync(directory, dirname(path)))
  }

  /** Waits for writes that are under way. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const { exclusion, commits, temporaries } = this.#parts
    await Promise.allSettled(this.#writes)
    try {
      await exclusion.run(() => temporaries.close())
    } catch (error) {
      throw failureOf(error, { directory: temporaries.directory })
    } finally {
      commits.close()
      exclusion.close()
    }
  }

  /** A failed sync after the fact: what was done is seen by everybody, but a crash may undo it. */
  async #settle(key: string, sync: () => Promise<unknown>): Promise<void> {
    try {
      await sync()
    } catch (error) {
      throw objectErrors.create('objects.outcome-unknown', { key, reason: messageOf(error) }, error)
    }
  }

  async #write<T>(work: Promise<T>): Promise<T> {
    this.#writes.add(work)
    try {
      return await work
    } finally {
      this.#writes.delete(work)
    }
  }

  #pathOf(key: string): string {
    this.#checkOpen()
    checkKey(key)
    return pathOf(this.#parts.directory, key)
  }

  #checkOpen(): void {
    if (!this.#closed) return
    throw objectErrors.create('objects.unavailable', { location: this.location, reason: 'it was closed' })
  }
}
