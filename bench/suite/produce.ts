/** Durable produce beside the same broker with syncs left out: what durability costs. */
import { type Chronicle, createTopic, startChronicle } from '../chronicle.ts'
import {
  alternate,
  atMost,
  type Benchmark,
  type Context,
  compare,
  megabyte,
  type Row,
  ratioAtLeast,
  single,
} from '../harness.ts'
import { type ProduceFlow, type ProduceLoad, produce } from '../load/produce.ts'
import { cpuMs } from '../processes.ts'

type Shape = Omit<ProduceLoad, 'seconds' | 'bytesMax' | 'topic'>

const bytesMax = 2_000_000_000

/** Long enough for files to be trimmed and re-used: overwriting one costs half of what extending one does. */
const warmUpSeconds = 3

/** What the prototype used on the reference machine. */
const prototypeCpuMsPerMB = 0.9

export const largeBatches: Benchmark = {
  name: 'produce',
  about: 'acks=all, 64 KiB batches of 1 KiB records, 4 connections, durable over sync off',
  async run(context) {
    const shape = { partitions: 4, connections: 4, inFlight: 32, recordsPerBatch: 63, valueBytes: 1024 }
    const { row, cpuMsPerMB } = await durableOverUnsynced(context, '64 KiB batches, 4 connections', shape)
    const target = atMost(1.3 * prototypeCpuMsPerMB)
    return [row, single('broker CPU a MB, durable, 64 KiB batches', cpuMsPerMB, 'ms', target)]
  },
}

export const manyPartitions: Benchmark = {
  name: 'partitions',
  about: 'acks=all, 16 KiB batches of 1 KiB records, 64 partitions, 64 connections, durable over sync off',
  async run(context) {
    const shape = { partitions: 64, connections: 64, inFlight: 4, recordsPerBatch: 15, valueBytes: 1024 }
    const { row } = await durableOverUnsynced(context, '16 KiB batches, 64 partitions × 64 connections', shape)
    return [row]
  },
}

async function durableOverUnsynced(
  context: Context,
  what: string,
  shape: Shape,
): Promise<{ row: Row; cpuMsPerMB: number[] }> {
  const brokers = {
    durable: await startChronicle(context, 'durable'),
    unsynced: await startChronicle(context, 'unsynced', { synced: false }),
  }
  const cpuMsPerMB: number[] = []
  const once = async (broker: Chronicle, seconds: number): Promise<ProduceFlow> =>
    produce(broker.port, { ...shape, topic: 'bench', seconds, bytesMax })
  try {
    for (const broker of Object.values(brokers)) {
      await createTopic(broker.port, 'bench', shape.partitions)
      context.progress('warm-up')
      await once(broker, warmUpSeconds)
    }
    const figures = await alternate(context, {
      durable: async () => {
        const before = cpuMs(brokers.durable.pid)
        const flow = await once(brokers.durable, context.secondsPerRound)
        cpuMsPerMB.push(((cpuMs(brokers.durable.pid) - before) * megabyte) / flow.bytes)
        return flow.bytesPerSecond / megabyte
      },
      unsynced: async () => (await once(brokers.unsynced, context.secondsPerRound)).bytesPerSecond / megabyte,
    })
    const row = compare({
      what: `durable produce, ${what}`,
      unit: 'MB/s',
      ours: figures.durable,
      peer: figures.unsynced,
      peerName: 'sync off',
      target: ratioAtLeast(0.75),
    })
    return { row, cpuMsPerMB }
  } finally {
    await Promise.all([brokers.durable.stop(), brokers.unsynced.stop()])
  }
}
