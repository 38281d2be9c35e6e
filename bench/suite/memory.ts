/** Resident memory of the broker's process. */
import { compileOnce, createTopic, startChronicle } from '../chronicle.ts'
import { atMost, type Benchmark, single } from '../harness.ts'
import { produce } from '../load/produce.ts'
import { residentMB } from '../processes.ts'

export const memory: Benchmark = {
  name: 'memory',
  about: 'resident memory of the broker, default settings',
  async run(context) {
    const idle: number[] = []
    const busy: number[] = []
    await compileOnce(context)
    for (let round = 0; round < context.rounds; round++) {
      context.progress(`round ${round + 1} of ${context.rounds}`)
      const broker = await startChronicle(context, `round-${round}`)
      try {
        await new Promise(resolve => setTimeout(resolve, 500))
        idle.push(residentMB(broker.pid))
        await createTopic(broker.port, 'bench', 16)
        const shape = { partitions: 16, connections: 500, inFlight: 2, recordsPerBatch: 15, valueBytes: 1024 }
        const load = { ...shape, topic: 'bench', seconds: 2 * context.secondsPerRound, bytesMax: 1_000_000_000 }
        await produce(broker.port, load)
        busy.push(residentMB(broker.pid, 'peak'))
      } finally {
        await broker.stop()
      }
    }
    return [
      single('resident, idle', idle, 'MB', atMost(90)),
      single('resident at most, 500 connections producing 16 KiB batches', busy, 'MB', atMost(250)),
    ]
  },
}
