import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { openStream, type SealedHeader, type SealKey, sealKeyOf, type Vault, vaultErrors } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import { dataPaths } from '../../process/data-directory.ts'
import type { ServerSettings } from '../../settings.ts'
import { archiveOf, type PathInArchive, plainInArchive } from '../archive/open-file.ts'
import { refuseInside } from '../archive/outside.ts'
import { size } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { withVault } from '../vault/with-vault.ts'
import { openInput, standardStream } from './input.ts'
import { checkSealedFile, sealedSuffix, withoutSuffix } from './names.ts'
import { outputOf } from './output.ts'
import { openRange, type PlainRange } from './range.ts'
import { writeWholeFile } from './whole-file.ts'

export type OpenOptions = {
  output?: string
  stdout?: boolean
  force?: boolean
  renamed?: boolean
  range?: PlainRange
  /** As it was typed; undefined where nobody named one. */
  dataDir?: string
}

/** Plain bytes are for whoever opened them. */
const plainMode = 0o600

type Job = { readonly path: string; readonly target: string; readonly archived: PathInArchive | undefined }

/**
 * Opens sealed files, each into one of its own beside it unless told otherwise. Files that lie in an archive are opened with the keys of that archive, unless the options
 * name a data directory.
 */
export async function openFiles(
  terminal: Terminal,
  settings: ServerSettings,
  paths: readonly string[],
  options: OpenOptions,
): Promise<void> {
  const jobs = paths.map((path): Job => {
    const archived = options.dataDir === undefined && path !== standardStream ? archiveOf(path) : undefined
    return { path, archived, target: outputOf(paths, path, options, archived ? noPlainName : plainName) }
  })
  for (const [base, ofBase] of Map.groupBy(jobs, job => job.archived?.basePath)) {
    if (base === undefined) await openWithVault(terminal, settings, ofBase, options)
    else await openInArchive(terminal, base, ofBase, options)
  }
}

async function openWithVault(
  terminal: Terminal,
  settings: ServerSettings,
  jobs: readonly Job[],
  options: OpenOptions,
): Promise<void> {
  if (!existsSync(dataPaths(settings.dataDirectory).objects)) {
    throw serverErrors.create('server.no-keys-to-open', { file: jobs[0]!.path, directory: settings.dataDirectory })
  }
  await withVault(terminal, settings, async vault => {
    for (const job of jobs)
      await naming(job.path, () => deliver(terminal, plainOf(terminal, vault, job, options), job, options))
  })
}

async function openInArchive(
  terminal: Terminal,
  basePath: string,
  jobs: readonly Job[],
  options: OpenOptions,
): Promise<void> {
  for (const { target } of jobs) if (target !== standardStream) refuseInside(basePath, resolve(target))
  const { withArchive } = await import('../archive/open-archive.ts')
  await withArchive(terminal, { basePath }, async archive => {
    for (const job of jobs) {
      await naming(job.path, () =>
        deliver(terminal, plainInArchive(archive, job.archived!, options.range), job, options),
      )
    }
  })
}

/** An error says which of the files it was. */
async function naming(path: string, open: () => Promise<void>): Promise<void> {
  try {
    await open()
  } catch (error) {
    throw vaultErrors.is(error) ? vaultErrors.create(error.code, { file: path, ...error.details }, error) : error
  }
}

function noPlainName(path: string): string {
  const because = 'nothing is put beside a file of an archive: give --output or --stdout'
  throw serverErrors.create('server.invalid-argument', { path, because })
}

function plainName(path: string): string {
  if (path === standardStream) return standardStream
  const name = withoutSuffix(path)
  if (name !== path && !name.endsWith('/')) return name
  throw serverErrors.create('server.invalid-argument', {
    path,
    because: `its name does not end in ${sealedSuffix}, so the output has no name: give --output or --stdout`,
  })
}

function plainOf(
  terminal: Terminal,
  vault: Vault,
  { path }: Job,
  { renamed = false, range }: OpenOptions,
): AsyncIterable<Uint8Array> {
  const keyFor = async (header: SealedHeader): Promise<SealKey> => {
    checkSealedFile(header, path, renamed)
    return sealKeyOf(await vault.key(header.keyId))
  }
  return range ? openRange(path, keyFor, range) : openInputWith(terminal, path, keyFor)
}

async function* openInputWith(
  terminal: Terminal,
  path: string,
  keyFor: (header: SealedHeader) => Promise<SealKey>,
): AsyncGenerator<Uint8Array> {
  yield* openStream((await openInput(terminal, path)).pieces, keyFor)
}

async function deliver(
  terminal: Terminal,
  plain: AsyncIterable<Uint8Array>,
  { path, target }: Job,
  { force = false }: OpenOptions,
): Promise<void> {
  if (target === standardStream) {
    for await (const piece of plain) await terminal.write(piece)
    return
  }
  const bytes = await writeWholeFile(target, plain, { force, mode: plainMode })
  terminal.out(`Opened ${path} as ${target} (${size(bytes)}).`)
}
