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

/** `key` ends in a slash for a directory: all keys below begin with it, and it sorts among its neighbours as they do (`a-b` `a/x` `a0`). */
type Entry = { readonly key: string; readonly path: string; readonly isDirectory: boolean }

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
function topOf(root: string, prefix: string): Entry | undefined {
  const parts = prefix.split('/').slice(0, -1)
  if (parts.some(part => ['', '.', '..'].includes(part))) return undefined
  return { key: parts.map(part => `${part}/`).join(''), path: join(root, ...parts.map(encodePart)), isDirectory: true }
}

async function* walk(directory: Entry, query: Query): AsyncGenerator<ObjectInfo> {
  for (const entry of await entriesIn(directory, query)) {
    if (entry.isDirectory) {
      yield* walk(entry, query)
      continue
    }
    const info = await objectInfo(entry.key, entry.path)
    if (info) yield info
  }
}

/** None where there is no such directory, or none any more. */
async function entriesIn(directory: Entry, query: Query): Promise<Entry[]> {
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
function entryOf(directory: Entry, found: Dirent): Entry | undefined {
  const part = decodePart(found.name)
  if (part === undefined || !(found.isFile() || found.isDirectory())) return undefined
  const isDirectory = found.isDirectory()
  const key = `${directory.key}${part}${isDirectory ? '/' : ''}`
  return { key, path: join(directory.path, found.name), isDirectory }
}

function isWanted({ key, isDirectory }: Entry, { prefix, startAfter }: Query): boolean {
  if (!isDirectory) return key.startsWith(prefix) && compareKeys(key, startAfter) > 0
  const mayHavePrefix = key.startsWith(prefix) || prefix.startsWith(key)
  return mayHavePrefix && (startAfter.startsWith(key) || compareKeys(key, startAfter) > 0)
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
