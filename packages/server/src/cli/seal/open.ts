import { openStream, type SealedHeader, type SealKey, sealKeyOf, type Vault, vaultErrors } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import type { ServerSettings } from '../../settings.ts'
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
}

/** Plain bytes are for whoever opened them. */
const plainMode = 0o600

/** Opens sealed files, each into one of its own beside it unless told otherwise. */
export async function openFiles(
  terminal: Terminal,
  settings: ServerSettings,
  paths: readonly string[],
  options: OpenOptions,
): Promise<void> {
  const targets = paths.map(path => ({ path, target: outputOf(paths, path, options, plainName) }))
  await withVault(terminal, settings, async vault => {
    for (const { path, target } of targets) {
      await openFile(terminal, vault, path, target, options).catch(error => {
        // Which of the files it was.
        throw vaultErrors.is(error) ? vaultErrors.create(error.code, { file: path, ...error.details }, error) : error
      })
    }
  })
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

async function openFile(
  terminal: Terminal,
  vault: Vault,
  path: string,
  target: string,
  { force = false, renamed = false, range }: OpenOptions,
): Promise<void> {
  const keyFor = async (header: SealedHeader): Promise<SealKey> => {
    checkSealedFile(header, path, renamed)
    return sealKeyOf(await vault.key(header.keyId))
  }
  const plain = range ? openRange(path, keyFor, range) : openStream((await openInput(terminal, path)).pieces, keyFor)
  if (target === standardStream) {
    for await (const piece of plain) await terminal.write(piece)
    return
  }
  const bytes = await writeWholeFile(target, plain, { force, mode: plainMode })
  terminal.out(`Opened ${path} as ${target} (${size(bytes)}).`)
}
