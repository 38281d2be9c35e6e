import { type Command, InvalidArgumentError, Option } from 'commander'
import { clientCommand, wholeNumber } from '../bootstrap.ts'
import type { Terminal } from '../terminal.ts'
import type { CreateTopicOptions, DeleteTopicsOptions, DescribeTopicOptions, ListTopicsOptions } from '../topics.ts'

const examples = `
Examples:
  chronicle topics list
  chronicle topics create orders --partitions 6 --config retention.ms=86400000
  chronicle topics describe orders
  chronicle topics delete orders --yes`

/** `topics list|create|describe|delete`. */
export function addTopics(program: Command, terminal: Terminal): void {
  const topics = program.command('topics').description('List, create, describe and delete topics')
  topics.addHelpText('afterAll', examples)
  const actions = () => import('../topics.ts')

  clientCommand(topics, 'list', 'List the topics')
    .option('--internal', 'also the internal ones')
    .option('--names', 'names alone, one a line')
    .option('--json', 'as JSON')
    .action(async (options: ListTopicsOptions) => (await actions()).listTopics(terminal, options))

  clientCommand(topics, 'create', 'Create a topic')
    .argument('<name>', 'name of the topic')
    .option('--partitions <number>', 'how many partitions (the default of the server when left out)', wholeNumber(1))
    .addOption(
      new Option('--config <name=value>', 'a config of the topic, such as retention.ms=86400000; may be given again')
        .argParser(pair)
        .default({}, 'none'),
    )
    .option('--if-not-exists', 'do nothing when the topic is there already')
    .action(async (name: string, options: CreateTopicOptions) => (await actions()).createTopic(terminal, name, options))

  clientCommand(topics, 'describe', 'Show the partitions and configs of a topic')
    .argument('<topic>', 'name of the topic')
    .option('--json', 'as JSON')
    .action(async (name: string, options: DescribeTopicOptions) =>
      (await actions()).describeTopic(terminal, name, options),
    )

  clientCommand(topics, 'delete', 'Delete topics with all their records')
    .argument('<topics...>', 'names of the topics')
    .option('--yes', 'do not ask')
    .action(async (names: string[], options: DeleteTopicsOptions) =>
      (await actions()).deleteTopics(terminal, names, options),
    )
}

function pair(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Accepted: NAME=VALUE.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
