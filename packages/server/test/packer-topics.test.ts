/** Topics of a real server, packed by a real packer: what is in the archive is what was produced. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openArchiveReader, type RunReport, readEvents } from '@chronicle/packer'
import { silentLogger } from '@chronicle/telemetry'
import { type ChronicleProcess, runChronicle, startChronicle } from '@chronicle/testing'
import { Admin, Producer } from '@platformatic/kafka'
import { topicsOver } from '../src/packer/topic-open.ts'
import { eventStream, PackerHome } from './support/packer.ts'

let broker: ChronicleProcess
let admin: Admin
let producer: Producer<Buffer, Buffer, Buffer, Buffer>
const homes: PackerHome[] = []

before(async () => {
  broker = await startChronicle()
  const options = { clientId: 'test', bootstrapBrokers: [broker.bootstrap], retries: 20, retryDelay: 100 }
  admin = new Admin(options)
  producer = new Producer({ ...options, acks: -1 })
})

after(async () => {
  for (const home of homes) await home.remove()
  await producer.close()
  await admin.close()
  await broker.stop()
})

async function packer(more = '', bootstrap = broker.bootstrap): Promise<PackerHome> {
  const plain = 'encryption.enabled = false\nstorage.retention_days = 0\n'
  const toml = `${plain}topics.bootstrap_servers = ${JSON.stringify(bootstrap)}\n${more}`
  const home = new PackerHome('2026-05-01T20:00:00Z', toml)
  homes.push(home)
  await home.start()
  return home
}

async function pack(home: PackerHome, ...topics: string[]): Promise<RunReport> {
  const { report } = await home.ask('process', topics.length > 0 ? { topics } : {})
  return report as RunReport
}

type Message = {
  value?: Buffer
  key?: Buffer
  partition?: number
  headers?: Map<Buffer, Buffer>
  timestamp?: bigint
}

const firstMs = Date.parse('2026-05-01T10:00:00Z')

async function produce(topic: string, messages: readonly Message[], compression?: 'gzip' | 'snappy' | 'lz4' | 'zstd') {
  await producer.send({
    messages: messages.map((message, at) => ({ topic, timestamp: BigInt(firstMs + at), partition: 0, ...message })),
    ...(compression && { compression }),
  })
}

async function createTopic(topic: string, partitions = 1): Promise<void> {
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 })
}

async function topicId(topic: string): Promise<string> {
  return (await admin.metadata({ topics: [topic], forceUpdate: true })).topics.get(topic)!.id
}

/** All rows of the archive as its files hold them, ordered by their ids. */
async function rowsOf({ base }: PackerHome): Promise<Row[]> {
  const rows: Row[] = []
  const { manifest } = await openArchiveReader({ basePath: base, keys: undefined })
  for (const { path } of manifest.files.filter(({ kind }) => kind === 'parquet')) {
    const file = readFileSync(join(base, path))
    const ranges = { bytes: file.length, read: async (start: number, end: number) => file.subarray(start, end) }
    for await (const events of readEvents(path, ranges)) {
      for (const { timestampNs: ns, eventType, sessionId, eventId, data } of events) {
        rows.push({ ns: `${ns}`, event_type: eventType, session_id: sessionId, event_id: eventId, data })
      }
    }
  }
  return rows.sort(byId)
}

type Row = { ns: string; event_type: string; session_id: string; event_id: string; data: string }

function byId(a: Row, b: Row): number {
  return a.event_id < b.event_id ? -1 : 1
}

async function ids(home: PackerHome): Promise<unknown[]> {
  return (await rowsOf(home)).map(row => row.event_id)
}

function warnings(home: PackerHome, part: string) {
  return home.log.filter(({ level, message }) => level === 'warn' && String(message).includes(part))
}

