import { type Command, Option } from 'commander'
import { clientCommand, wholeNumber } from '../bootstrap.ts'
import type { ConsumeOptions } from '../consume-options.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Without --follow it reads what is there and ends. With --follow it begins at the end, unless --from-beginning, --offset or
--group says otherwise, and goes on until Ctrl-C.

Formats: text (a terminal's default: time, partition, offset, key, value), value (the default elsewhere: values alone, one a
line), json (one object a line), or a pattern with %k key, %v value, %t topic, %p partition, %o offset, %T timestamp in
milliseconds, %h headers, %% a percent sign, \\t \\n \\\\.

Examples:
  chronicle consume orders
  chronicle consume orders --follow
  chronicle consume orders --offset -10                   the last ten of each partition
  chronicle consume orders --format '%k\\t%v' > orders.tsv
  chronicle consume orders --group billing --follow       goes on where the group left off`

/** `consume TOPIC`. */
export function addConsume(program: Command, terminal: Terminal): void {
  clientCommand(program, 'consume', 'Read the records of a topic')
    .argument('<topic>', 'topic to read')
    .option('-f, --follow', 'wait for more at the end')
    .addOption(new Option('--from-beginning', 'begin with the oldest record').conflicts(['offset', 'group']))
    .addOption(
      new Option('--offset <number>', 'begin at this offset; -N: N records before the end')
        .argParser(wholeNumber(Number.MIN_SAFE_INTEGER))
        .conflicts('group'),
    )
    .addOption(
      new Option('--partition <number>', 'read this partition alone')
        .argParser(wholeNumber(0, 2 ** 31 - 1))
        .conflicts('group'),
    )
    .option('--group <group>', 'read as a member of this consumer group, and commit what was printed')
    .option('--max-messages <number>', 'end after this many records', wholeNumber(1))
    .option('--format <format>', 'text, value, json or a pattern')
    .addHelpText('after', examples)
    .action(async (topic: string, options: ConsumeOptions) => {
      const { consume } = await import('../consume.ts')
      await consume(terminal, topic, options)
    })
}
