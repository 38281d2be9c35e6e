import { ChronicleError, messageOf } from '@chronicle/base'
import { packerErrors } from '../errors.ts'

/** A chain of causes that is longer than this goes round in a circle. */
const causesMax = 16
/** What file systems answer when there is no room: for anybody, for this user, for this process. */
const noRoomCodes = ['ENOSPC', 'EDQUOT', 'EFBIG']

/** The codes of an error and of everything that caused it, ours and the system's, the outermost first. */
export function codesOf(error: unknown): readonly string[] {
  const codes: string[] = []
  let at = error
  for (let depth = 0; at instanceof Error && depth < causesMax; depth++) {
    const { code } = at as NodeJS.ErrnoException
    if (typeof code === 'string') codes.push(code)
    at = at.cause
  }
  return codes
}

/** `error`, or what it means where a person can do something about it. */
export function explained(error: unknown): unknown {
  const code = codesOf(error).find(each => noRoomCodes.includes(each))
  if (code === undefined) return error
  return packerErrors.create('packer.disk-full', { reason: rootMessage(error) }, error)
}

/** What happened and what to do about it, for people. */
export function inWords(error: unknown): string {
  return error instanceof ChronicleError ? `${error.message}. ${error.remedy}` : messageOf(error)
}

function rootMessage(error: unknown): string {
  let at = error
  for (let depth = 0; at instanceof Error && at.cause instanceof Error && depth < causesMax; depth++) at = at.cause
  return messageOf(at)
}
