import type { ArchivedKind } from '@chronicle/packer'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CatOptions } from '../archive/cat.ts'
import type { ExportOptions } from '../archive/export.ts'
import type { ListOptions } from '../archive/ls.ts'
import { parseTime } from '../archive/time.ts'
import type { VerifyOptions } from '../archive/verify.ts'
import { flagValue } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { addArchiveSql } from './archive-sql.ts'

const kinds = ['parquet', 'heif', 'quarantine'] as const satisfies readonly ArchivedKind[]

/** Below the help of each of these commands. */
const common = `
Times: 2026-11-20 (the whole day, in scheduling.timezone), 2026-11-20T10:00:00Z,
or -2h before now (s, m, h, d, w).

Which archive: that of the packer's configuration, or the one in --base-path,
which may be a copy, also on a medium that cannot be written. Reading takes no
lock and changes nothing: a packer may be at work on it. Its keys are opened
with its passphrase (CHRONICLE_PASSPHRASE, or asked for), keychain or key file,
and their use stands in its audit log, or for a copy that cannot be written in
one of your own.`

const examples = {
  all: `
Examples:
  chronicle archive ls --from -2d             files of the last two days
  chronicle archive cat --from -2h            events of the last two hours
  chronicle archive sql 'FROM events LIMIT 5'
  chronicle archive verify                    every file against the manifest
  chronicle archive export -o plain           files as other tools read them`,
  ls: `
Examples:
  chronicle archive ls --from -2d
  chronicle archive ls --from 2026-11-20 --to 2026-11-20
  chronicle archive ls --kind quarantine --json | jq '.[].path'
  chronicle archive ls --base-path /media/copy/ChronicleRaw`,
  cat: `
Examples:
  chronicle archive cat --from -2h
  chronicle archive cat 'parquet/2026/11/20/*' --parse-data | jq .data
  chronicle archive cat --kind quarantine --from -1d
  chronicle archive cat heif/2026/11/20/frame_20261120_100000_000000.heif > frame.heif`,
  verify: `
Examples:
  chronicle archive verify
  chronicle archive verify --from -1d && echo last night is whole
  chronicle archive verify --base-path /media/copy/ChronicleRaw --json

Exit code 1 where something is wrong.`,
  export: `
Examples:
  chronicle archive export -o november --from 2026-11-01 --to 2026-11-30
  chronicle archive export -o november --resume            what is not there yet
  chronicle archive export -o text --format jsonl --kind parquet`,
}

/** `archive ls|cat|verify|export|sql`. */
export function addArchive(program: Command, terminal: Terminal): void {
  const archive = program
    .command('archive')
    .description("Read the packer's archive: list, print, ask with SQL, verify, export")
    .helpCommand(false)
    .addHelpText('after', examples.all)
    .addHelpText('afterAll', common)
  const add = (name: Exclude<keyof typeof examples, 'all'>, description: string) =>
    withSelection(
      archive.command(name).description(description),
      name === 'cat' ? 'events' : 'files with anything',
    ).addHelpText('after', examples[name])

  add('ls', 'List the files of the archive')
    .option('--json', 'as JSON: the entries of the manifest, and the state of their keys')
    .action(async (options: ListOptions, command: Command) =>
      (await import('../archive/ls.ts')).listArchive(terminal, chosen(command, options)),
    )
  add('cat', 'Print what files hold: events as lines of JSON')
    .argument('[files...]', 'paths as `ls` prints them, or globs over those; without: all events from --from to --to')
    .option('--parse-data', 'the field `data` as JSON, rather than as the text that it was written as')
    .action(async (files: string[], options: CatOptions, command: Command) =>
      (await import('../archive/cat.ts')).catArchive(terminal, files, chosen(command, options)),
    )
  add('verify', 'Compare every file with the manifest: bytes, checksum, seal, rows, range')
    .option('--json', 'as JSON')
    .action(async (options: VerifyOptions, command: Command) => {
      const { verifyArchive } = await import('../archive/verify.ts')
      process.exitCode = await verifyArchive(terminal, chosen(command, options))
    })
  addExport(add('export', 'Write files opened, in the same layout'), terminal)
  addArchiveSql(archive, terminal)
}

function addExport(command: Command, terminal: Terminal): void {
  command
    .argument('[files...]', 'paths as `ls` prints them, or globs over those; without: all that fit the options')
    .requiredOption('-o, --output <directory>', 'where to; made where it is missing')
    .addOption(
      new Option('--format <format>', 'of events: Parquet as it was written, or a line of JSON for each')
        .choices(['parquet', 'jsonl'])
        .default('parquet'),
    )
    .option('--parse-data', 'with --format jsonl: the field `data` as JSON')
    .addOption(new Option('--resume', 'leave files that are there, and write the rest').conflicts('force'))
    .option('--force', 'replace files that are there')
    .action(async (files: string[], options: ExportOptions) => {
      const { exportArchive } = await import('../archive/export.ts')
      process.exitCode = await exportArchive(terminal, files, chosen(command, options))
    })
}

/** Which archive. */
function withChoice(command: Command): Command {
  return command
    .option('--config <file>', "the packer's TOML file (~/.config/chronicle/packer.toml if it is there)")
    .option('--base-path <directory>', 'the directory of the archive, wherever it was copied to')
}

/** And which of its files. */
function withSelection(command: Command, what: string): Command {
  return withChoice(command)
    .addOption(new Option('--from <time>', `${what} from this time on`).argParser(parseTime))
    .addOption(new Option('--to <time>', `${what} before this time, or up to the end of this day`).argParser(parseTime))
    .addOption(
      new Option('--kind <kind>', 'files of this kind; may be given again')
        .choices(kinds)
        .argParser((text: string, before: readonly ArchivedKind[] | undefined) => [...(before ?? []), kindOf(text)]),
    )
}

function kindOf(text: string): ArchivedKind {
  const kind = kinds.find(each => each === text)
  if (kind) return kind
  throw new InvalidArgumentError(`Allowed choices are ${kinds.join(', ')}.`)
}

/** The file of settings may be named before the command, as with every other one. */
function chosen<T extends { config?: string | undefined }>(command: Command, options: T): T {
  const config = flagValue(command, '--config')
  return typeof config === 'string' ? { ...options, config } : options
}
