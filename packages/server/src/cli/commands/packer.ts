import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { programVersion } from '../../version.ts'
import { parseBootstrap } from '../bootstrap.ts'
import { type Shell, shells } from '../completion/shells.ts'
import type { PackerGlobals } from '../packer/globals.ts'
import type { ProcessOptions } from '../packer/process.ts'
import { flagValue } from '../settings.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Examples:
  chronicle-packer config > packer.toml                       begin with a file that names every key
  chronicle-packer start                                      runs until Ctrl-C
  chronicle-packer --daemon --pid-file ~/packer.pid start     runs in the background
  chronicle-packer status
  chronicle-packer process                                    pack what waits, now
  chronicle-packer process --dry-run                          read and check it, change nothing
  chronicle-packer process --topic orders                     pack a topic instead of the ring
  chronicle-packer metrics --format json --output metrics.json
  chronicle-packer config --show                              every setting, its value and where it came from
  chronicle archive ls                                        what was packed; cat, sql, verify and export read it

'chronicle packer …' is the same. The options above may stand before the command or behind it.
Exit codes: 0 done, 1 failed, 2 the command line or a setting is not accepted.`

/** `chronicle-packer`, and `packer` below `chronicle`. */
export function addPacker(program: Command, terminal: Terminal): void {
  program.addCommand(packerCommand('packer', terminal))
}

function packerCommand(name: string, terminal: Terminal): Command {
  const packer = new Command(name)
    .description('Pack a ring buffer of events into an encrypted archive of Parquet and HEIF files')
    .helpCommand(false)
    .enablePositionalOptions()
    .configureHelp({
      commandUsage: command => `${pathOf(command)} ${command.usage()}`,
      styleTitle: text => terminal.style('bold', text),
    })
    .showHelpAfterError('(--help shows what is accepted)')
    .exitOverride()
    .version(programVersion(), '-V, --version', 'Show the version')
    .addHelpText('after', examples)
  for (const option of globalOptions()) packer.addOption(option)
  addRunning(packer, terminal)
  addAsking(packer, terminal)
  addConfig(packer, terminal)
  addCompletion(packer, terminal)
  return packer
}

/** As people type it: whoever asks for help has one name for it. */
function pathOf(command: Command): string {
  const names: string[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name())
  return names.join(' ').replace(/^(chronicle )?packer\b/, 'chronicle-packer')
}

function globalOptions(): Option[] {
  return [
    new Option('--config <file>', 'TOML file with settings (~/.config/chronicle/packer.toml if it is there)'),
    new Option('--daemon', 'with start: run in the background'),
    new Option('--pid-file <file>', 'with start: write the process id to this file'),
    new Option('--json-logs', 'log lines as JSON, whatever logging.format says'),
  ]
}

/** A command of the packer. The options that may stand before it may stand behind it too. */
function subcommand(packer: Command, name: string, description: string): Command {
  const command = packer
    .command(name)
    .description(description)
    .configureHelp(packer.configureHelp())
    .copyInheritedSettings(packer)
  for (const option of globalOptions()) {
    const isMeant = name === 'start' || option.long === '--config'
    command.addOption(isMeant ? option : option.hideHelp())
  }
  return command
}

function globalsOf(command: Command): PackerGlobals {
  const text = (flag: string): string | undefined => {
    const value = flagValue(command, flag)
    return typeof value === 'string' ? value : undefined
  }
  return {
    config: text('--config'),
    pidFile: text('--pid-file'),
    daemon: flagValue(command, '--daemon') === true,
    jsonLogs: flagValue(command, '--json-logs') === true,
  }
}

function addRunning(packer: Command, terminal: Terminal): void {
  subcommand(packer, 'start', 'Run until stopped: by day, by threshold, on command')
    .addOption(new Option('--background', 'what --daemon starts').hideHelp())
    .action(async ({ background = false }: { background?: boolean }, command: Command) => {
      const { startPacker } = await import('../packer/start.ts')
      const code = await startPacker(terminal, globalsOf(command), background)
      // Everything is stopped and flushed: a handle that something left open shall not hold the process.
      process.exit(code)
    })
  subcommand(
    packer,
    'stop',
    'Stop the running packer; a run that is under way ends at a boundary between files',
  ).action(async (_options: unknown, command: Command) =>
    (await import('../packer/stop.ts')).stopPacker(terminal, globalsOf(command)),
  )
  subcommand(packer, 'process', 'Pack what waits, now: by the running packer, or by this command where none runs')
    .addOption(new Option('--date <day>', 'up to the end of this day; later events stay where they are').argParser(day))
    .option('--dry-run', 'read and check, say what would be written, change nothing')
    .option('--cleanup', 'delete files whose retention is over, too')
    .addOption(new Option('--topic <topic>', 'pack this topic, and not the ring; may be given again').argParser(topics))
    .addOption(
      new Option(
        '--bootstrap <host:port>',
        'server that has the topics (topics.bootstrap_servers when left out)',
      ).argParser(parseBootstrap),
    )
    .option('--json', 'as JSON')
    .action(async (options: ProcessOptions, command: Command) => {
      const { processNow } = await import('../packer/process.ts')
      process.exitCode = await processNow(terminal, globalsOf(command), options)
    })
}

function addAsking(packer: Command, terminal: Terminal): void {
  subcommand(packer, 'status', 'Show what the running packer does, did and will do')
    .option('--json', 'as JSON')
    .action(async ({ json = false }: { json?: boolean }, command: Command) =>
      (await import('../packer/status.ts')).packerStatus(terminal, globalsOf(command), json),
    )
  subcommand(packer, 'health', 'Ask the running packer how it is: exit code 1 when it fails')
    .option('--json', 'as JSON')
    .action(async ({ json = false }: { json?: boolean }, command: Command) => {
      const { askPackerHealth } = await import('../packer/health.ts')
      process.exitCode = await askPackerHealth(terminal, globalsOf(command), json)
    })
  subcommand(packer, 'metrics', 'Print the metrics of the running packer')
    .addOption(
      new Option('--format <format>', 'form (metrics.export_format when left out)').choices(['json', 'prometheus']),
    )
    .option('--output <file>', 'write them to a file')
    .action(async (options: { format?: string; output?: string }, command: Command) =>
      (await import('../packer/metrics.ts')).packerMetrics(terminal, globalsOf(command), options),
    )
}

function addConfig(packer: Command, terminal: Terminal): void {
  subcommand(packer, 'config', 'Print a configuration file that names every key, or with --show what holds')
    .option('--show', 'the values in force and where they came from; secrets are hidden')
    .option('--json', 'with --show: as JSON')
    .action(async (options: { show?: boolean; json?: boolean }, command: Command) => {
      const { printPackerConfig } = await import('../packer/config.ts')
      printPackerConfig(terminal, globalsOf(command), options)
    })
}

function addCompletion(packer: Command, terminal: Terminal): void {
  packer
    .command('completion')
    .description('Print a script that lets a shell complete chronicle-packer')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action(async (shell: Shell) => {
      const { completionScript } = await import('../completion/script.ts')
      terminal.out(completionScript(packerCommand('chronicle-packer', terminal), shell, []))
    })
}

/** `YYYY-MM-DD` of a day that exists. */
function day(text: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))
  if (isDay && new Date(text).toISOString().startsWith(text)) return text
  throw new InvalidArgumentError('Accepted: a day as YYYY-MM-DD.')
}

/** One more topic. Whether there is one of this name says the broker. */
function topics(text: string, before: readonly string[] = []): readonly string[] {
  if (/^[\w.-]{1,249}$/.test(text)) return [...new Set([...before, text])]
  throw new InvalidArgumentError('Accepted: the name of a topic, of letters, digits, dots, hyphens and underscores.')
}
