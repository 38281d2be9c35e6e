import type { Admin, Group } from '@platformatic/kafka'
import { serverErrors } from '../errors.ts'
import { confirm } from './ask.ts'
import { withAdmin } from './client.ts'
import { count, plural, printTable } from './format.ts'
import { partitionCounts, rangesOf } from './offsets.ts'
import type { Terminal } from './terminal.ts'

export type GroupsOptions = { bootstrap: string; json?: boolean }

export type DeleteGroupsOptions = { bootstrap: string; yes?: boolean }

export async function listGroups(terminal: Terminal, options: GroupsOptions & { names?: boolean }): Promise<void> {
  await withAdmin(options, async admin => {
    const groups = [...(await admin.listGroups()).values()]
      .map(({ id, state, protocolType }) => ({ group: id, state, protocolType }))
      .sort((a, b) => (a.group < b.group ? -1 : 1))
    if (options.names) {
      for (const { group } of groups) terminal.out(group)
    } else if (options.json) {
      terminal.out(JSON.stringify(groups, null, 2))
    } else if (groups.length === 0) {
      terminal.note('No consumer groups yet. One is made by `chronicle consume TOPIC --group NAME`.')
    } else {
      const rows = groups.map(({ group, state, protocolType }) => [group, stateInWords(state), protocolType])
      printTable(terminal, [{ title: 'group' }, { title: 'state' }, { title: 'protocol' }], rows)
    }
  })
}

export async function describeGroup(terminal: Terminal, name: string, options: GroupsOptions): Promise<void> {
  await withAdmin(options, async admin => {
    const group = (await admin.describeGroups({ groups: [name] })).get(name)
    const offsets = await offsetsOf(admin, name)
    if (!group || (group.state.toUpperCase() === 'DEAD' && offsets.length === 0)) {
      throw serverErrors.create('server.group-not-found', { group: name })
    }
    const members = membersOf(group)
    if (options.json) {
      const { state, protocol } = group
      terminal.out(JSON.stringify({ group: name, state, protocol, members, offsets }, null, 2))
      return
    }
    terminal.out(`${terminal.style('bold', name)}  ${stateInWords(group.state)}, ${plural(members.length, 'member')}`)
    if (members.length > 0) printMembers(terminal, members)
    if (offsets.length > 0) printOffsets(terminal, offsets)
  })
}

export async function deleteGroups(
  terminal: Terminal,
  names: readonly string[],
  options: DeleteGroupsOptions,
): Promise<void> {
  const question = `Delete ${plural(names.length, 'group')} (${names.join(', ')}) with committed offsets, for good?`
  if (!options.yes && !(await confirm(terminal, question, '--yes'))) {
    terminal.note('Nothing was deleted.')
    return
  }
  await withAdmin(options, admin => admin.deleteGroups({ groups: [...names] }))
  terminal.out(`Deleted ${names.join(', ')}.`)
}

type Member = {
  readonly member: string
  readonly clientId: string
  readonly host: string
  readonly partitions: readonly string[]
}

function membersOf({ members }: Group): Member[] {
  return [...members.values()].map(({ id, clientId, clientHost, assignments }) => ({
    member: id,
    clientId,
    host: clientHost,
    partitions: [...(assignments?.values() ?? [])].flatMap(({ topic, partitions }) =>
      partitions.map(partition => `${topic}/${partition}`),
    ),
  }))
}

type GroupOffset = {
  readonly topic: string
  readonly partition: number
  readonly committed: number
  readonly end: number
  readonly lag: number
}

async function offsetsOf(admin: Admin, group: string): Promise<GroupOffset[]> {
  const [listed] = await admin.listConsumerGroupOffsets({ groups: [group] })
  const topics = listed?.topics ?? []
  const existing = new Set(await admin.listTopics({ includeInternals: true }))
  const names = topics.map(({ name }) => name).filter(name => existing.has(name))
  const ranges = await rangesOf(admin, await partitionCounts(admin, names))
  const offsets = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, committedOffset }) => {
      const committed = Number(committedOffset)
      const end = ranges.get(name)?.[partitionIndex]?.end ?? committed
      return { topic: name, partition: partitionIndex, committed, end, lag: Math.max(0, end - committed) }
    }),
  )
  return offsets
    .filter(({ committed }) => committed >= 0)
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
}

function printMembers(terminal: Terminal, members: readonly Member[]): void {
  terminal.out()
  const columns = ['member', 'client', 'host', 'partitions'].map(title => ({ title }))
  const rows = members.map(({ member, clientId, host, partitions }) => [member, clientId, host, partitions.join(' ')])
  printTable(terminal, columns, rows)
}

function printOffsets(terminal: Terminal, offsets: readonly GroupOffset[]): void {
  terminal.out()
  const numbers = ['partition', 'committed', 'end', 'lag'].map(title => ({ title, right: true }))
  const rows = offsets.map(({ topic, partition, committed, end, lag }) => {
    const shownLag = lag === 0 ? count(lag) : terminal.style('yellow', count(lag))
    return [topic, count(partition), count(committed), count(end), shownLag]
  })
  printTable(terminal, [{ title: 'topic' }, ...numbers], rows)
}

/** `PreparingRebalance`, or `PREPARING_REBALANCE`, as `preparing rebalance`. */
function stateInWords(state: string): string {
  return state.replace(/([a-z])([A-Z])|_/g, '$1 $2').toLowerCase()
}
