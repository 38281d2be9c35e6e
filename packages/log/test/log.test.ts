import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainBatch } from './support/batches.ts'
import { baseOffsetOf, open, readAll, temporaryDirectory } from './support/logs.ts'

test('what was acknowledged is read back, also after a restart', async context => {
  const directory = temporaryDirectory(context)
  let log = await open({ directory })
  await log.createTopic({ name: 'events', partitions: 3 })
  const sent: Buffer[] = []
  const durable: Promise<void>[] = []
  for (let n = 0; n < 200; n++) {
    const batch = plainBatch(1 + (n % 5), (n * 97) % 9000)
    const appended = log.partition('events', n % 3)!.append(batch)
    durable.push(appended.durable)
    sent.push(batch)
    if (n % 20 === 0) await appended.durable
  }
  await Promise.all(durable)
  for (const restart of [false, true]) {
    if (restart) {
      const { clusterId } = log
      await log.close()
      log = await open({ directory })
      assert.equal(log.clusterId, clusterId)
    }
    for (let p = 0; p < 3; p++) {
      const read = await readAll(log, 'events', p)
      const expected = sent.filter((_, n) => n % 3 === p)
      assert.deepEqual(read.map(baseOffsetOf), expected.map(baseOffsetOf))
      assert.deepEqual(Buffer.concat(read), Buffer.concat(expected))
    }
  }
  await log.close()
})