test('S18: every record of every partition is in the archive as it was produced, however compressed, and once', async () => {
  await createTopic('mixed', 3)
  const id = await topicId('mixed')
  const headers = new Map([[Buffer.from('event_type'), Buffer.from('paid')]])
  await produce('mixed', [{ value: Buffer.from('{"n":1}') }, { value: Buffer.from('text'), key: Buffer.from('k') }])
  await produce('mixed', [
    { value: Buffer.from([0xff, 0]), partition: 1, headers },
    { key: Buffer.from('k'), partition: 1 },
  ])
  const compressed = ['gzip', 'snappy', 'lz4', 'zstd'] as const
  for (const codec of compressed)
    await produce('mixed', [{ value: Buffer.from(codec) }, { value: Buffer.from(codec) }], codec)
  const own = {
    timestamp_ns: '1777629600000000007',
    event_type: 'key',
    session_id: 's',
    event_id: 'own',
    data: { a: 1 },
  }
  const arrow = eventStream([{ id: 'arrow', at: '2026-05-01T11:00:00Z', data: '{"b":2}' }])
  await produce('mixed', [
    { value: Buffer.from(JSON.stringify(own)), partition: 2 },
    { value: Buffer.from(arrow), partition: 2 },
  ])

  const home = await packer()
  const dry = (await home.ask('process', { topics: ['mixed'], dryRun: true })).report as RunReport
  assert.equal(dry.eventsProcessed, 14)
  assert.deepEqual((await openArchiveReader({ basePath: home.base, keys: undefined })).select({}), [])
  const report = await pack(home, 'mixed')
  assert.deepEqual([report.eventsProcessed, report.eventsFailed, report.filesCreated], [14, 0, 3])
  const generic = (partition: number, offset: number, at: number, data: string, more: object = {}) => ({
    ns: `${firstMs + at}000000`,
    event_type: 'mixed',
    session_id: `mixed-${partition}`,
    event_id: `mixed-${partition}-${offset}-${id}`,
    data,
    ...more,
  })
  const none = '"key":null,"headers":[]}'
  const expected = [
    generic(0, 0, 0, `{"value":{"n":1},${none}`),
    generic(0, 1, 1, '{"text":"text","key":"k","headers":[]}', { session_id: 'k' }),
    ...compressed.flatMap((codec, index) =>
      [0, 1].map(at => generic(0, 2 + index * 2 + at, at, `{"text":"${codec}",${none}`)),
    ),
    generic(1, 0, 0, '{"base64":"/wA=","key":null,"headers":[["event_type","paid"]]}', { event_type: 'paid' }),
    generic(1, 1, 1, '{"tombstone":true,"key":"k","headers":[]}', { session_id: 'k' }),
    { ns: own.timestamp_ns, event_type: 'key', session_id: 's', event_id: 'own', data: '{"a":1}' },
    { ns: '1777633200000000000', event_type: 'key', session_id: 's', event_id: 'arrow', data: '{"b":2}' },
  ]
  assert.deepEqual(await rowsOf(home), expected.sort(byId))

  assert.equal((await pack(home, 'mixed')).filesCreated, 0, 'nothing is packed again')
  await produce('mixed', [{ value: Buffer.from('later') }])
  assert.equal((await pack(home, 'mixed')).eventsProcessed, 1)
  const { sources } = (await home.ask('status')) as { sources: { source: string; position: number }[] }
  assert.deepEqual(sources, [
    { source: `topic/${id}/mixed/0`, position: 11 },
    { source: `topic/${id}/mixed/1`, position: 2 },
    { source: `topic/${id}/mixed/2`, position: 2 },
  ])
})

test('S18: the manifest decides, not the group: it is told, and may forget', async () => {
  await createTopic('told')
  await produce('told', [{ value: Buffer.from('1') }, { value: Buffer.from('2') }])
  const home = await packer()
  assert.equal((await pack(home, 'told')).eventsProcessed, 2)
  const committed = async () => {
    const [group] = await admin.listConsumerGroupOffsets({ groups: ['chronicle-packer'] })
    return group?.topics.find(({ name }) => name === 'told')?.partitions.map(each => Number(each.committedOffset))
  }
  assert.deepEqual(await committed(), [2])
  const back = [{ name: 'told', partitionOffsets: [{ partition: 0, offset: 0n }] }]
  await admin.alterConsumerGroupOffsets({ groupId: 'chronicle-packer', topics: back })
  assert.equal((await pack(home, 'told')).eventsProcessed, 0)
  const other = await packer()
  assert.equal((await pack(other, 'told')).eventsProcessed, 2, 'another archive begins at the beginning')
})

