import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createRegistry } from '@chronicle/telemetry'
import { type RunningNatsServer, startTcpProxy, withoutNatsServer } from '@chronicle/testing'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { eventsTopic } from '../../src/log/topics.ts'
import { swarmStreams } from '../../src/sources/nats/streams.ts'
import { idOf, jsonOf, numbersOf, temporaryDirectory } from '../support/log-house.ts'
import { eventually, isReading, openNatsHouse } from '../support/nats-house.ts'

const skip = withoutNatsServer()
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at)

/** What a test holds back goes on when the test ends, however it ends: before the source stops. */
function releasedAfter(t: TestContext): PromiseWithResolvers<void> {
  const release = Promise.withResolvers<void>()
  t.after(() => release.resolve())
  return release
}

test('OS1: what comes in the streams is in the log, and acknowledged', { skip }, async t => {
  const { tables, startSource, publish, consumer, house } = await openNatsHouse(t)
  const source = startSource()
  await eventually(() => isReading(source))
  await publish('swarm.task.created', jsonOf(1))
  await publish('swarm.agent.heartbeat', jsonOf(2))
  await publish('swarm.lifecycle.started', jsonOf(3, { event_id: null, timestamp: null }))
  await publish('dlq.task', jsonOf(4))
  await eventually(() => tables.events.length === 4)
  const events = tables.events.toSorted((a, b) => Number(a.metadata.n) - Number(b.metadata.n))
  assert.deepEqual(numbersOf(events), [1, 2, 3, 4])
  assert.deepEqual(
    events.map(({ isDeadLetter }) => isDeadLetter),
    [false, false, false, true],
  )
  assert.deepEqual([events[0]!.eventId, events[1]!.eventId], [idOf(1), idOf(2)])
  for (const { name } of swarmStreams) {
    await eventually(async () => (await consumer(name)).num_ack_pending === 0)
    const { num_pending, num_redelivered, config } = await consumer(name)
    assert.deepEqual(
      [num_pending, num_redelivered, config.ack_policy, config.durable_name],
      [0, 0, 'explicit', `chronicle-${name}`],
    )
  }
  assert.equal(house.health.report().checks.nats!.status, 'pass')
})

test('OS2: a message that comes again because its acknowledgement was lost is the same event', { skip }, async t => {
  const { server, house, tables, startSource, publish, consumer } = await openNatsHouse(t)
  const proxy = await startTcpProxy(server.port)
  t.after(() => proxy.close())
  let takes = 0
  const take: typeof house.intake.take = async events => {
    await house.intake.take(events)
    // Durable, and the word of it does not get through.
    if (takes++ === 0) proxy.cut()
  }
  const source = startSource({ url: `nats://127.0.0.1:${proxy.port}`, intake: { take } })
  await eventually(() => isReading(source))
  await publish('swarm.task.created', jsonOf(1, { event_id: null }))
  await eventually(() => takes === 2)
  await eventually(async () => (await consumer('TASK_EVENTS')).num_ack_pending === 0)
  await publish('swarm.task.created', jsonOf(2, { event_id: null }))
  await eventually(() => tables.events.length >= 2)
  assert.deepEqual(numbersOf(tables.events), [1, 2])
})

test('OS1 OS2: a process that is killed before it acknowledges leaves one event', { skip }, async t => {
  const directory = temporaryDirectory(t)
  const killed = async (server: RunningNatsServer): Promise<void> => {
    const client = await connect({ servers: `127.0.0.1:${server.port}` })
    const { name, subjects } = swarmStreams[0]!
    await (await jetstreamManager(client)).streams.add({ name, subjects: [...subjects] })
    await jetstream(client).publish('swarm.task.created', jsonOf(1, { event_id: null, timestamp: null }))
    await client.close()
    const program = fileURLToPath(new URL('../support/nats-process.ts', import.meta.url))
    const child = spawn(process.execPath, [program, JSON.stringify({ url: server.url, directory })], {
      stdio: 'inherit',
    })
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL'])
  }
  const { house, tables, startSource, consumer } = await openNatsHouse(t, { directory, before: killed })
  await eventually(() => tables.events.length === 1)
  assert.equal((await consumer('TASK_EVENTS')).num_ack_pending, 1)
  startSource()
  await eventually(async () => (await consumer('TASK_EVENTS')).num_ack_pending === 0)
  assert.equal(house.log.partition(eventsTopic, 0)!.highWatermark, 2)
  await eventually(() => tables.batches.length === 2)
  assert.deepEqual(numbersOf(tables.events), [1])
})

