import { closeSync, openSync } from 'node:fs'

/**
 * Makes an empty file for its owner alone where there is none. SQLite makes its files for whoever the mask lets read them, and who has opened one in that moment
 * reads on after its mode is changed. Throws what the file system says.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