test('S18: a topic that is deleted and made again is packed as another one, and that is said', async () => {
  const home = await packer()
  const lives: string[] = []
  for (const life of ['first', 'second']) {
    await createTopic('again')
    lives.push(await topicId('again'))
    await produce('again', [{ value: Buffer.from(life) }])
    assert.equal((await pack(home, 'again')).eventsProcessed, 1, life)
    await admin.deleteTopics({ topics: ['again'] })
  }
  assert.notEqual(lives[0], lives[1])
  assert.deepEqual(await ids(home), lives.map(id => `again-0-0-${id}`).sort())
  const [said, ...more] = warnings(home, 'deleted and made again')
  assert.deepEqual([said?.topic, said?.topicId, said?.before, more.length], ['again', lives[1], lives[0], 0])
  await assert.rejects(pack(home, 'again'), { code: 'packer.topic-not-found' })
})

test('S19: what retention took before it was packed is said, counted and reported; what is left is packed', async () => {
  await createTopic('short')
  await produce('short', [{ value: Buffer.from('0') }])
  const home = await packer()
  await pack(home, 'short')
  await produce(
    'short',
    ['1', '2', '3'].map(value => ({ value: Buffer.from(value) })),
  )
  await admin.deleteRecords({ topics: [{ name: 'short', partitions: [{ partition: 0, offset: 3n }] }] })
  const report = await pack(home, 'short')
  assert.deepEqual([report.eventsProcessed, report.lostRecords], [1, 2])
  const [said] = warnings(home, 'deleted before they were packed')
  assert.deepEqual([said?.topic, said?.partition, said?.from, said?.to], ['short', 0, 1, 3])
  assert.equal(await home.metric('chronicle_topic_records_lost_total'), 2)
  const { last_run } = (await home.health()).checks
  assert.equal(last_run.status, 'degraded')
  assert.match(last_run.reason, /2 records were deleted before they were packed/)
  assert.equal((await pack(home, 'short')).lostRecords, undefined, 'once')

  await produce('short', [{ value: Buffer.from('4') }])
  await admin.deleteRecords({ topics: [{ name: 'short', partitions: [{ partition: 0, offset: 5n }] }] })
  assert.deepEqual([(await pack(home, 'short')).lostRecords, (await pack(home, 'short')).lostRecords], [1, undefined])
})

test('PS5: a topic that is not there and a broker that does not answer leave the ring to be packed', async () => {
  await createTopic('there')
  await produce('there', [{ value: Buffer.from('1') }])
  const home = await packer('topics.names = ["missing-topic", "there"]')
  await home.write({ id: 'ring-1', at: '2026-05-01T21:00:00Z' })
  const report = await pack(home)
  assert.equal(report.eventsProcessed, 2)
  assert.deepEqual(
    report.failedSources?.map(({ source }) => source),
    ['topic missing-topic'],
  )
  assert.match(report.failedSources?.[0]?.failure ?? '', /no such topic.*chronicle topics list/s)
  assert.deepEqual(await ids(home), ['ring-1', `there-0-0-${await topicId('there')}`])
  const { checks } = await home.health()
  assert.equal(checks.last_run.status, 'degraded')
  assert.match(checks.last_run.reason, /not of topic missing-topic/)
  assert.equal(await home.metric('chronicle_topic_errors_total'), 1)

  const away = await packer('topics.names = ["there"]', '127.0.0.1:1')
  await away.write({ id: 'ring-2', at: '2026-05-01T21:00:00Z' })
  const alone = await pack(away)
  assert.deepEqual([alone.eventsProcessed, alone.failedSources?.length], [1, 1])
  await assert.rejects(pack(away, 'there'), { code: 'packer.topic-no-broker' })
})

