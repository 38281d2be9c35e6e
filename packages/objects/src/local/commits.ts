/**
 * The moments at which objects come and go. Each is one synchronous step under the lock of the store: look at what is there, decide, link,
 * rename or unlink. That makes conditions hold over all processes (O4), and the stamps of a key only grow (O3):
 *
 *   an object that replaces another one    gets a stamp above the other's
 *   an object where there is none          gets a stamp above the floor
 *   an object that goes                    has a stamp that is not above the floor
 *
 * The floor is the modification time of an empty file, `floor` in the private area. Whoever deletes an object raises it first, to the object's stamp
 * at least, and syncs it: a crash between the two leaves a floor that is higher than needed. To delete many old objects costs one raise in
 * `floorLagMs`, since the floor goes up to the present less that lag.
 */
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { Clock } from '@chronicle/base'
import type { ObjectInfo, PutOptions } from '../contract.ts'
import { objectErrors } from '../errors.ts'
import type { Exclusion } from './exclusion.ts'
import { codeOf, isMissing } from './failure.ts'
import { directoriesBetween } from './sync-directories.ts'
import type { TemporaryFile } from './temporary.ts'
import { infoFrom, infoOf, setStamp, stampNow, stampOf } from './version.ts'

/** Objects younger than this are deleted at a price, so that puts under way seldom need a stamp ahead of the clock. */
const floorLagMs = 10_000

/** How often an object may change while the floor is raised for its deletion. Each time, another writer has got on. */
const deleteAttemptsMax = 100

/** `isStamped`: the stamp is the one that is durable already. */
type Committed = { readonly info: ObjectInfo; readonly isStamped: boolean }

export class Commits {
  readonly #root: string
  readonly #exclusion: Exclusion
  readonly #clock: Clock
  /** File descriptor. */
  readonly #floor: number
  /** The floor that this process knows to be durable. */
  #floorSynced = 0

  /** `floorPath`: made where it is missing. */
  constructor(root: string, floorPath: string, exclusion: Exclusion, clock: Clock) {
    this.#root = root
    this.#exclusion = exclusion
    this.#clock = clock
    this.#floor = fs.openSync(floorPath, 'a', 0o600)
  }

  /**
   * Gives a durable body its key, and says what it has become. Durable once its directories are synced, and the file too where its stamp had to
   * change. The stamp that it came with is older than this moment by a sync: it is kept where it is above all that the key has had (O3).
   */
  put(key: string, path: string, file: TemporaryFile, condition: PutOptions['condition']): Promise<Committed> {
    return this.#exclusion.run(() => {
      const there = objectAt(key, path)
      checkCondition(key, there, condition)
      const last = there ? stampOf(there) : this.#floorStamp()
      const isStamped = file.stamp > last
      const stamp = isStamped ? file.stamp : Math.max(stampNow(this.#clock), last + 1)
      if (!isStamped) setStamp(file.handle.fd, stamp)
      if (there) fs.renameSync(file.path, path)
      else linkNew(key, file.path, path)
      return { info: infoFrom(key, file.bytes, stamp), isStamped }
    })
  }

  /** Removes an object and the directories that it leaves empty. Durable once the directories are synced. */
  async delete(key: string, path: string): Promise<void> {
    for (let attempt = 0; attempt < deleteAttemptsMax; attempt++) {
      if (await this.#exclusion.run(() => this.#removeOrRaise(key, path))) return
      const raised = this.#floorStamp()
      await fsync(this.#floor)
      this.#floorSynced = Math.max(this.#floorSynced, raised)
    }
    const reason = `it was replaced ${deleteAttemptsMax} times while it was to be deleted`
    throw objectErrors.create('objects.unavailable', { key, reason })
  }

  /** False when the floor has to be synced first. */
  #removeOrRaise(key: string, path: string): boolean {
    const there = objectAt(key, path)
    if (!there) return true
    const stamp = stampOf(there)
    if (stamp > this.#floorSynced) {
      const floor = Math.max(stamp, Math.floor((this.#clock.now() - floorLagMs) * 1000))
      if (this.#floorStamp() < floor) setStamp(this.#floor, floor)
      return false
    }
    fs.unlinkSync(path)
    removeEmptyDirectories(this.#root, dirname(path))
    return true
  }

  #floorStamp(): number {
    return stampOf(fs.fstatSync(this.#floor, { bigint: true }))
  }

  close(): void {
    fs.closeSync(this.#floor)
  }
}

const fsync = promisify(fs.fsync)

/** The file of an object. A directory there is a part of other keys, unless it is empty: then it goes, and nothing is there. */
function objectAt(key: string, path: string): fs.BigIntStats | undefined {
  const status = lstatIfAny(path)
  if (!status || status.isFile()) return status
  if (status.isDirectory()) return undefined
  const reason = 'what is there is neither a file nor a directory'
  throw objectErrors.create('objects.unavailable', { key, reason })
}

function lstatIfAny(path: string): fs.BigIntStats | undefined {
  try {
    return fs.lstatSync(path, { bigint: true })
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function checkCondition(key: string, there: fs.BigIntStats | undefined, condition: PutOptions['condition']): void {
  if (condition === undefined) return
  if (condition === 'absent') {
    if (there) throw objectErrors.create('objects.exists', { key })
    return
  }
  const version = there && infoOf(key, there).version
  if (version !== condition.version) {
    throw objectErrors.create('objects.changed', { key, expected: condition.version, found: version ?? 'none' })
  }
}

/**
 * link(2) rather than rename(2): it never replaces anything, not even what a stranger to the lock has put there. What may be in its way is looked for only
 * where it fails.
 */
function linkNew(key: string, from: string, to: string): void {
  try {
    if (linked(from, to)) return
    fs.mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
    if (lstatIfAny(to)?.isDirectory()) fs.rmdirSync(to)
    fs.linkSync(from, to)
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR', 'ENOTEMPTY'].includes(codeOf(error) ?? '')) throw error
    const reason =
      'it begins with the key of another object and a slash, or the key of another object begins so with it'
    throw objectErrors.create('objects.invalid-key', { key, reason }, error)
  }
}

/** False where its directory is missing, or an empty directory in its place. */
function linked(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to)
    return true
  } catch (error) {
    if (isMissing(error) || codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Under the lock, so that no put can have just looked for them. */
function removeEmptyDirectories(root: string, directory: string): void {
  for (const each of directoriesBetween(root, directory).slice(0, -1)) {
    try {
      fs.rmdirSync(each)
    } catch (error) {
      if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return
      throw error
    }
  }
}
