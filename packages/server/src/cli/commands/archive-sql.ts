import { availableParallelism } from 'node:os'
import { bytes } from '@chronicle/config'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { openedBytesMaxDefault, queryMemoryBytesDefault } from '../../archive-sql/limits.ts'
import { serverErrors } from '../../errors.ts'
import type { SqlOptions } from '../archive/sql.ts'
import { parseTime } from '../archive/time.ts'
import { wholeNumber } from '../bootstrap.ts'
import { flagValue } from '../settings.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Tables: events, frames, quarantine, files. DuckDB answers; the query reads the archive and nothing else.

Examples:
  chronicle archive sql                                          asks for queries
  chronicle archive sql 'DESCRIBE events'
  chronicle archive sql --from 2026-11-20 --to 2026-11-20 \\
    'SELECT app_bundle_id, count(*) FROM events GROUP BY ALL ORDER BY 2 DESC LIMIT 10'
  chronicle archive sql --csv \\
    "SELECT time, window_title FROM events WHERE window_title ILIKE '%invoice%'" > titles.csv
  chronicle archive sql --jsonl --file query.sql | jq .
  echo 'FROM files' | chronicle archive sql --json

What is asked about is opened into memory that has no name and ends with the
command (/dev/shm), or where that has no room into files without a name on the
archive's disk. Times are shown in the packer's scheduling.timezone.`

/** `archive sql`. */
export function addArchiveSql(archive: Command, terminal: Terminal): void {
  const size = bytes({ min: 1 })
  const parseSize = (text: string): number => {
    const value = size.parse(text, '')
    if (value === undefined) throw new InvalidArgumentError(`Accepted: ${size.accepts}.`)
    return value
  }
  archive
    .command('sql')
    .description('Ask with SQL for what is in the archive')
    .argument('[query]', 'SQL; several statements with ; between them (standard input, or asked for on a terminal)')
    .option('--file <file>', 'read the query from a file')
    .option('--config <file>', "the packer's TOML file (~/.config/chronicle/packer.toml if it is there)")
    .option('--base-path <directory>', 'the directory of the archive, wherever it was copied to')
    .addOption(new Option('--from <time>', 'events from this time on').argParser(parseTime))
    .addOption(new Option('--to <time>', 'events before this time, or up to the end of this day').argParser(parseTime))
    .addOption(
      new Option(
        '--path <path>',
        'this file alone, as `archive ls` prints it, or a glob; may be given again',
      ).argParser((path: string, before: readonly string[] | undefined) => [...(before ?? []), path]),
    )
    .addOption(new Option('--json', 'as one JSON array').conflicts(['jsonl', 'csv']))
    .addOption(new Option('--jsonl', 'as JSON, a row a line').conflicts('csv'))
    .option('--csv', 'as CSV with a line of names')
    .addOption(
      new Option('--opened-max <size>', 'plain bytes at once')
        .argParser(parseSize)
        .default(openedBytesMaxDefault, size.format(openedBytesMaxDefault)),
    )
    .addOption(
      new Option('--memory <size>', 'memory for answering')
        .argParser(parseSize)
        .default(queryMemoryBytesDefault, size.format(queryMemoryBytesDefault)),
    )
    .addOption(
      new Option('--threads <number>', 'threads for answering')
        .argParser(wholeNumber(1, 256))
        .default(availableParallelism(), 'one for each processor'),
    )
    .addHelpText('after', examples)
    .action(async (query: string | undefined, options: SqlOptions, command: Command) => {
      const { archiveSql } = await loaded()
      const config = flagValue(command, '--config')
      await archiveSql(terminal, query, typeof config === 'string' ? { ...options, config } : options)
    })
}

/** With DuckDB, which no other command loads. */
async function loaded() {
  try {
    return await import('../archive/sql.ts')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const isMissing = ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'].includes(`${code}`)
    if (!isMissing) throw error
    const machine = `${process.platform} on ${process.arch}`
    throw serverErrors.create('server.sql-not-available', { machine }, error)
  }
}
