import { messageOf } from '@chronicle/base'
import { objectErrors } from '../errors.ts'

/** What node:fs throws, and node:sqlite. */
type SystemError = { readonly code?: string }

export function codeOf(error: unknown): string | undefined {
  return (error as SystemError | undefined)?.code
}

/** Nothing is at that path: neither the name nor, perhaps, a directory on the way to it. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'
}

/** An error of the operating system as one of this package's. Its own pass through. */
export function failureOf(error: unknown, details: { readonly key?: string; readonly directory?: string }): Error {
  if (objectErrors.is(error)) return error
  const reason = messageOf(error)
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return objectErrors.create('objects.no-space', { ...details, reason }, error)
    case 'ENAMETOOLONG':
      return objectErrors.create('objects.invalid-key', { ...details, reason }, error)
    default:
      return objectErrors.create('objects.unavailable', { ...details, reason }, error)
  }
}
