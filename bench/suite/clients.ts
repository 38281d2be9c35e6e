/** A real client, librdkafka: beside its own mock cluster, and beside Apache Kafka's broker. */
import path from 'node:path'
import { createTopic, startChronicle } from '../chronicle.ts'
import { alternate, type Benchmark, type Context, compare, type Row, ratioAtLeast } from '../harness.ts'
import { apacheVersion, startApacheKafka } from '../peers/apache.ts'
import { type Librdkafka, librdkafka, produce } from '../peers/librdkafka.ts'
import type { Running } from '../processes.ts'

const partitions = 4
/** Long enough for our log's files to be trimmed and re-used. */
const warmUpSeconds = 3

const load = { topic: 'bench', partitions, recordBytes: 1024, bytesMax: 2_000_000_000 }

export const besideMock: Benchmark = {
  name: 'librdkafka',
  about: 'librdkafka producing 1 KiB records in 64 KiB batches, acks=all, over the same against its own mock cluster',
  async run(context) {
    const client = await librdkafka()
    const durable = await startChronicle(context, 'durable')
    const unsynced = await startChronicle(context, 'unsynced', { synced: false })
    try {
      for (const { port } of [durable, unsynced]) {
        await createTopic(port, 'bench', partitions)
        await kiloRecords(client, { secondsPerRound: warmUpSeconds }, port)
      }
      const figures = await alternate(context, {
        durable: () => kiloRecords(client, context, durable.port),
        mock: () => kiloRecords(client, context, undefined),
        unsynced: () => kiloRecords(client, context, unsynced.port),
      })
      const shared = { unit: 'k records/s', peer: figures.mock, peerName: 'mock cluster' }
      return [
        compare({ ...shared, what: 'librdkafka, durable', ours: figures.durable, target: ratioAtLeast(0.6) }),
        compare({ ...shared, what: 'librdkafka, sync off', ours: figures.unsynced, target: ratioAtLeast(0.8) }),
      ]
    } finally {
      await Promise.all([durable.stop(), unsynced.stop()])
    }
  },
}

export const besideApache: Benchmark = {
  name: 'apache',
  about: `librdkafka producing 1 KiB records in 64 KiB batches, acks=all, over the same against Apache Kafka ${apacheVersion}`,
  async run(context) {
    const brokers: Running[] = []
    try {
      const client = await librdkafka()
      context.progress('starting Apache Kafka twice')
      const synced = await startApacheKafka(path.join(context.directory, 'apache-synced'), { synced: true })
      brokers.push(synced)
      const defaults = await startApacheKafka(path.join(context.directory, 'apache'), { synced: false })
      brokers.push(defaults)
      const ours = await startChronicle(context, 'durable')
      brokers.push(ours)
      await createTopic(ours.port, 'bench', partitions)
      context.progress('warming the JVMs up')
      for (const { port } of [synced, defaults]) await kiloRecords(client, { secondsPerRound: jvmWarmUpSeconds }, port)
      await kiloRecords(client, { secondsPerRound: warmUpSeconds }, ours.port)
      return await besideBoth(context, client, { ours: ours.port, synced: synced.port, defaults: defaults.port })
    } finally {
      await Promise.all(brokers.map(broker => broker.stop()))
    }
  },
}

/** Long enough for the JVM's compiler: later rounds are no faster. */
const jvmWarmUpSeconds = 6

async function besideBoth(
  context: Context,
  client: Librdkafka,
  ports: { ours: number; synced: number; defaults: number },
): Promise<Row[]> {
  const figures = await alternate(context, {
    ours: () => kiloRecords(client, context, ports.ours),
    synced: () => kiloRecords(client, context, ports.synced),
    defaults: () => kiloRecords(client, context, ports.defaults),
  })
  const shared = { unit: 'k records/s', ours: figures.ours }
  return [
    compare({
      ...shared,
      what: 'durable, beside Apache Kafka with flush.messages=1',
      peer: figures.synced,
      peerName: 'Apache Kafka, synced',
      target: ratioAtLeast(3),
    }),
    compare({
      ...shared,
      what: 'durable, beside Apache Kafka with its defaults (no sync)',
      peer: figures.defaults,
      peerName: 'Apache Kafka',
      target: ratioAtLeast(1),
    }),
  ]
}

/** Thousands of records a second; `port` undefined is the mock cluster. */
async function kiloRecords(
  client: Librdkafka,
  { secondsPerRound: seconds }: Pick<Context, 'secondsPerRound'>,
  port: number | undefined,
): Promise<number> {
  const bootstrap = port === undefined ? undefined : `127.0.0.1:${port}`
  return (await produce(client, { ...load, bootstrap, seconds })).recordsPerSecond / 1000
}
