import { Command } from 'commander'
import { addArchive } from './commands/archive.ts'
import { addCapture } from './commands/capture.ts'
import { addCompletion } from './commands/completion.ts'
import { addConfig } from './commands/config.ts'
import { addConsume } from './commands/consume.ts'
import { addFsck } from './commands/fsck.ts'
import { addGroups } from './commands/groups.ts'
import { addHealth } from './commands/health.ts'
import { addMigrate } from './commands/migrate.ts'
import { addObserve } from './commands/observe.ts'
import { addPacker } from './commands/packer.ts'
import { addProduce } from './commands/produce.ts'
import { addSeal } from './commands/seal.ts'
import { addSession } from './commands/session.ts'
import { addStart } from './commands/start.ts'
import { addTopics } from './commands/topics.ts'
import { addVault } from './commands/vault.ts'
import { addVerify } from './commands/verify.ts'
import { addVersion } from './commands/version.ts'
import { addSettingFlags } from './settings.ts'
import type { Terminal } from './terminal.ts'

const epilogue = `
Examples:
  chronicle start                                    a server with its data in ./data
  echo hello | chronicle produce greetings           one record in
  chronicle consume greetings --follow               and out again, as they come
  chronicle topics list                              what there is
  chronicle config --show                            every setting, its value and where it came from
  chronicle observe traces --status failed           what went wrong in a swarm of agents
  chronicle observe tail --type 'task.*'             and what happens right now
  chronicle verify 5.tlog-proof --key chronicle.vkey a proof, offline

chronicle COMMAND --help says more, with examples.
The flags of the server (chronicle start --help) may stand before the command as well.
Exit codes: 0 done, 1 failed, 2 the command line or a setting is not accepted.
Results go to standard output, everything else to standard error.`

/** The whole command line. What a command needs is loaded when it runs. */
export function buildProgram(terminal: Terminal): Command {
  const program = new Command('chronicle')
  program
    .description('A durable event record that Kafka clients can use. Without a command: start.')
    .helpOption('-h, --help', 'Show help')
    .helpCommand(false)
    .enablePositionalOptions()
    .configureHelp({ styleTitle: text => terminal.style('bold', text), helpWidth: Math.min(120, terminal.columns) })
    .configureOutput({
      outputError: (text, write) => write(`${terminal.noteStyle('red', 'error:')} ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('(--help shows what is accepted)')
    .exitOverride()
    .addHelpText('after', epilogue)
  // They may stand before the command too, as they always could; `start --help` lists them.
  for (const option of addSettingFlags(program).options) option.hideHelp()
  program.commandsGroup('Server:')
  addStart(program, terminal)
  addConfig(program, terminal)
  addHealth(program, terminal)
  addFsck(program, terminal)
  program.commandsGroup('Records, over Kafka:')
  addTopics(program, terminal)
  addProduce(program, terminal)
  addConsume(program, terminal)
  addGroups(program, terminal)
  program.commandsGroup('Traces and agents:')
  addObserve(program, terminal)
  addMigrate(program, terminal)
  program.commandsGroup('Sealed and provable:')
  addSession(program, terminal)
  addVerify(program, terminal)
  addVault(program, terminal)
  addSeal(program, terminal)
  program.commandsGroup('The packer and its archive:')
  addPacker(program, terminal)
  addArchive(program, terminal)
  program.commandsGroup('Behaviour and screenshots:')
  addCapture(program, terminal)
  program.commandsGroup('This program:')
  addCompletion(program, terminal)
  addVersion(program, terminal)
  return program
}