test('PS5: the command says what could not be packed, by its exit code too', async () => {
  await createTopic('told-1')
  await produce('told-1', [{ value: Buffer.from('1') }])
  const home = await packer()
  const env = { CHRONICLE_PACKER_STORAGE_BASE_PATH: home.base, HOME: home.home, XDG_CONFIG_HOME: home.home }
  const command = (...args: string[]) => runChronicle(['packer', 'process', ...args], { env })
  const both = await command('--topic', 'nothing-here', '--topic', 'told-1')
  assert.equal(both.code, 1)
  assert.match(both.stdout, /^Packed in part:\n +events +1\n/)
  assert.match(both.stderr, /^error: not packed: topic nothing-here: There is no such topic/)
  const elsewhere = await command('--topic', 'told-1', '--bootstrap', '127.0.0.1:1')
  assert.equal(elsewhere.code, 1)
  assert.match(elsewhere.stderr, /No broker answers at this address[\s\S]*127\.0\.0\.1:1/)
  assert.equal((await command('--topic', 'told-1')).code, 0)
  assert.equal((await command('--topic', 'not/a/topic')).code, 2)
})

test('S18: a broker that dies while a topic is read ends this source alone; the next run goes on there', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'chronicle-dies-'))
  let mortal = await startChronicle({ dataDir })
  try {
    const args = ['--kafka-port', `${mortal.kafkaPort}`]
    const more = new Producer({
      clientId: 'test',
      bootstrapBrokers: [mortal.bootstrap],
      autocreateTopics: true,
      retries: 20,
      retryDelay: 100,
    })
    const values = Array.from({ length: 3 }, (_, at) => `${at}`.repeat(200_000))
    for (const value of values) await more.send({ messages: [{ topic: 'dying', value: Buffer.from(value) }], acks: -1 })
    await more.close()
    const request = { topic: 'dying', bootstrap: mortal.bootstrap, committed: {} }
    const opened = await topicsOver(silentLogger)(request)
    const source = opened.sources[0]!
    assert.equal((await source.read(1))?.next, 1)
    await mortal.kill()
    await assert.rejects(
      async () => {
        while (await source.read(1));
      },
      { code: 'packer.topic-no-broker' },
    )
    await source.release(1)
    await opened.close()
    mortal = await startChronicle({ dataDir, args })
    const again = await topicsOver(silentLogger)({ ...request, committed: { [source.id]: 1 } })
    assert.deepEqual([(await again.sources[0]!.read(1))?.from, again.sources[0]!.id], [1, source.id])
    await again.close()
  } finally {
    await mortal.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
})

test('the daily run packs the topics that are set; a ring that is full enough is drained without them', async () => {
  await createTopic('nightly')
  await produce('nightly', [{ value: Buffer.from('1') }])
  const home = await packer('topics.names = ["nightly"]\nscheduling.backup_threshold = 1')
  await home.write({ id: 'early', at: '2026-05-01T21:00:00Z' })
  assert.equal(await home.lastReason(), 'threshold')
  assert.deepEqual(await ids(home), ['early'])
  // Timers hear of the jump within a minute.
  home.clock.jump('2026-05-02T03:00:01Z')
  await home.clock.advance(61_000)
  assert.equal(await home.lastReason(), 'schedule')
  assert.deepEqual(await ids(home), ['early', `nightly-0-0-${await topicId('nightly')}`])
})

