import { basename, posix } from 'node:path'
import type { SealedHeader, SealedKind } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import { printable } from '../format.ts'
import { standardStream } from './input.ts'

export const sealedSuffix = '.sealed'

/**
 * The name that a sealed file is bound to: its own, without the suffix. In Unicode's form NFC, since some file systems change the form. Empty for
 * a stream, which has none.
 */
export function boundName(sealedPath: string): string {
  if (sealedPath === standardStream) return ''
  return withoutSuffix(basename(sealedPath)).normalize('NFC')
}

export function withoutSuffix(name: string): string {
  return name.endsWith(sealedSuffix) ? name.slice(0, -sealedSuffix.length) : name
}

/** What `chronicle seal` makes, and the packer: files that stand for themselves. */
const kindsOfFiles: readonly SealedKind[] = ['file', 'parquet', 'image']

/**
 * Refuses what is a part of something larger, and a file that stands under another name than it was sealed under (S12): somebody may have put it in the place of
 * another one. `header` is believed only as far as refusing goes; opening authenticates it.
 */
export function checkSealedFile({ kind, place, epoch }: SealedHeader, path: string, renamed: boolean): void {
  if (!kindsOfFiles.includes(kind) || epoch !== 0) {
    throw serverErrors.create('server.sealed-elsewhere', { path, kind, place: printable(place) })
  }
  const name = boundName(path)
  // A file of an archive is bound to its whole path there; of a copy that lies alone the name is what is left.
  if (place === '' || name === '' || renamed || posix.basename(place) === name) return
  throw serverErrors.create('server.sealed-under-another-name', { path, sealedAs: printable(place) })
}
