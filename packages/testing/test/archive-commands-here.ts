/** An archive, and the commands that read it in this process: without the second that a process takes to start. */
import assert from 'node:assert/strict'
import { filled, type Installation, type Result } from '../../packer/test/archive-commands-support.ts'
import { type CommandOptions, runCommand } from '../../server/test/support/command-line.ts'

/** `archive` is the command in this process, `run` and `packer` stay processes of their own. */
export type InstallationHere = Installation & {
  /** One at a time: its directory and variables are those of the process. */
  runHere(args: readonly string[], options?: CommandOptions): Promise<Result>
  /** `chronicle archive …` as people run it. */
  archiveProcess: Installation['archive']
}

/** Packs what `filled` packs. */
export async function filledHere(name: string, settings: Record<string, unknown> = {}): Promise<InstallationHere> {
  const made = await filled(name, settings)
  const { home, config } = made
  const variables = {
    HOME: home,
    XDG_CONFIG_HOME: `${home}/config`,
    XDG_STATE_HOME: `${home}/state`,
    // No test touches the keychain of whoever runs it.
    CHRONICLE_VAULT_KEY_SOURCE: 'file',
  }
  const runHere: InstallationHere['runHere'] = (args, options = {}) =>
    inDirectory(home, () => runCommand(args, { ...options, env: { ...variables, ...options.env } }))
  return {
    ...made,
    runHere,
    archive: (...args) => runHere(['archive', ...args, '--config', config]),
    archiveProcess: made.archive,
  }
}

let isBusy = false

async function inDirectory<T>(directory: string, action: () => Promise<T>): Promise<T> {
  assert.equal(isBusy, false, 'one command at a time in this process')
  const before = process.cwd()
  isBusy = true
  process.chdir(directory)
  try {
    return await action()
  } finally {
    process.chdir(before)
    isBusy = false
  }
}