test('PI2: an event that breaks a rule is in quarantine, with its offset and all of its record', async () => {
  await createTopic('broken')
  const event = (members: object) => ({ timestamp_ns: 1, event_type: 'k', session_id: 's', event_id: 'e', ...members })
  const values = [event({ timestamp_ns: -1 }), event({ event_id: 'good' }), event({ data: 'no JSON' })]
  await produce(
    'broken',
    values.map(value => ({ value: Buffer.from(JSON.stringify(value)) })),
  )
  const arrow = Buffer.from(eventStream([{ id: 'cut', at: '2026-05-01T11:00:00Z' }]))
  await produce('broken', [{ value: arrow.subarray(0, -3) }])
  const home = await packer()
  const report = await pack(home, 'broken')
  assert.deepEqual([report.eventsProcessed, report.eventsFailed], [1, 3])
  assert.deepEqual(await ids(home), ['good'])
  const { manifest } = await openArchiveReader({ basePath: home.base, keys: undefined })
  const refused = manifest.files.filter(({ kind }) => kind === 'quarantine')
  assert.equal(refused.length, 1)
  const lines = readFileSync(join(home.base, refused[0]!.path), 'utf8').trim().split('\n')
  const found = lines.map(line => JSON.parse(line))
  assert.deepEqual(found.map(({ position, reason }) => [position, reason]).sort(), [
    [0, 'timestamp-not-positive'],
    [2, 'not-json'],
    [3, 'torn-record'],
  ])
  const contentOf = (position: number) => {
    return Buffer.from(found.find(each => each.position === position).content, 'base64')
  }
  assert.deepEqual(JSON.parse(`${contentOf(0)}`).value, values[0])
  assert.deepEqual(contentOf(3), arrow.subarray(0, -3))
})

test('S18: what is produced after a run has begun waits for the next one', async () => {
  await createTopic('ends')
  await produce('ends', [{ value: Buffer.from('1') }])
  const request = { topic: 'ends', bootstrap: broker.bootstrap, committed: {} }
  const opened = await topicsOver(silentLogger)(request)
  try {
    await produce('ends', [{ value: Buffer.from('2') }])
    const [source] = opened.sources
    const slice = await source!.read(4096)
    const [rows] = slice!.records
    assert.deepEqual([slice!.from, slice!.next, rows?.kind === 'rows' && rows.columns.rows], [0, 1, 1])
    assert.equal(await source!.read(4096), undefined)
  } finally {
    await opened.close()
  }
})

test('S18: a slice has about as many bytes as asked for; a larger record comes alone', async () => {
  await createTopic('sizes')
  await produce(
    'sizes',
    [10, 10, 5000, 10, 10].map(size => ({ value: Buffer.alloc(size, 'x') })),
    'gzip',
  )
  const opened = await topicsOver(silentLogger)({ topic: 'sizes', bootstrap: broker.bootstrap, committed: {} })
  try {
    const [source] = opened.sources
    const counts: number[][] = []
    for (let slice = await source!.read(15); slice; slice = await source!.read(15))
      counts.push([slice.from, slice.next])
    assert.deepEqual(counts, [
      [0, 2],
      [2, 3],
      [3, 5],
    ])
  } finally {
    await opened.close()
  }
})

test('S18: a run ends though producers go on, up to a day where one is named, and the next one goes on there', async () => {
  await createTopic('busy')
  const day = 86_400_000n
  const numbered = (from: number, ms = 0n) =>
    Array.from({ length: 50 }, (_, at) => ({
      value: Buffer.from(`${from + at}`),
      timestamp: BigInt(firstMs) + ms,
      headers: new Map([[Buffer.from('event_id'), Buffer.from(`${from + at}`.padStart(6, '0'))]]),
    }))
  await produce('busy', numbered(0))
  let [isOver, produced] = [false, 50]
  const producing = (async () => {
    for (; !isOver; produced += 50) await produce('busy', numbered(produced))
  })()
  const home = await packer()
  const first = await pack(home, 'busy')
  isOver = true
  await producing
  assert.equal(first.ended, 'drained')
  await produce('busy', numbered(produced, day))
  const { report: second } = await home.ask('process', { topics: ['busy'], date: '2026-05-01' })
  assert.equal(first.eventsProcessed + (second as RunReport).eventsProcessed, produced, 'the next day waits')
  const third = await pack(home, 'busy')
  assert.deepEqual([third.eventsProcessed, third.duplicates], [50, 0])
  assert.deepEqual(
    [first.duplicates, (second as RunReport).duplicates],
    [0, 0],
    'no run goes beyond where it said it ends',
  )
  const all = Array.from({ length: produced + 50 }, (_, at) => `${at}`.padStart(6, '0'))
  assert.deepEqual(await ids(home), all)
})
