import type { ChronicleError } from '@chronicle/base'
import { kafkaErrors } from '../errors.ts'

/** Where in a message generated code stands: a field, or a run of fields whose room is checked at once. */
export type Site = {
  /** `topics[].partitions[].index`: each `[]` is an array that the field lies in. */
  readonly path: string
  /** Fields of a run in order, with their bytes. */
  readonly run?: readonly { readonly path: string; readonly bytes: number }[]
}

/** What a compiled reader or writer is for. */
export type Purpose = { readonly api: string; readonly version: number; readonly direction: 'request' | 'response' }

/** Sites of one compiled function, by number: generated code names only the number. */
export class Sites {
  readonly all: Site[] = []

  add(path: string, run?: Site['run']): number {
    const last = this.all.at(-1)
    if (run === undefined && last?.path === path && last.run === undefined) return this.all.length - 1
    this.all.push(run === undefined ? { path } : { path, run })
    return this.all.length - 1
  }
}

/** `a[].b[].c` with the positions that the loops stand at: `a[3].b[0].c`. */
export function locate(path: string, indexes: readonly number[]): string {
  let next = 0
  return path.replaceAll('[]', () => (next < indexes.length ? `[${indexes[next++]}]` : '[]'))
}

export type ReadFailure = (
  site: number,
  reason: string,
  offset: number,
  left: number,
  indexes: readonly number[],
) => Error

/** Makes the errors of one reader. `offset` counts from the start of the body, `left` are the bytes from there on. */
export function readFailure(purpose: Purpose, sites: readonly Site[]): ReadFailure {
  return (number, reason, offset, left, indexes) => {
    const site = sites[number]!
    const field = locate(site.run === undefined ? site.path : firstBeyond(site.run, left), indexes)
    const code = reason === tooManyElements ? 'kafka.too-many-elements' : 'kafka.malformed'
    return kafkaErrors.create(code, { ...purpose, field, offset, reason })
  }
}

/** The reason that has an error code of its own. */
export const tooManyElements = 'too many elements in all'

export type WriteFailure = (site: number, reason: string, value: unknown, indexes: readonly number[]) => ChronicleError

/** Makes the errors of one writer. */
export function writeFailure(purpose: Purpose, sites: readonly Site[]): WriteFailure {
  return (number, reason, value, indexes) => {
    const field = locate(sites[number]!.path, indexes)
    return kafkaErrors.create('kafka.unwritable', { ...purpose, field, reason, value: shown(value) })
  }
}

function firstBeyond(run: NonNullable<Site['run']>, left: number): string {
  let bytes = 0
  for (const field of run) if ((bytes += field.bytes) > left) return field.path
  return run.at(-1)!.path
}

/** Enough of a value to recognise it; never what it contains, which may be a secret. */
function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return String(value)
  if (typeof value === 'string') return `a string of ${value.length} characters`
  return Array.isArray(value) ? `an array of ${value.length}` : `a ${typeof value}`
}
