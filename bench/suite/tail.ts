/** Producers, consumers at the tail and the broker together on the same cores. */
import { createTopic, startChronicle } from '../chronicle.ts'
import { atLeast, type Benchmark, mebibyte, megabyte, single } from '../harness.ts'
import { recordBatch } from '../load/batch.ts'
import { endOffset, tailLoad } from '../load/fetch.ts'
import { runLoads } from '../load/pipe.ts'
import { produceLoads } from '../load/produce.ts'

const partitions = 4
const recordsPerBatch = 63

/** Long enough for files to be trimmed and re-used. */
const warmUpSeconds = 4

/** A consumer that falls behind still finds its records; the disk stays within a few gigabytes. */
const roomForLaggards = { 'retention.bytes': String(256 * mebibyte) }

export const tailing: Benchmark = {
  name: 'tail',
  about: 'durable produce on 4 connections while 4 more read along, counted when read',
  async run(context) {
    const broker = await startChronicle(context, 'durable')
    const batch = recordBatch(recordsPerBatch, 1024)
    const rates: number[] = []
    try {
      await createTopic(broker.port, 'bench', partitions, roomForLaggards)
      for (let round = 0; round <= context.rounds; round++) {
        context.progress(round === 0 ? 'warm-up' : `round ${round} of ${context.rounds}`)
        const seconds = round === 0 ? warmUpSeconds : context.secondsPerRound
        const rate = await together(broker.port, batch, seconds)
        if (round > 0) rates.push(rate / megabyte)
      }
    } finally {
      await broker.stop()
    }
    return [single('produced, synced and consumed at the tail, 64 KiB batches', rates, 'MB/s', atLeast(400))]
  },
}

/** Bytes of records a second that were produced and read within the time. */
async function together(port: number, batch: Buffer, seconds: number): Promise<number> {
  let read = 0
  const shape = { topic: 'bench', partitions, connections: partitions, inFlight: 8, seconds, bytesMax: 6_000_000_000 }
  const loads = produceLoads(shape, batch)
  for (let partition = 0; partition < partitions; partition++) {
    const offset = await endOffset(port, 'bench', partition)
    const filled = { topic: 'bench', partition, batchBytes: batch.length, recordsPerBatch }
    loads.push(tailLoad(filled, { offset, bytesMax: mebibyte, onBytes: bytes => (read += bytes) }))
  }
  const flow = await runLoads(port, loads, seconds)
  return read / flow.seconds
}
