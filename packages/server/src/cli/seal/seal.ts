import { systemRandom } from '@chronicle/base'
import { sealKeyOf, sealStream, type Vault } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import type { ServerSettings } from '../../settings.ts'
import { size } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { withVault } from '../vault/with-vault.ts'
import { openInput, standardStream } from './input.ts'
import { boundName, sealedSuffix } from './names.ts'
import { outputOf } from './output.ts'
import { writeWholeFile } from './whole-file.ts'

export type SealOptions = { output?: string; stdout?: boolean; force?: boolean; purpose: string }

/** Seals files, each into one of its own beside it unless told otherwise. */
export async function sealFiles(
  terminal: Terminal,
  settings: ServerSettings,
  paths: readonly string[],
  options: SealOptions,
): Promise<void> {
  const targets = paths.map(path => ({ path, target: outputOf(paths, path, options, sealedName) }))
  if (targets.some(({ target }) => target === standardStream) && terminal.isInteractive) {
    const because = 'sealed bytes would upset the terminal: send them to a file or a program'
    throw serverErrors.create('server.invalid-argument', { output: 'standard output', because })
  }
  await withVault(terminal, settings, async vault => {
    for (const { path, target } of targets) await sealFile(terminal, vault, path, target, options)
  })
}

function sealedName(path: string): string {
  return path === standardStream ? standardStream : path + sealedSuffix
}

async function sealFile(
  terminal: Terminal,
  vault: Vault,
  path: string,
  target: string,
  { purpose, force = false }: SealOptions,
): Promise<void> {
  const { pieces, mode = 0o600 } = await openInput(terminal, path)
  const key = sealKeyOf(await vault.keyFor(purpose))
  const sealed = sealStream(pieces, key, { kind: 'file', place: boundName(target) }, systemRandom)
  if (target === standardStream) {
    for await (const piece of sealed) await terminal.write(piece)
    return
  }
  const bytes = await writeWholeFile(target, sealed, { force, mode })
  terminal.out(`Sealed ${path} as ${target} (${size(bytes)}, key ${key.id}).`)
}
