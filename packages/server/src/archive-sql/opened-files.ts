/** Files of an archive, opened for whoever reads by path: their plain bytes in a private place (S16), bounded in bytes and in number. */
import { join } from 'node:path'
import type { Clock } from '@chronicle/base'
import type { ArchivedFile, ArchiveReader } from '@chronicle/packer'
import { serverErrors } from '../errors.ts'
import { keepNanoseconds } from './exact-times.ts'
import { openedFilesMax } from './limits.ts'
import { openPrivatePlace, type PrivateFile, type PrivatePlace } from './private-place.ts'

export type OpenFilesOptions = {
  readonly reader: ArchiveReader
  readonly files: readonly ArchivedFile[]
  readonly bytesMax: number
  readonly clock: Clock
  /** Is told of bytes of the files that were read. */
  readonly onBytes: (bytes: number) => void
}

export type OpenedFiles = {
  /** In the order of the files. */
  readonly paths: readonly string[]
  readonly isInMemory: boolean
  close(): Promise<void>
}

/** Rejects with 'server.too-much-to-open' before anything is opened, 'server.no-private-place', and as the reader does. */
export async function openFiles(options: OpenFilesOptions): Promise<OpenedFiles> {
  const { reader, files, bytesMax, clock } = options
  // Sealed they are no smaller.
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  checkBounds(files.length, bytes, bytesMax)
  const place = openPrivatePlace({ bytes, directory: join(reader.basePath, 'temp'), clock })
  const opened: PrivateFile[] = []
  const close = async (): Promise<void> => {
    for (const { handle } of opened.splice(0)) await handle.close()
  }
  try {
    for (const file of files) opened.push(await openOne(options, file, place))
  } catch (error) {
    await close()
    throw error
  }
  return { paths: opened.map(({ path }) => path), isInMemory: place.isMemory, close }
}

async function openOne(
  { reader, onBytes }: OpenFilesOptions,
  file: ArchivedFile,
  place: PrivatePlace,
): Promise<PrivateFile> {
  const plain = await place.create()
  try {
    for await (const piece of reader.plain(file, onBytes)) await plain.handle.writeFile(piece)
    if (file.kind === 'parquet') await keepNanoseconds(plain.handle, file)
    return plain
  } catch (error) {
    await plain.handle.close()
    throw error
  }
}

function checkBounds(files: number, bytes: number, bytesMax: number): void {
  if (bytes > bytesMax) {
    throw serverErrors.create('server.too-much-to-open', { bytes, accepted: `${bytesMax} bytes`, files })
  }
  if (files > openedFilesMax) {
    throw serverErrors.create('server.too-much-to-open', { files, accepted: `${openedFilesMax} files`, bytes })
  }
}
