/** From the start of the process to the first answer. */
import path from 'node:path'
import { createTopic, startChronicle } from '../chronicle.ts'
import { atMost, type Benchmark, single } from '../harness.ts'
import { produce } from '../load/produce.ts'

const gibibyte = 2 ** 30

export const starting: Benchmark = {
  name: 'start',
  about: 'from the start of the process to its answer to ApiVersions; the full one after SIGKILL',
  async run(context) {
    const empty: number[] = []
    const full: number[] = []
    const directory = path.join(context.directory, 'full')
    context.progress('filling 1 GiB')
    await fillAndKill(directory, gibibyte)
    for (let round = 0; round < context.rounds; round++) {
      context.progress(`round ${round + 1} of ${context.rounds}`)
      empty.push(await secondsToReady(path.join(context.directory, `empty-${round}`)))
      full.push(await secondsToReady(directory))
    }
    return [
      single('start to ready, empty', empty, 's', atMost(0.7)),
      single('start to ready, 1 GiB of hot log, after SIGKILL', full, 's', atMost(2)),
    ]
  },
}

/** Leaves the log as a crash leaves it: nothing closed, nothing marked as whole. */
async function fillAndKill(directory: string, bytes: number): Promise<void> {
  const broker = await startChronicle(directory)
  await createTopic(broker.port, 'bench', 4, {})
  const shape = { topic: 'bench', partitions: 4, connections: 4, inFlight: 8, recordsPerBatch: 63, valueBytes: 1024 }
  await produce(broker.port, { ...shape, seconds: 30, bytesMax: bytes })
  await broker.kill()
}

async function secondsToReady(directory: string): Promise<number> {
  const broker = await startChronicle(directory)
  await broker.kill()
  return broker.readyMs / 1000
}
