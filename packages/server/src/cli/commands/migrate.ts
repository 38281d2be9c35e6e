import type { Command } from 'commander'
import type { MigrateOptions } from '../migrate.ts'
import { addDataFlags, loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
The database is the one behind DATABASE_URL (or observe.database-url in the file of settings), or the one that a secrets API at
ALEXANDRIA_URL names; without both the embedded one in the data directory, which a running server keeps to itself. A server does the same when it opens its tables: this command is for those
who want to do it before, or to look first. The tables belong to the role of the URL, which has to be the one that the server has.
All that is missing is applied in one transaction, or nothing is.

Exit code 0: nothing is missing any more; 1: something is missing (--check), or it failed.

Examples:
  chronicle migrate --check                             what would be applied; changes nothing
  DATABASE_URL=postgres://owner:secret@db:5432/chronicle chronicle migrate
  chronicle migrate --data-dir /var/lib/chronicle       the embedded database of a stopped server`

/** `migrate`: brings the tables of observe to this program's version. */
export function addMigrate(program: Command, terminal: Terminal): void {
  addDataFlags(program.command('migrate'))
    .description('Bring the tables of observe to the version of this program')
    .option('--check', 'only say what would be applied')
    .option('--dry-run', 'the same as --check')
    .option('--json', 'as JSON')
    .addHelpText('after', examples)
    .action(async (options: MigrateOptions, command: Command) => {
      const { migrateTables } = await import('../migrate.ts')
      process.exitCode = await migrateTables(terminal, loadSettings(command).values, options)
    })
}
