/** Rings lie in directories that everybody may write to: what is used there must be this user's own. */
import type { Stats } from 'node:fs'
import { type ChronicleError, messageOf } from '@chronicle/base'
import { packerErrors } from '../errors.ts'

/** Why a file is not to be trusted, or undefined. Root may use the files of other users. */
export function whyNotOurs(stat: Stats): string | undefined {
  if (!stat.isFile()) return 'it is not a regular file: move it away'
  const user = process.geteuid?.()
  if (user !== undefined && user !== 0 && stat.uid !== user) return `it belongs to user ${stat.uid}: use another path`
  if ((stat.mode & 0o077) !== 0) return `others may use it (mode ${(stat.mode & 0o777).toString(8)}): chmod 600`
  return undefined
}

export function unusable(path: string, error: unknown): ChronicleError {
  return packerErrors.create('packer.ring-unusable', { path, reason: messageOf(error) }, error)
}
