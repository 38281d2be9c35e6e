import { type Command, InvalidArgumentError, Option } from 'commander'
import { clientCommand, wholeNumber } from '../bootstrap.ts'
import type { ProduceOptions } from '../produce.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Each line is one record, its bytes as they are. Records are acknowledged after they are on the disk.

Examples:
  echo hello | chronicle produce greetings
  chronicle produce orders --key-separator : < orders.txt          each line KEY:VALUE
  chronicle produce events --file events.ndjson --compression zstd
  chronicle produce events --header source=import --header run=7 --file events.ndjson
  tail -f app.log | chronicle produce app-log                      as the lines come`

/** `produce TOPIC`. */
export function addProduce(program: Command, terminal: Terminal): void {
  clientCommand(program, 'produce', 'Write lines from standard input, or from a file, as records')
    .argument('<topic>', 'topic to write to; made when it is not there, if the server does that')
    .option('--file <file>', 'read lines from this file instead of standard input')
    .option('--key-separator <text>', 'what is left of its first occurrence in a line is the key')
    .addOption(
      new Option('--header <name=value>', 'give every record this header; may be given again')
        .argParser(header)
        .default([], 'none'),
    )
    .option('--partition <number>', 'write to this partition alone', wholeNumber(0, 2 ** 31 - 1))
    .addOption(
      new Option('--compression <codec>', 'compress batches')
        .choices(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
        .default('none'),
    )
    .option('--json', 'summary as JSON')
    .addHelpText('after', examples)
    .action(async (topic: string, options: ProduceOptions) => {
      const { produce } = await import('../produce.ts')
      await produce(terminal, topic, options)
    })
}

function header(text: string, before: ProduceOptions['header']): ProduceOptions['header'] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Accepted: NAME=VALUE.')
  return [...before, [text.slice(0, at), text.slice(at + 1)]]
}
