/** The files of screenshots. What lies on the disk is sealed, as kind 'screenshot' at the place of its id, under a key that never does (CS1). */
import { join } from 'node:path'
import type { Random } from '@chronicle/base'
import { open, type SealedPlace, Sealer } from '@chronicle/vault'
import { ScreenshotError } from '../errors.ts'
import type { ShotDisk } from './disk.ts'
import { ShotKey } from './shot-key.ts'

/** Sealed and written at a time: other work goes on in between. */
const pieceBytes = 2 ** 20

const suffix = '.sealed'
const fileName = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.sealed$/

/** A file, and what opens it. */
export type SealedFile = { readonly path: string; readonly key: ShotKey }

export type ShotFilesOptions = { readonly directory: string; readonly disk: ShotDisk; readonly random: Random }

export class ShotFiles {
  readonly #options: ShotFilesOptions

  constructor(options: ShotFilesOptions) {
    this.#options = options
  }

  /** Throws 'capture.screenshots-directory'. */
  async prepare(): Promise<void> {
    const { directory, disk } = this.#options
    try {
      await disk.makeDirectory(directory)
    } catch (error) {
      throw new ScreenshotError('capture.screenshots-directory', { directory, reason: codeOf(error) }, error)
    }
  }

  /**
   * The file does not have to outlive a crash, so nothing is synced. A failure leaves no key, and no file where that can be removed: throws
   * 'capture.screenshot-unwritable'.
   */
  async write(id: string, image: Uint8Array): Promise<SealedFile> {
    const { directory, random } = this.#options
    const path = join(directory, id + suffix)
    const key = new ShotKey(id, random)
    try {
      await this.#writeSealed(path, new Sealer(key.use(), placeOf(id), random), image)
      return { path, key }
    } catch (error) {
      key.destroy()
      throw new ScreenshotError('capture.screenshot-unwritable', { id, reason: codeOf(error) }, error)
    }
  }

  /** Throws 'capture.screenshot-damaged'. */
  async read(id: string, { path, key }: SealedFile): Promise<Buffer> {
    try {
      return open(await this.#options.disk.read(path), key.use(), placeOf(id))
    } catch (error) {
      throw new ScreenshotError('capture.screenshot-damaged', { id, reason: codeOf(error) }, error)
    }
  }

  /** Whole or in part; succeeds where there is none. Rejects with what the file system says. */
  remove(id: string): Promise<void> {
    return this.#options.disk.remove(join(this.#options.directory, id + suffix))
  }

  /** The ids of the files that are there. What has another name is not ours. */
  async list(): Promise<string[]> {
    const names = await this.#options.disk.list(this.#options.directory)
    return names.filter(name => fileName.test(name)).map(name => name.slice(0, -suffix.length))
  }

  async #writeSealed(path: string, sealer: Sealer, image: Uint8Array): Promise<void> {
    const file = await this.#options.disk.create(path)
    try {
      try {
        await file.write(sealer.begin())
        for (let at = 0; at < image.length; at += pieceBytes)
          await file.write(sealer.push(image.subarray(at, at + pieceBytes)))
        await file.write(sealer.end())
      } finally {
        await file.close()
      }
    } catch (error) {
      // What cannot be removed now has no key, and is removed later.
      await this.#options.disk.remove(path).catch(() => undefined)
      throw error
    }
  }
}

function placeOf(id: string): SealedPlace {
  return { kind: 'screenshot', place: id }
}

/** `ENOSPC`, `vault.tampered`, … */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : 'unknown'
}
