/** How long an acknowledgement takes while the broker has little to do. */
import { createTopic, startChronicle } from '../chronicle.ts'
import { alternate, type Benchmark, compare, percentile, type Row, ratioAtMost } from '../harness.ts'
import { recordBatch } from '../load/batch.ts'
import { producePaced } from '../load/produce.ts'
import { appendAndSync } from '../peers/disk.ts'

const everyMs = 10

export const latency: Benchmark = {
  name: 'latency',
  about: 'acks=all at 100 requests/s, p50, over the bare fdatasync at the same pace',
  async run(context) {
    const broker = await startChronicle(context, 'durable')
    const seconds = context.secondsPerRound
    const rows: Row[] = []
    try {
      await createTopic(broker.port, 'bench', 1)
      for (const [label, records] of [
        ['64 KiB batch', 63],
        ['1 KiB record', 1],
      ] as const) {
        const batch = recordBatch(records, 1024)
        const paced = { topic: 'bench', batch, everyMs, seconds }
        const bare = { bytes: batch.length, seconds, paceMs: everyMs }
        await producePaced(broker.port, paced)
        const figures = await alternate(context, {
          ack: async () => percentile(await producePaced(broker.port, paced), 50),
          growing: async () => (await appendAndSync(context.directory, bare)).p50Ms,
          recycled: async () => (await appendAndSync(context.directory, { ...bare, recycled: true })).p50Ms,
        })
        const what = `p50 acknowledgement at 100 requests/s, ${label}`
        const shared = { unit: 'ms', ours: figures.ack, target: ratioAtMost(3) }
        rows.push(compare({ what, ...shared, peer: figures.growing, peerName: 'bare fdatasync' }))
        const { target: _, ...untargeted } = shared
        const over = { peer: figures.recycled, peerName: 'bare fdatasync, file written over' }
        rows.push(compare({ what, ...untargeted, ...over }))
      }
      return rows
    } finally {
      await broker.stop()
    }
  },
}
