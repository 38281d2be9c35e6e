/** Files of an archive for `chronicle open`: an archive is found from the path of a file in it, and brings its own keys. */
import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { SealedHeader, SealKey } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import { printable } from '../format.ts'
import { openRange, type PlainRange } from '../seal/range.ts'
import type { OpenedArchive } from './open-archive.ts'

/** A file in an archive: `path` as the manifest has it. */
export type PathInArchive = { readonly basePath: string; readonly path: string }

const roots = ['parquet', 'heif', 'quarantine']

/** The archive that a file lies in: the next directory above it with a manifest. undefined where there is none. */
export function archiveOf(file: string): PathInArchive | undefined {
  const absolute = resolve(file)
  for (let basePath = dirname(absolute); ; basePath = dirname(basePath)) {
    if (existsSync(join(basePath, 'metadata', 'files.json'))) {
      const path = relative(basePath, absolute).split(sep).join('/')
      return roots.includes(path.split('/')[0]!) ? { basePath, path } : undefined
    }
    if (basePath === dirname(basePath)) return undefined
  }
}

/** What the file holds, or a part of it: compared with the manifest, or where a part is asked for, with the seal alone. */
export function plainInArchive(
  { reader, keys }: OpenedArchive,
  { basePath, path }: PathInArchive,
  range: PlainRange | undefined,
): AsyncIterable<Uint8Array> {
  const [file] = reader.select({ paths: [path] })
  if (!file) throw serverErrors.create('server.no-such-archived-file', { path: printable(path), archive: basePath })
  if (!range) return reader.plain(file)
  const keyFor = async ({ place, keyId }: SealedHeader): Promise<SealKey> => {
    if (place === path && keys) return keys.key(keyId)
    throw serverErrors.create('server.sealed-under-another-name', { path, sealedAs: printable(place) })
  }
  return openRange(join(basePath, path), keyFor, range)
}
