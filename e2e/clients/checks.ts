/** The checks that every client passes against the running server. Adding a client is adding a driver. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Broker, startBroker } from '../broker.ts'
import { type Client, type ClientRecord, type Compression, compressions, type Driver, type Feature } from './client.ts'
import { platformatic } from './platformatic.ts'
import { assertReceived, recordsOf } from './records.ts'

/** How long a client may take to see what it waits for; a group needs a rebalance or two. */
const patienceMs = 30_000

export async function checkClient(driver: Driver): Promise<void> {
  const missing = await driver.missing()
  if (missing) {
    test(driver.name, { skip: missing }, () => {})
    return
  }
  const codecs = await driver.compressions()
  const stage = stageFor(driver)
  const check = (what: string, run: () => Promise<void>, needs?: Feature, skip: string | false = false) => {
    if (needs !== undefined && driver.lacks.includes(needs)) return
    test(`${driver.name} ${what}`, { skip }, () => withComplaints(stage, run))
  }

  check('creates, describes, lists and deletes topics', () => checkTopics(stage), 'admin')
  for (const codec of compressions) {
    const skip = !codecs.includes(codec) && `its module for ${codec} is not installed`
    test(`${driver.name} produces and consumes, compression ${codec}`, { skip }, () =>
      checkRecords(stage, codec, false),
    )
  }
  check('produces idempotently', () => checkRecords(stage, 'none', true), 'idempotence')
  check('finds offsets by timestamp', () => checkOffsetsByTime(stage), 'offsets by time')
  check('reads on from any offset', () => checkSeek(stage))
  check('continues from committed offsets, also after a restart', () => checkCommits(stage))
  check('shares partitions and takes over from a member that left', () => checkRebalance(stage), 'assignment')
  check('gives a static member its partitions back', () => checkStaticMember(stage), 'static members')
  check('lists groups', () => checkGroups(stage), 'list groups')
}

type Stage = { readonly driver: Driver; broker: Broker; client: Client; admin: Client; topicsMade: number }

/** A broker, the client and, for clients that cannot create topics, another one that can. */
function stageFor(driver: Driver): Stage {
  const stage = { driver, topicsMade: 0 } as Stage
  before(async () => {
    stage.broker = await startBroker()
    stage.client = await driver.connect(stage.broker.bootstrap)
    stage.admin = driver.lacks.includes('admin') ? await platformatic.connect(stage.broker.bootstrap) : stage.client
  })
  after(async () => {
    await stage.client?.close()
    if (stage.admin !== stage.client) await stage.admin?.close()
    await stage.broker?.stop()
  })
  return stage
}

/** What the server complained about belongs to what the client saw. */
async function withComplaints(stage: Stage, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    const complaints = stage.broker.complaints()
    if (complaints !== '' && error instanceof Error) error.message += `\nThe server's log:\n${complaints}`
    throw error
  }
}

async function newTopic(stage: Stage, partitions: number): Promise<string> {
  const name = stage.driver.name.replaceAll(/[^a-z0-9]/gi, '-')
  const topic = `e2e-${name}-${process.pid}-${++stage.topicsMade}`
  await stage.admin.createTopic(topic, partitions)
  return topic
}

async function checkTopics(stage: Stage): Promise<void> {
  const topic = await newTopic(stage, 3)
  assert.ok((await stage.client.topics()).includes(topic))
  assert.equal(await stage.client.partitionCount(topic), 3)
  await assert.rejects(stage.client.createTopic(topic, 3), 'a topic is created once')
  await stage.client.deleteTopic(topic)
  await until('the topic is gone', async () => !(await stage.client.topics()).includes(topic))
}

async function checkRecords(stage: Stage, compression: Compression, idempotent: boolean): Promise<void> {
  const topic = await newTopic(stage, 2)
  const records = recordsOf(stage.driver, 2)
  await stage.client.produce(topic, records, { compression, idempotent })
  const member = await stage.client.join(`${topic}-group`, topic)
  const received = await member.poll(records.length, patienceMs)
  const excess = await member.poll(1, 300)
  await member.leave()
  assertReceived(stage.driver, records, [...received, ...excess])
}

async function checkOffsetsByTime(stage: Stage): Promise<void> {
  const topic = await newTopic(stage, 1)
  const start = 1_700_000_000_000
  const records = Array.from({ length: 10 }, (_, at) => textRecord(`at ${at}`, start + at * 1000))
  await stage.client.produce(topic, records.slice(0, 6), { compression: 'none', idempotent: false })
  await stage.client.produce(topic, records.slice(6), { compression: 'gzip', idempotent: false })
  assert.equal(await stage.client.offsetForTimestamp(topic, 0, start), 0)
  assert.equal(await stage.client.offsetForTimestamp(topic, 0, start + 2500), 3)
  assert.equal(await stage.client.offsetForTimestamp(topic, 0, start + 8000), 8)
}

