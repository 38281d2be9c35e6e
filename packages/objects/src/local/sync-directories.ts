import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isMissing } from './failure.ts'

/**
 * Makes the names on the way from `root` to `directory` durable (O1). All of them, each time: a directory that is there may have been made a
 * moment ago by another process that has not synced it yet.
 */
export async function syncDirectories(root: string, directory: string): Promise<void> {
  await Promise.all(directoriesBetween(root, directory).map(syncDirectory))
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
