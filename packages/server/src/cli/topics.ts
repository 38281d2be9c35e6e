import { type Admin, ConfigResourceTypes, ConfigSources } from '@platformatic/kafka'
import { confirm } from './ask.ts'
import { kafkaErrorsIn, withAdmin } from './client.ts'
import { count, plural, printTable } from './format.ts'
import { partitionCounts, rangesOf, recordsIn } from './offsets.ts'
import type { Terminal } from './terminal.ts'

export type ListTopicsOptions = { bootstrap: string; json?: boolean; names?: boolean; internal?: boolean }

export type CreateTopicOptions = {
  bootstrap: string
  partitions?: number
  config: Record<string, string>
  ifNotExists?: boolean
}

export type DeleteTopicsOptions = { bootstrap: string; yes?: boolean }

export type DescribeTopicOptions = { bootstrap: string; json?: boolean }

export async function listTopics(terminal: Terminal, options: ListTopicsOptions): Promise<void> {
  await withAdmin(options, async admin => {
    const names = (await admin.listTopics({ includeInternals: options.internal ?? false })).sort()
    if (options.names) {
      for (const name of names) terminal.out(name)
      return
    }
    const ranges = await rangesOf(admin, await partitionCounts(admin, names))
    const topics = names.map(name => {
      const partitions = ranges.get(name) ?? []
      return { name, partitions: partitions.length, records: recordsIn(partitions) }
    })
    if (options.json) {
      terminal.out(JSON.stringify(topics, null, 2))
    } else if (topics.length === 0) {
      terminal.note('No topics yet. Create one with `chronicle topics create NAME`.')
    } else {
      const rows = topics.map(({ name, partitions, records }) => [name, count(partitions), count(records)])
      printTable(
        terminal,
        [{ title: 'topic' }, { title: 'partitions', right: true }, { title: 'records', right: true }],
        rows,
      )
    }
  })
}

export async function createTopic(terminal: Terminal, name: string, options: CreateTopicOptions): Promise<void> {
  await withAdmin(options, async admin => {
    const configs = Object.entries(options.config).map(([key, value]) => ({ name: key, value }))
    try {
      const [created] = await admin.createTopics({
        topics: [name],
        partitions: options.partitions ?? -1,
        replicas: -1,
        configs,
      })
      const partitions = created?.partitions ?? options.partitions ?? 1
      terminal.out(`Created ${name} with ${plural(partitions, 'partition')}.`)
    } catch (error) {
      if (!options.ifNotExists || !kafkaErrorsIn(error).includes('TOPIC_ALREADY_EXISTS')) throw error
      terminal.out(`${name} is there already.`)
    }
  })
}

export async function describeTopic(terminal: Terminal, name: string, options: DescribeTopicOptions): Promise<void> {
  await withAdmin(options, async admin => {
    const partitions = (await rangesOf(admin, await partitionCounts(admin, [name]))).get(name)!
    const configs = await configsOf(admin, name)
    if (options.json) {
      terminal.out(JSON.stringify({ name, records: recordsIn(partitions), partitions, configs }, null, 2))
      return
    }
    const columns = ['partition', 'start', 'end', 'records'].map(title => ({ title, right: true }))
    const rows = partitions.map(({ partition, start, end }) => [partition, start, end, end - start].map(count))
    terminal.out(`${terminal.style('bold', name)}  ${plural(recordsIn(partitions), 'record')}`)
    terminal.out()
    printTable(terminal, columns, rows)
    const set = configs.filter(config => !config.isDefault)
    if (set.length === 0) return
    terminal.out()
    printTable(
      terminal,
      [{ title: 'config' }, { title: 'value' }],
      set.map(config => [config.name, config.value ?? '']),
    )
  })
}

export async function deleteTopics(
  terminal: Terminal,
  names: readonly string[],
  options: DeleteTopicsOptions,
): Promise<void> {
  await withAdmin(options, async admin => {
    const ranges = await rangesOf(admin, await partitionCounts(admin, names))
    const records = plural(recordsIn([...ranges.values()].flat()), 'record')
    const question = `Delete ${names.join(', ')} with ${records}, for good?`
    if (!options.yes && !(await confirm(terminal, question, '--yes'))) {
      terminal.note('Nothing was deleted.')
      return
    }
    await admin.deleteTopics({ topics: [...names] })
    terminal.out(`Deleted ${names.join(', ')} (${records}).`)
  })
}

type TopicConfig = { readonly name: string; readonly value: string | null; readonly isDefault: boolean }

async function configsOf(admin: Admin, topic: string): Promise<TopicConfig[]> {
  const resources = [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [] }]
  const [described] = await admin.describeConfigs({ resources })
  return (described?.configs ?? []).map(({ name, value, configSource }) => ({
    name,
    value: value ?? null,
    isDefault: configSource !== ConfigSources.DYNAMIC_TOPIC_CONFIG,
  }))
}
