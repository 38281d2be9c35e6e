import type { Dirent } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ListOptions, ObjectInfo } from '../contract.ts'
import { checkListText, compareKeys } from '../key.ts'
import { codeOf, failureOf, isMissing } from './failure.ts'
import { decodePart, encodePart } from './path.ts'
import { infoOf } from './version.ts'

/** How many names one call of readdir brings. */
const namesPerRead = 256

/** How many files are looked at side by side. */
const statsAheadMax = 32

/** The keys in a directory begin with `key`: empty for the root, ending in a slash for every other one. */
type Directory = { readonly key: string; readonly path: string }

/** A directory's key ends in a slash, and it sorts among its neighbours as the keys in it do: `a-b` `a/x` `a0`. */
type Entry = { readonly key: string; readonly name: string; readonly isDirectory: boolean }

type Query = { readonly prefix: string; readonly startAfter: string }

/** Objects in the order of their keys (O7). Holds the wanted names of the directories on the way to the present one in memory, and no more. */
export async function* listLocal(root: string, options: ListOptions): AsyncGenerator<ObjectInfo> {
  const { prefix = '', startAfter = '', limit = Number.POSITIVE_INFINITY } = options
  checkListText(prefix)
  checkListText(startAfter)
  const top = topOf(root, prefix)
  let left = limit
  if (!top || left <= 0) return
  for await (const info of walk(top, { prefix, startAfter })) {
    yield info
    if (--left <= 0) return
  }
}

/** The deepest directory that holds all keys with this prefix; undefined where no key can have it. */
function topOf(root: string, prefix: string): Directory | undefined {
  const parts = prefix.split('/').slice(0, -1)
  if (parts.some(part => ['', '.', '..'].includes(part))) return undefined
  return { key: parts.map(part => `${part}/`).join(''), path: join(root, ...parts.map(encodePart)) }
}

async function* walk(directory: Directory, query: Query): AsyncGenerator<ObjectInfo> {
  const entries = await entriesIn(directory, query)
  for (let next = 0; next < entries.length; ) {
    const { key, name, isDirectory } = entries[next]!
    if (isDirectory) {
      yield* walk({ key, path: join(directory.path, name) }, query)
      next++
      continue
    }
    const files = filesFrom(entries, next)
    const infos = await Promise.all(files.map(file => objectInfo(file.key, join(directory.path, file.name))))
    for (const info of infos) if (info) yield info
    next += files.length
  }
}

/** The files from `start` to the next directory, or as many as are looked at side by side. */
function filesFrom(entries: readonly Entry[], start: number): Entry[] {
  let end = start
  while (end < entries.length && end - start < statsAheadMax && !entries[end]!.isDirectory) end++
  return entries.slice(start, end)
}

/** None where there is no such directory, or none any more. */
async function entriesIn(directory: Directory, query: Query): Promise<Entry[]> {
  const entries: Entry[] = []
  try {
    for await (const found of await opendir(directory.path, { bufferSize: namesPerRead })) {
      const entry = entryOf(directory, found)
      if (entry && isWanted(entry, query)) entries.push(entry)
    }
  } catch (error) {
    const noSuchDirectory = isMissing(error) || codeOf(error) === 'ENAMETOOLONG'
    if (!noSuchDirectory) throw failureOf(error, { key: directory.key })
  }
  return entries.sort((left, right) => compareKeys(left.key, right.key))
}

/** Undefined for what the store has not made. */
function entryOf(directory: Directory, found: Dirent): Entry | undefined {
  const part = decodePart(found.name)
  const isDirectory = found.isDirectory()
  if (part === undefined || !(found.isFile() || isDirectory)) return undefined
  return { key: `${directory.key}${part}${isDirectory ? '/' : ''}`, name: found.name, isDirectory }
}

/** A directory before the start is not read, unless the start lies in it. */
function isWanted({ key, isDirectory }: Entry, { prefix, startAfter }: Query): boolean {
  const isBehindStart = compareKeys(key, startAfter) > 0
  if (!isDirectory) return isBehindStart && key.startsWith(prefix)
  return (isBehindStart || startAfter.startsWith(key)) && (key.startsWith(prefix) || prefix.startsWith(key))
}

/** Undefined when there is no object at the path, or none any more. */
export async function objectInfo(key: string, path: string): Promise<ObjectInfo | undefined> {
  try {
    const status = await lstat(path, { bigint: true })
    return status.isFile() ? infoOf(key, status) : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw failureOf(error, { key })
  }
}
