/**
 * The directory of a local store:
 *
 *   <directory>/                       0700
 *     a/b                              the bytes of the object a/b, 0600; `path.ts` says how keys are written
 *     .store/                          nothing in it is an object
 *       lock                           empty; its kernel lock is held while an object gets its name or loses it
 *       floor                          empty; its modification time is the floor of stamps, `commits.ts`
 *       temporary/<uuid>/              of one open store
 *         lock                         empty; its kernel lock is held while that store is open
 *         1, 2, 3, …                   bodies on their way; whoever opens the store sweeps those of the dead (O6)
 */
import * as fs from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Clock, type Random, systemClock } from '@chronicle/base'
import type { ObjectStore } from '../contract.ts'
import { Commits } from './commits.ts'
import { Exclusion } from './exclusion.ts'
import { failureOf } from './failure.ts'
import { LocalStore } from './store.ts'
import { DirectorySyncs } from './sync-directories.ts'
import { TemporaryFiles } from './temporary.ts'
import { checkStamps } from './version.ts'

export type LocalStoreOptions = {
  /** Made with its parents where it is missing. Any number of processes of one machine may have it open. */
  readonly directory: string
  readonly random: Random
  readonly clock?: Clock
}

/**
 * Opens the object store in a directory of a local disk. Rejects with 'objects.unavailable' where the directory cannot be used, also for a file system
 * that keeps times too coarsely.
 */
export async function openLocalStore(options: LocalStoreOptions): Promise<ObjectStore> {
  const directory = resolve(options.directory)
  try {
    return await open(directory, options.random, options.clock ?? systemClock)
  } catch (error) {
    throw failureOf(error, { directory })
  }
}

async function open(directory: string, random: Random, clock: Clock): Promise<ObjectStore> {
  const privateArea = join(directory, '.store')
  const temporaryArea = join(privateArea, 'temporary')
  const made = fs.mkdirSync(temporaryArea, { recursive: true, mode: 0o700 }) ?? temporaryArea
  const exclusion = new Exclusion(join(privateArea, 'lock'), clock)
  try {
    const temporaries = await exclusion.run(() => {
      TemporaryFiles.sweep(temporaryArea)
      checkStamps(privateArea)
      return TemporaryFiles.make(temporaryArea, random.uuid(), clock)
    })
    const commits = new Commits(directory, join(privateArea, 'floor'), exclusion, clock)
    await new DirectorySyncs().sync(dirname(made), privateArea)
    return new LocalStore({ directory, exclusion, commits, temporaries })
  } catch (error) {
    exclusion.close()
    throw error
  }
}
