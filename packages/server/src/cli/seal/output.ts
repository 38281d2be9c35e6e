import { serverErrors } from '../../errors.ts'
import { standardStream } from './input.ts'

export type OutputOptions = { output?: string; stdout?: boolean }

/** Where what comes of `path` goes: where the options say, or else to the name that `beside` makes of it. */
export function outputOf(
  paths: readonly string[],
  path: string,
  { output, stdout }: OutputOptions,
  beside: (path: string) => string,
): string {
  if (stdout || output === standardStream) return standardStream
  if (output === undefined) return beside(path)
  if (paths.length === 1) return output
  throw serverErrors.create('server.invalid-argument', { output, because: 'there are several files, and one name' })
}
