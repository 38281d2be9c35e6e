import type { Command } from 'commander'
import { clientCommand } from '../bootstrap.ts'
import type { DeleteGroupsOptions, GroupsOptions } from '../groups.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Examples:
  chronicle groups list
  chronicle groups describe billing        members, offsets and how far behind they are
  chronicle groups delete billing --yes`

/** `groups list|describe|delete`. */
export function addGroups(program: Command, terminal: Terminal): void {
  const groups = program.command('groups').description('List, describe and delete consumer groups')
  groups.addHelpText('afterAll', examples)
  const actions = () => import('../groups.ts')

  clientCommand(groups, 'list', 'List the consumer groups')
    .option('--names', 'names alone, one a line')
    .option('--json', 'as JSON')
    .action(async (options: GroupsOptions & { names?: boolean }) => (await actions()).listGroups(terminal, options))

  clientCommand(groups, 'describe', 'Show the members of a group, its offsets and its lag')
    .argument('<group>', 'name of the group')
    .option('--json', 'as JSON')
    .action(async (group: string, options: GroupsOptions) => (await actions()).describeGroup(terminal, group, options))

  clientCommand(groups, 'delete', 'Delete groups without members, with their committed offsets')
    .argument('<groups...>', 'names of the groups')
    .option('--yes', 'do not ask')
    .action(async (names: string[], options: DeleteGroupsOptions) =>
      (await actions()).deleteGroups(terminal, names, options),
    )
}
