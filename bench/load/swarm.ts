/** A swarm's working day that ends now, as the records of a log: some ten events a trace, three percent of them twice, a few late, none malformed. */
import { encodeRecords, type Log, type PlainRecord } from '@chronicle/log'
import { type Delivery, type SwarmOptions, swarmDay } from '@chronicle/testing'

/** Of which producers made one batch. */
const recordsPerBatch = 500
const hours = 8

/** The deliveries of a day, in the order of their arrival. */
export function recentDeliveries(options: Partial<SwarmOptions> = {}): readonly Delivery[] {
  return swarmDay({ hours, startMs: Date.now() - (hours + 2) * 3_600_000, malformedRate: 0, ...options }).deliveries
}

/** Appends them to a topic of one partition that is made for it; resolves once they are durable. */
export async function appendDeliveries(log: Log, topic: string, deliveries: readonly Delivery[]): Promise<void> {
  const [partition] = (await log.createTopic({ name: topic, partitions: 1 })).partitions
  const key = Buffer.from('swarm')
  for (let start = 0; start < deliveries.length; start += recordsPerBatch) {
    const batch = deliveries.slice(start, start + recordsPerBatch)
    const records = batch.map(({ body }): PlainRecord => ({ key, value: Buffer.from(body) }))
    await partition!.append(encodeRecords(records, batch[0]!.atMs)).durable
  }
}
