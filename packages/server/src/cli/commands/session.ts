import type { Command } from 'commander'
import { type UrlOptions, urlOption } from '../api-client.ts'
import { wholeNumber } from '../bootstrap.ts'
import type { ExportOptions } from '../session/export.ts'
import type { GetOptions } from '../session/get.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Examples:
  chronicle session ls
  chronicle session show my-session
  chronicle session finalize my-session                    closes it and prints the checkpoint, to be anchored
  chronicle session get my-session 0 > first-chunk
  chronicle session export my-session exported --payload   checkpoint, tiles, proofs and chunks, for chronicle verify`

/** `session ls|show|get|finalize|export`. */
export function addSession(program: Command, terminal: Terminal): void {
  const session = program.command('session').description('List, show, close and export sessions of sealed chunks')
  session.addHelpText('afterAll', examples)
  const add = (name: string, description: string) =>
    session.command(name).description(description).addOption(urlOption())
  type Json = UrlOptions & { json?: boolean }

  add('ls', 'List the sessions')
    .option('--json', 'as JSON')
    .action(async (options: Json) => (await import('../session/show.ts')).listSessions(terminal, options))
  add('show', 'Show how a session is')
    .argument('<session>', 'id of the session')
    .option('--json', 'as JSON')
    .action(async (id: string, options: Json) =>
      (await import('../session/show.ts')).showSession(terminal, id, options),
    )
  add('get', 'Get a chunk back as it was posted')
    .argument('<session>', 'id of the session')
    .argument('<index>', 'number of the chunk, from 0', wholeNumber(0))
    .option('-o, --output <file>', 'write to this file (standard output)')
    .option('--force', 'replace a file that is there')
    .action(async (id: string, index: number, options: GetOptions) =>
      (await import('../session/get.ts')).getChunk(terminal, id, index, options),
    )
  add('finalize', 'Close a session; a session that is closed stays as it is')
    .argument('<session>', 'id of the session')
    .option('--json', 'as JSON')
    .action(async (id: string, options: Json) =>
      (await import('../session/show.ts')).finalizeSession(terminal, id, options),
    )
  add('export', 'Write checkpoint, tiles and proofs of a session into a directory')
    .argument('<session>', 'id of the session')
    .argument('<directory>', 'new directory')
    .option('--payload', 'also the chunks themselves, as they were posted')
    .action(async (id: string, directory: string, options: ExportOptions) =>
      (await import('../session/export.ts')).exportSession(terminal, id, directory, options),
    )
}
