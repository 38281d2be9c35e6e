import * as fs from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, type Clock } from '@chronicle/base'
import type { ObjectBody } from '../contract.ts'
import { joinPieces } from './blocks.ts'
import { failureOf } from './failure.ts'
import { KernelLock } from './kernel-lock.ts'
import { untilAborted } from './until-aborted.ts'
import { setStamp, stampNow } from './version.ts'

/** A file with a whole body that is durable, as is its stamp, but that has no key yet. */
export type TemporaryFile = {
  readonly path: string
  readonly handle: FileHandle
  readonly bytes: number
  /** The moment at which its body was whole. */
  readonly stamp: number
}

/**
 * The temporary files of one open store: a directory of its own with a lock in it, held for as long as the store is open. Whoever can take
 * the lock of such a directory knows that its owner is gone, and removes it (O6).
 */
export class TemporaryFiles {
  readonly directory: string
  readonly #lock: KernelLock
  readonly #clock: Clock
  #count = 0

  private constructor(directory: string, lock: KernelLock, clock: Clock) {
    this.directory = directory
    this.#lock = lock
    this.#clock = clock
  }

  /** Makes `parent`/`name`. The caller holds the lock of the store, so that nobody sweeps the directory before its lock is taken. */
  static make(parent: string, name: string, clock: Clock): TemporaryFiles {
    const directory = join(parent, name)
    fs.mkdirSync(directory, { mode: 0o700 })
    const lock = new KernelLock(join(directory, 'lock'), 0)
    assert(lock.tryTake(), 'the lock of a new directory is free')
    return new TemporaryFiles(directory, lock, clock)
  }

  /** Removes what crashed owners left in `parent`. The caller holds the lock of the store. */
  static sweep(parent: string): void {
    for (const name of fs.readdirSync(parent)) {
      const directory = join(parent, name)
      const lock = new KernelLock(join(directory, 'lock'), 0)
      const abandoned = lock.tryTake()
      lock.close()
      if (abandoned) fs.rmSync(directory, { recursive: true })
    }
  }

  /** Writes a body, gives it a stamp and syncs both. The errors of the body and of the signal pass through; a failure leaves no file (O5). */
  async write(key: string, body: ObjectBody, signal: AbortSignal | undefined): Promise<TemporaryFile> {
    signal?.throwIfAborted()
    const path = join(this.directory, `${++this.#count}`)
    const handle = await attempt(key, open(path, 'wx', 0o600))
    try {
      let bytes = 0
      for await (const block of blocksOf(body, signal)) {
        await attempt(key, handle.writeFile(block))
        bytes += block.length
      }
      const stamp = stampNow(this.#clock)
      setStamp(handle.fd, stamp)
      await attempt(key, handle.sync())
      signal?.throwIfAborted()
      return { path, handle, bytes, stamp }
    } catch (error) {
      await this.discard({ path, handle })
      throw error
    }
  }

  /** Lets go of a temporary file. Its name is gone where it became an object's by a rename; one that will not go now goes with the directory. */
  async discard(file: Pick<TemporaryFile, 'path' | 'handle'>): Promise<void> {
    await Promise.allSettled([file.handle.close(), unlink(file.path)])
  }

  /** The caller holds the lock of the store, so that nobody looks into the directory while it goes. */
  close(): void {
    fs.rmSync(this.directory, { recursive: true })
    this.#lock.close()
  }
}

async function attempt<T>(key: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation
  } catch (error) {
    throw failureOf(error, { key })
  }
}

function blocksOf(body: ObjectBody, signal: AbortSignal | undefined): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return body instanceof Uint8Array ? [body] : joinPieces(untilAborted(body, signal))
}
