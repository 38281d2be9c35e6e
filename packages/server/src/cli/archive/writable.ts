import { accessSync, constants } from 'node:fs'

/** Whether this user can write there: not where there is nothing, nor on a medium that cannot be written. */
export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    // Whatever the reason: another place is used.
    return false
  }
}
