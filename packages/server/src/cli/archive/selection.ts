/** Which files of an archive a command is about. */
import { matchesGlob, relative, resolve, sep } from 'node:path'
import { systemClock } from '@chronicle/base'
import type { ArchivedFile, ArchivedKind } from '@chronicle/packer'
import { serverErrors } from '../../errors.ts'
import { printable } from '../format.ts'
import type { OpenedArchive } from './open-archive.ts'
import { type GivenTime, rangeOf, type TimeRange } from './time.ts'

export type SelectionOptions = {
  readonly from?: GivenTime
  readonly to?: GivenTime
  readonly kind?: readonly ArchivedKind[]
}

export type Selection = {
  /** By their first times, then by their paths. */
  readonly files: readonly ArchivedFile[]
  readonly range: TimeRange
}

/** The files with anything in the range, of these kinds, and where there are patterns, those that one of them fits. Throws 'server.no-such-archived-file'. */
export function select(
  { reader, settings }: OpenedArchive,
  options: SelectionOptions,
  patterns: readonly string[] = [],
): Selection {
  const range = rangeOf(options, settings.timezone, systemClock.now())
  const named = patterns.map(pattern => filesNamed(reader.basePath, reader.files, pattern))
  const files = reader.select({ kinds: options.kind, ...range })
  const wanted = patterns.length === 0 ? files : files.filter(file => named.some(set => set.has(file)))
  return { files: wanted.toSorted(byTime), range }
}

/** A path as `ls` prints it, a glob over those, or a path on this machine. */
function filesNamed(basePath: string, files: readonly ArchivedFile[], pattern: string): ReadonlySet<ArchivedFile> {
  const below = relative(basePath, resolve(pattern)).split(sep).join('/')
  const isOne = files.filter(({ path }) => path === pattern || path === below)
  const found = isOne.length > 0 ? isOne : files.filter(({ path }) => matchesGlob(path, pattern))
  if (found.length > 0) return new Set(found)
  throw serverErrors.create('server.no-such-archived-file', { path: printable(pattern), archive: basePath })
}

function byTime(one: ArchivedFile, other: ArchivedFile): number {
  const order = BigInt(one.firstTimestampNs) - BigInt(other.firstTimestampNs)
  if (order !== 0n) return order < 0n ? -1 : 1
  return one.path < other.path ? -1 : 1
}