async function checkSeek(stage: Stage): Promise<void> {
  const topic = await newTopic(stage, 1)
  const records = Array.from({ length: 30 }, (_, at) => textRecord(`value ${at}`))
  // Batches of ten, each compressed: the offset asked for lies inside one.
  for (let at = 0; at < 30; at += 10) {
    await stage.client.produce(topic, records.slice(at, at + 10), { compression: 'gzip', idempotent: false })
  }
  for (const offset of [0, 17, 29]) {
    const count = Math.min(5, 30 - offset)
    const received = await stage.client.readFrom(topic, 0, offset, count)
    assert.deepEqual(
      received.map(record => `${record.offset} ${record.value}`),
      Array.from({ length: count }, (_, at) => `${offset + at} value ${offset + at}`),
    )
  }
}

async function checkCommits(stage: Stage): Promise<void> {
  const topic = await newTopic(stage, 1)
  const group = `${topic}-group`
  const values = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => textRecord(`value ${from + at}`))
  const consume = async (count: number): Promise<string[]> => {
    const member = await stage.client.join(group, topic)
    const received = await member.poll(count, patienceMs)
    await member.commit()
    await member.leave()
    return received.map(({ value }) => String(value))
  }
  const texts = (records: readonly ClientRecord[]) => records.map(({ value }) => String(value))
  await stage.client.produce(topic, values(0, 10), { compression: 'none', idempotent: false })
  assert.deepEqual(await consume(10), texts(values(0, 10)))
  await stage.client.produce(topic, values(10, 15), { compression: 'none', idempotent: false })
  assert.deepEqual(await consume(5), texts(values(10, 15)))
  await stage.broker.restart()
  await stage.client.produce(topic, values(15, 20), { compression: 'none', idempotent: false })
  assert.deepEqual(await consume(5), texts(values(15, 20)))
}

async function checkRebalance(stage: Stage): Promise<void> {
  const topic = await newTopic(stage, 4)
  const group = `${topic}-group`
  const first = await stage.client.join(group, topic)
  await until('the first member holds all partitions', async () => (await first.assignment()).length === 4)
  const second = await stage.client.join(group, topic)
  await until('both members hold two partitions', async () => {
    const [a, b] = await Promise.all([first.assignment(), second.assignment()])
    return a.length === 2 && b.length === 2 && new Set([...a, ...b]).size === 4
  })
  await first.leave()
  await until('the second member holds all partitions', async () => (await second.assignment()).length === 4)
  const records = [0, 1, 2, 3].map(partition => ({ ...textRecord(`to ${partition}`), partition }))
  await stage.client.produce(topic, records, { compression: 'none', idempotent: false })
  const received = await second.poll(4, patienceMs)
  await second.leave()
  assert.deepEqual(received.map(({ partition, value }) => `${partition} ${value}`).sort(), [
    '0 to 0',
    '1 to 1',
    '2 to 2',
    '3 to 3',
  ])
}

async function checkStaticMember(stage: Stage): Promise<void> {
  const topic = await newTopic(stage, 4)
  const group = `${topic}-group`
  const stays = await stage.client.join(group, topic, 'stays')
  const goes = await stage.client.join(group, topic, 'goes')
  await until('both members hold two partitions', async () => {
    const [a, b] = await Promise.all([stays.assignment(), goes.assignment()])
    return a.length === 2 && b.length === 2
  })
  const held = await goes.assignment()
  const kept = await stays.assignment()
  await goes.leave()
  const back = await stage.client.join(group, topic, 'goes')
  await until('the member that came back holds partitions', async () => {
    const [others, own] = await Promise.all([stays.assignment(), back.assignment()])
    assert.deepEqual(others, kept, 'the other member was left alone')
    return own.length > 0
  })
  assert.deepEqual(await back.assignment(), held)
  await back.leave()
  await stays.leave()
}

async function checkGroups(stage: Stage): Promise<void> {
  const topic = await newTopic(stage, 1)
  const member = await stage.client.join(`${topic}-group`, topic)
  await until('the group is listed', async () => {
    // Some clients join only when they poll.
    await member.poll(1, 100)
    return (await stage.client.groups()).includes(`${topic}-group`)
  })
  await member.leave()
}

function textRecord(value: string, timestamp = Date.now()): ClientRecord {
  return { partition: 0, key: null, value: Buffer.from(value), headers: [], timestamp }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `in vain waited ${patienceMs} ms until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
