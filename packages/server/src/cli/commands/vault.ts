import { type Command, Option } from 'commander'
import { wholeNumber } from '../bootstrap.ts'
import { addDataFlags, loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import type { AuditOptions } from '../vault/audit.ts'
import type { DestroyOptions } from '../vault/destroy.ts'
import type { NewMasterOptions } from '../vault/new-master.ts'
import type { PublicKeyFormat } from '../vault/public-key.ts'

const examples = `
Every command works while a server runs on the same data. A passphrase is asked for on a terminal and taken from
CHRONICLE_PASSPHRASE elsewhere; there is no flag for it, since other users see the arguments of a command.

Examples:
  chronicle vault init --source passphrase           a key store of your own choice; a server makes one by itself
  chronicle vault status                             where the master key is, which keys there are, what is due
  chronicle vault keys session/                      the keys of sessions
  chronicle vault rotate --all                       fresh keys for everything from now on
  chronicle vault rewrap --source passphrase         another master key; no data are touched
  chronicle vault destroy KEY_ID --reason 'request 17'
  chronicle vault export-public-key > chronicle.vkey
  chronicle vault audit --verify                     that no event was changed or taken out

'vault destroy' is asked twice: yes or no, and then the id of each key, or its purpose, has to be typed. In a script the id is
given twice: chronicle vault destroy KEY_ID --yes KEY_ID.`

/** `vault init|status|keys|rotate|rewrap|destroy|export-public-key|audit`. */
export function addVault(program: Command, terminal: Terminal): void {
  const vault = program.command('vault').description('Keys: make, look at, rotate, wrap anew, destroy')
  vault.addHelpText('afterAll', examples)
  const add = (name: string, description: string) => addDataFlags(vault.command(name).description(description))
  const settingsOf = (command: Command) => loadSettings(command).values

  withMasterOptions(add('init', 'Make the key store of a data directory')).action(
    async (options: NewMasterOptions, command: Command) =>
      (await import('../vault/init.ts')).initVault(terminal, settingsOf(command), options),
  )
  add('status', 'Show where the master key comes from, the keys, and what is due')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }, command: Command) =>
      (await import('../vault/status.ts')).vaultStatus(terminal, settingsOf(command), options),
    )
  add('keys', 'List every key')
    .argument('[prefix]', 'those whose purpose begins with this')
    .option('--json', 'as JSON')
    .action(async (prefix: string | undefined, options: { json?: boolean }, command: Command) =>
      (await import('../vault/status.ts')).listKeys(terminal, settingsOf(command), prefix, options),
    )
  add('rotate', 'Make fresh keys; those that are past their age when no purpose is named')
    .argument('[purposes...]', 'what the keys are for, as `vault status` names it')
    .option('--all', 'for every purpose that has a key, but for sessions, which keep theirs')
    .action(async (purposes: string[], options: { all?: boolean }, command: Command) =>
      (await import('../vault/rotate.ts')).rotateKeys(terminal, settingsOf(command), purposes, options),
    )
  withMasterOptions(add('rewrap', 'Wrap all keys anew, under another master key if --source is given')).action(
    async (options: NewMasterOptions, command: Command) =>
      (await import('../vault/rewrap.ts')).rewrapKeys(terminal, settingsOf(command), options),
  )
  addDestroy(add('destroy', 'Destroy keys, and with them all that they have sealed'), terminal)
  add('export-public-key', 'Print the key that verifies checkpoints and proofs; needs no passphrase')
    .addOption(new Option('--format <format>', 'form of the key').choices(['vkey', 'pem', 'json']).default('vkey'))
    .action(async ({ format }: { format: PublicKeyFormat }, command: Command) =>
      (await import('../vault/public-key.ts')).exportPublicKey(terminal, settingsOf(command), format),
    )
  add('audit', 'Show the audit log: who used, made, rotated or destroyed which key')
    .option('--verify', 'check that nothing in it was changed, taken out or moved')
    .option('--last <number>', 'the newest events alone', wholeNumber(1))
    .option('--json', 'as JSON')
    .action(async (options: AuditOptions, command: Command) => {
      const { auditLog } = await import('../vault/audit.ts')
      process.exitCode = await auditLog(terminal, settingsOf(command), options)
    })
}

function addDestroy(command: Command, terminal: Terminal): void {
  command
    .argument('<keys...>', 'ids of the keys')
    .addOption(
      new Option('--yes <key>', 'the id once more, instead of being asked; may be given again')
        .argParser((id: string, before: string[]) => [...before, id])
        .default([], 'none'),
    )
    .option('--reason <text>', 'why, for the audit log')
    .action(async (ids: string[], options: DestroyOptions) => {
      const { destroyKeys } = await import('../vault/destroy.ts')
      process.exitCode = await destroyKeys(terminal, loadSettings(command).values, ids, options)
    })
}

function withMasterOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--source <source>', 'where the master key comes from').choices(['passphrase', 'keychain', 'file']),
    )
    .option('--key-file <file>', 'with --source file: where the key file is made')
    .addOption(new Option('--kdf <kdf>', 'how a passphrase becomes a key').choices(['argon2id', 'pbkdf2-sha256']))
    .option('--kdf-iterations <number>', 'work of that; 100000 or more', wholeNumber(100_000, 10_000_000))
}