test('OS3: what is no event, and what came four times already, is a dead letter once, and acknowledged', {
  skip,
}, async t => {
  const { client, house, tables, startSource, publish, consumer } = await openNatsHouse(t)
  const first = startSource()
  await eventually(() => isReading(first))
  await first.stop()
  await publish('swarm.task.created', jsonOf(1))
  const messages = await (await jetstream(client).consumers.get('TASK_EVENTS', 'chronicle-TASK_EVENTS')).fetch({
    max_messages: 4,
    expires: 2_000,
  })
  for await (const message of messages) message.nak()
  for (const body of ['not JSON', '{"event_type":"task.created"}', new Uint8Array([0xff])])
    await publish('swarm.task.x', body)
  await publish('swarm.task.created', jsonOf(2))
  startSource({ registry: createRegistry() })
  await eventually(() => tables.events.length > 0)
  await eventually(async () => (await consumer('TASK_EVENTS')).ack_floor.stream_seq === 5)
  assert.deepEqual(numbersOf(tables.events), [2])
  const { letters } = await house.deadLetters.list({ limit: 100 })
  assert.deepEqual(letters.map(({ reason, source }) => `${reason} ${source}`).sort(), [
    'missing-trace-id nats:TASK_EVENTS/3',
    'not-json nats:TASK_EVENTS/2',
    'not-utf8 nats:TASK_EVENTS/4',
    'redelivered nats:TASK_EVENTS/1',
  ])
})

test('OS4: with a full buffer nothing is pulled, nothing comes again, and nothing is lost', { skip }, async t => {
  const { house, tables, startSource, publish, consumer } = await openNatsHouse(t, { bufferEventsMax: 10 })
  let isAway = true
  tables.fate = () => (isAway ? 'fail' : 'ok')
  const source = startSource()
  await eventually(() => isReading(source))
  for (const n of numbers(0, 60)) await publish('swarm.task.created', jsonOf(n))
  await eventually(() => source.status.streams[0]!.state === 'held')
  assert.match(house.health.report().checks.nats!.reason, /TASK_EVENTS is held: As many events wait/)
  const { num_pending } = await consumer('TASK_EVENTS')
  assert.ok(num_pending >= 40, `${num_pending} of 60 wait with the server`)
  isAway = false
  // The alert about the buffer comes back by SYSTEM_EVENTS.
  const tasks = () => tables.events.filter(({ eventType }) => eventType === 'task.created')
  await eventually(() => {
    house.clock.advance(30_000)
    return tasks().length === 60
  })
  assert.deepEqual(numbersOf(tasks()), numbers(0, 60))
  await eventually(async () => (await consumer('TASK_EVENTS')).num_ack_pending === 0)
  assert.equal((await consumer('TASK_EVENTS')).num_redelivered, 0)
})

test('OS4: what is in hand is not delivered again, however long the log takes', { skip }, async t => {
  const release = releasedAfter(t)
  const { house, tables, startSource, publish, consumer } = await openNatsHouse(t)
  const taken: string[] = []
  const source = startSource({
    ackWaitMs: 1_000,
    intake: {
      async take(events) {
        taken.push(...events.map(({ eventId }) => eventId))
        await release.promise
        await house.intake.take(events)
      },
    },
  })
  await eventually(() => isReading(source))
  await publish('swarm.task.created', jsonOf(1))
  await eventually(() => taken.length === 1)
  await sleep(3_000)
  assert.equal((await consumer('TASK_EVENTS')).num_redelivered, 0)
  release.resolve()
  await eventually(() => tables.events.length === 1)
  await eventually(async () => (await consumer('TASK_EVENTS')).num_ack_pending === 0)
  assert.deepEqual(taken, [idOf(1)])
})

