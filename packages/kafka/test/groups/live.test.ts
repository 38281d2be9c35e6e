/** Real consumers on a real broker: what the end-to-end checks of every client do not look at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Admin, Consumer, MessagesStreamModes } from '@platformatic/kafka'
import kafkajs from 'kafkajs'
import { startBroker } from '../support/broker.ts'

/** How long a client may take for what it has to do: a rebalance or two, on a busy machine. */
const patienceMs = 30_000

test('kafkajs: a group is described, refused to be deleted while it has members, and deleted', async context => {
  const { port } = await startBroker(context)
  const kafka = new kafkajs.Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: kafkajs.logLevel.NOTHING,
    clientId: 'live',
  })
  const admin = kafka.admin()
  await admin.connect()
  context.after(() => admin.disconnect())
  await admin.createTopics({ topics: [{ topic: 't', numPartitions: 4 }] })
  const consumer = kafka.consumer({ groupId: 'g', sessionTimeout: 6_000, heartbeatInterval: 200, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic: 't', fromBeginning: true })
  const joined = new Promise<unknown>(resolve => {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => resolve(payload.memberAssignment))
  })
  await consumer.run({ eachMessage: async () => undefined })
  assert.deepEqual(await joined, { t: [0, 1, 2, 3] })
  const { groups } = await admin.describeGroups(['g', 'none'])
  assert.deepEqual(
    groups.map(({ groupId, state, members }) => [groupId, state, members.map(({ clientId }) => clientId)]),
    [
      ['g', 'Stable', ['live']],
      ['none', 'Dead', []],
    ],
  )
  await assert.rejects(admin.deleteGroups(['g']), (error: { groups?: { error: { type: string } }[] }) => {
    return error.groups?.[0]?.error.type === 'NON_EMPTY_GROUP'
  })
  await consumer.disconnect()
  await admin.deleteGroups(['g'])
  assert.deepEqual((await admin.listGroups()).groups, [])
})

test('@platformatic/kafka: a static member comes back without a rebalance', async context => {
  const { port } = await startBroker(context)
  const options = { clientId: 'live', bootstrapBrokers: [`127.0.0.1:${port}`] }
  const admin = new Admin(options)
  context.after(() => admin.close())
  await admin.createTopics({ topics: ['t'], partitions: 4, replicas: 1 })
  const join = async (groupInstanceId: string) => {
    const timeouts = { sessionTimeout: 10_000, rebalanceTimeout: 10_000, heartbeatInterval: 200 }
    const consumer = new Consumer({ ...options, ...timeouts, groupId: 'g', groupInstanceId })
    context.after(() => consumer.close(true))
    await consumer.consume({ topics: ['t'], mode: MessagesStreamModes.LATEST, autocommit: false, maxWaitTime: 100 })
    return consumer
  }
  const owned = (consumer: Consumer) => consumer.assignments?.find(({ topic }) => topic === 't')?.partitions ?? []
  const [one, two] = await Promise.all([join('one'), join('two')])
  await until(() => owned(one).length === 2 && owned(two).length === 2)
  const generation = one.generationId
  const before = owned(two)
  // Its process is lost without a word; the next one says who it is.
  const again = await join('two')
  assert.deepEqual(owned(again), before)
  assert.equal(again.generationId, generation)
  const group = (await admin.describeGroups({ groups: ['g'] })).get('g')!
  assert.equal(group.state, 'Stable')
  assert.equal(group.members.size, 2)
})

async function until(holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 50) {
    assert(waitedMs < patienceMs, 'waited too long')
    await setTimeout(50)
  }
}
