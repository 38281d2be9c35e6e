import { suggest } from '@chronicle/config'
import { type Command, Option } from 'commander'
import { serverErrors } from '../../errors.ts'
import { addSettingFlags, flagValue, loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Examples:
  chronicle start                                              data in ./data, everything on loopback
  chronicle start --kafka-port 9093 --data-dir /var/lib/chronicle
  chronicle start --bind-addr 0.0.0.0 --advertised-addr broker.example.org
  CHRONIK_PRODUCE_PROFILE=high-throughput chronicle start --config chronicle.toml

Only the Kafka port follows --bind-addr: the HTTP port stays on loopback unless CHRONICLE_HTTP_BIND_ADDR opens it, for it asks nobody
who they are.
'chronicle config' explains every setting. SIGTERM and Ctrl-C stop in good order, a second one at once.`

/** `start` and its other names. `start` runs when no command is given. */
export function addStart(program: Command, terminal: Terminal): void {
  const action = async (_options: unknown, command: Command): Promise<void> => {
    refuseUnknownCommand(program, command)
    await start(command, terminal)
  }
  const standalone = program.command('start', { isDefault: true }).alias('standalone')
  serverCommand(standalone, 'Start a server (also: standalone)').addHelpText('after', examples).action(action)
  serverCommand(program.command('all'), 'Start a server with all its parts: the same as start').action(action)
  serverCommand(program.command('ingest'), 'Start a server that takes records in and gives them out').action(action)
  serverCommand(program.command('search'), 'Start a server for search (not built yet)').action(() => {
    throw serverErrors.create('server.mode-not-available', { mode: 'search' })
  })
}

function serverCommand(command: Command, description: string): Command {
  return addSettingFlags(command)
    .description(description)
    .allowExcessArguments(true)
    .addOption(new Option('--dual-storage', 'accepted for old set-ups: it is always on').hideHelp())
}

function refuseUnknownCommand(program: Command, command: Command): void {
  const [typed] = command.args
  if (typed === undefined) return
  const names = program.commands.flatMap(each => [each.name(), ...each.aliases()])
  throw serverErrors.create('server.unknown-command', { command: typed, didYouMean: suggest(typed, names) })
}

async function start(command: Command, terminal: Terminal): Promise<void> {
  if (flagValue(command, '--cluster') || flagValue(command, '--raft')) {
    throw serverErrors.create('server.cluster-not-available')
  }
  const resolved = loadSettings(command)
  const { runServer } = await import('../../process/run.ts')
  const code = await runServer(terminal, resolved)
  // Everything is stopped and flushed: a handle that something left open shall not hold the process.
  process.exit(code)
}