test('OS5: a server that dies and comes back is found again; streams go on where they were', { skip }, async t => {
  const { server, house, tables, startSource, publish } = await openNatsHouse(t)
  const source = startSource()
  await eventually(() => isReading(source))
  for (const n of numbers(0, 20)) await publish('swarm.task.created', jsonOf(n))
  await server.kill()
  await eventually(() => source.status.state === 'connecting')
  assert.match(house.health.report().checks.nats!.reason, /Not connected/)
  await server.start()
  await eventually(() => source.status.state === 'connected')
  for (const n of numbers(20, 40)) await publish('swarm.task.created', jsonOf(n))
  await eventually(() => tables.events.length === 40)
  assert.deepEqual(
    numbersOf(tables.events).toSorted((a, b) => Number(a) - Number(b)),
    numbers(0, 40),
  )
})

test('a source stops while its server is away', { skip }, async t => {
  const { server, startSource } = await openNatsHouse(t)
  const source = startSource()
  await eventually(() => isReading(source))
  await server.kill()
  await eventually(() => source.status.state === 'connecting')
  await source.stop()
  assert.equal(source.status.state, 'stopped')
  await server.start()
})

test('OS5: a consumer that somebody deletes is made again', { skip }, async t => {
  const { client, tables, startSource, publish } = await openNatsHouse(t)
  const source = startSource()
  await eventually(() => isReading(source))
  await publish('swarm.task.created', jsonOf(1))
  await eventually(() => tables.events.length === 1)
  await (await jetstreamManager(client)).consumers.delete('TASK_EVENTS', 'chronicle-TASK_EVENTS')
  await publish('swarm.task.created', jsonOf(2))
  await eventually(() => tables.events.length === 2)
  assert.deepEqual(numbersOf(tables.events), [1, 2])
})

test('OS1: a stop acknowledges what the log has, and the next start takes in the rest', { skip }, async t => {
  const release = releasedAfter(t)
  const { house, tables, startSource, publish, consumer } = await openNatsHouse(t)
  const taking = Promise.withResolvers<void>()
  const first = startSource({
    intake: {
      async take(events) {
        taking.resolve()
        await release.promise
        await house.intake.take(events)
      },
    },
  })
  await eventually(() => isReading(first))
  await publish('swarm.task.created', jsonOf(0))
  await taking.promise
  for (const n of numbers(1, 50)) await publish('swarm.task.created', jsonOf(n))
  const stopped = first.stop()
  release.resolve()
  await stopped
  assert.equal(first.status.state, 'stopped')
  assert.ok((await consumer('TASK_EVENTS')).ack_floor.stream_seq >= 1)
  startSource({ registry: createRegistry() })
  await eventually(() => tables.events.length === 50)
  await eventually(async () => (await consumer('TASK_EVENTS')).ack_floor.stream_seq === 50)
  assert.deepEqual(
    numbersOf(tables.events).toSorted((a, b) => Number(a) - Number(b)),
    numbers(0, 50),
  )
})

test('streams that are not there are waited for where the setting says so', { skip }, async t => {
  const { client, house, startSource } = await openNatsHouse(t)
  const source = startSource({ missingStreams: 'wait' })
  await eventually(() => source.status.streams.every(({ state }) => state === 'waiting'))
  assert.match(
    house.health.report().checks.nats!.reason,
    /DLQ is waiting: A stream of the swarm is not on the NATS server/,
  )
  const manager = await jetstreamManager(client)
  for (const { name, subjects } of swarmStreams)
    await manager.streams.add({ name, subjects: [...subjects], description: 'ours' })
  await eventually(() => isReading(source))
  assert.equal((await manager.streams.info('DLQ')).config.description, 'ours')
})
