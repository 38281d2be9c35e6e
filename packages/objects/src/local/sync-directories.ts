import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isMissing } from './failure.ts'

type Sync = {
  /** Of those who came before it began. */
  running: Promise<void>
  /** Of those who have come since. Begins when the running one has ended, however that ends. */
  next: Promise<void> | undefined
}

/**
 * Makes names durable (O1). Who comes while a directory is being synced waits for the next sync of it, together with all others who come by then: what each
 * of them has done was done before that sync begins, so that one is enough for all. Its failure is everybody's.
 */
export class DirectorySyncs {
  /** By path: the directories that somebody waits for. */
  readonly #syncs = new Map<string, Sync>()

  /**
   * Makes the names on the way from `root` to `directory` durable. All of them, each time: a directory that is there may have been made a moment ago by
   * another process that has not synced it yet.
   */
  async sync(root: string, directory: string): Promise<void> {
    await Promise.all(directoriesBetween(root, directory).map(each => this.#sync(each)))
  }

  #sync(directory: string): Promise<void> {
    const sync = this.#syncs.get(directory)
    if (!sync) return this.#begin(directory)
    sync.next ??= sync.running.then(
      () => this.#begin(directory),
      () => this.#begin(directory),
    )
    return sync.next
  }

  #begin(directory: string): Promise<void> {
    const sync: Sync = { running: syncDirectory(directory), next: undefined }
    this.#syncs.set(directory, sync)
    const ended = (): void => {
      if (!sync.next) this.#syncs.delete(directory)
    }
    sync.running.then(ended, ended)
    return sync.running
  }
}

/** `directory` and its parents up to `root`. */
export function directoriesBetween(root: string, directory: string): string[] {
  const between = [directory]
  for (let each = directory; each !== root; ) between.push((each = dirname(each)))
  return between
}

/** A directory that is gone was empty: syncing the one above it makes that durable. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(error => {
    if (!isMissing(error)) throw error
  })
  if (!handle) return
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
