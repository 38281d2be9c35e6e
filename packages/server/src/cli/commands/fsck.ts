import type { Command } from 'commander'
import type { FsckOptions } from '../fsck.ts'
import { addSettingFlags, loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Stop the server first: a log that is being written cannot be checked. Exit code 0: nothing is wrong; 1: something is.

Examples:
  chronicle fsck                       check the log in ./data
  chronicle fsck /var/lib/chronicle
  chronicle fsck --repair              check, say what would be done, ask, and do it`

/** `fsck [DIR]`. */
export function addFsck(program: Command, terminal: Terminal): void {
  addSettingFlags(program.command('fsck'))
    .description('Check the files of a log for damage, and repair them when told to')
    .argument('[directory]', 'data directory (that of --data-dir when left out)')
    .option('--repair', 'make a damaged log fit to be opened; what is lost stays lost')
    .option('--yes', 'do not ask before repairing')
    .option('--json', 'findings as JSON')
    .addHelpText('after', examples)
    .action(async (directory: string | undefined, options: FsckOptions, command: Command) => {
      const { fsck } = await import('../fsck.ts')
      const dataDirectory = directory ?? loadSettings(command).values.dataDirectory
      process.exitCode = await fsck(terminal, dataDirectory, options)
    })
}
