import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ChronicleError } from '@chronicle/base'
import { startNatsServer, startTcpProxy, withoutNatsServer } from '@chronicle/testing'
import { parseNatsUrl } from '../../src/sources/nats/address.ts'
import { alertSubject } from '../../src/sources/nats/alert-subject.ts'
import { readMessage } from '../../src/sources/nats/message-event.ts'
import { swarmStreams } from '../../src/sources/nats/streams.ts'
import { eventually, isReading, openNatsHouse } from '../support/nats-house.ts'

const skip = withoutNatsServer()

async function guardedServer(t: TestContext): Promise<(password: string) => string> {
  const server = await startNatsServer({ args: ['--user', 'scout', '--pass', 'p@ss/word'] })
  t.after(() => server.stop())
  return password => server.url.replace('//', `//scout:${encodeURIComponent(password)}@`)
}

test('OS7: user and password of the URL are used, and shown nowhere', { skip }, async t => {
  const urlWith = await guardedServer(t)
  const { house, lines, startSource } = await openNatsHouse(t)
  const right = startSource({ url: urlWith('p@ss/word') })
  await eventually(() => isReading(right))
  await right.stop()
  const wrong = startSource({ url: urlWith('hunter2'), registry: (await openNatsHouse(t)).house.registry })
  await eventually(() => wrong.status.reason !== undefined)
  assert.match(wrong.status.reason!, /[Aa]uthorization/)
  const shown = JSON.stringify([lines, wrong.status, house.health.report(), await house.registry.metrics()])
  for (const secret of [/scout:/, /p@ss/, /p%40ss/, /hunter2/]) assert.doesNotMatch(shown, secret)
})

test('OS7: a URL that is not accepted is refused without being shown', () => {
  const texts = [
    '',
    'hermes',
    'http://u:hunter2@h',
    'nats://',
    'nats://u:hunter2@h/path',
    'nats://u:%ZZhunter2@h',
    'nats://a,,nats://b',
  ]
  for (const text of texts) {
    assert.throws(
      () => parseNatsUrl(text),
      error =>
        error instanceof ChronicleError &&
        error.code === 'observe.invalid-nats-url' &&
        !JSON.stringify([error, error.message, error.details]).includes('hunter2'),
      text,
    )
  }
})

test('a URL names servers, credentials and TLS', () => {
  assert.deepEqual(parseNatsUrl('nats://hermes:4222'), { servers: ['hermes:4222'] })
  assert.deepEqual(parseNatsUrl('nats://u:p%40@a:1, nats://b'), { servers: ['a:1', 'b'], user: 'u', pass: 'p@' })
  assert.deepEqual(parseNatsUrl('nats://t0ken@[::1]:4222'), { servers: ['[::1]:4222'], token: 't0ken' })
  assert.deepEqual(parseNatsUrl('tls://a/'), { servers: ['a'], tls: {} })
})

test('alerts are published as events; one that the connection cost comes with the next', { skip }, async t => {
  const { server, house, client, startSource } = await openNatsHouse(t)
  const proxy = await startTcpProxy(server.port)
  t.after(() => proxy.close())
  const heard: string[] = []
  client.subscribe(alertSubject, {
    callback: (_, message) => {
      const { event_type: type, metadata } = message.json<{ event_type: string; metadata: Record<string, string> }>()
      heard.push(`${type} ${metadata.alert} ${metadata.state}`)
    },
  })
  await client.flush()
  house.alerts.raise('read_failure', 'before anybody listened')
  const source = startSource({ url: `nats://127.0.0.1:${proxy.port}` })
  await eventually(() => heard.length === 1)
  proxy.shut()
  await eventually(() => source.status.state === 'connecting')
  house.alerts.clear('read_failure')
  proxy.open()
  await eventually(() => heard.length > 1)
  assert.deepEqual([...new Set(heard)], ['system.alert read_failure raised', 'system.alert read_failure cleared'])
})

test('OS2: what a message lacks follows from its place; a stream that is made again has other places', () => {
  const at = (timestampNanos: bigint, deliveryCount = 1) =>
    readMessage(swarmStreams[0]!, {
      data: Buffer.from('{"trace_id":"t","event_type":"x"}'),
      timestampNanos,
      info: { streamSequence: 7, deliveryCount },
    })
  const first = at(1_763_715_600_000_000_123n)
  assert.deepEqual(at(1_763_715_600_000_000_123n, 2), first)
  assert.ok('eventId' in first && first.timestampMicros === 1_763_715_600_000_000)
  const other = at(1_763_715_600_000_000_124n)
  assert.ok('eventId' in other && other.eventId !== first.eventId)
})

test('OS5: a URL that is asked for is asked for again, when there is none, after a refusal and after a loss', {
  skip,
}, async t => {
  const urlWith = await guardedServer(t)
  const { house, startSource, server: other } = await openNatsHouse(t)
  const proxy = await startTcpProxy(Number(new URL(urlWith('')).port))
  t.after(() => proxy.close())
  const through = (password: string): string => urlWith(password).replace(/\d+$/, String(proxy.port))
  let answer: () => string = () => {
    throw new ChronicleError('observe.secrets-unavailable', { summary: 'it is away', remedy: '' }, {})
  }
  const source = startSource({ url: async () => answer() })
  await eventually(() => source.status.reason === 'it is away')
  answer = () => through('hunter2')
  await eventually(() => /[Aa]uthorization/.test(source.status.reason ?? ''))
  answer = () => through('p@ss/word')
  await eventually(() => isReading(source))
  house.alerts.raise('read_failure', 'heard by nobody')
  answer = () => 'not a URL'
  proxy.shut()
  await eventually(() => source.status.reason?.startsWith('NATS_URL is not accepted') === true)
  assert.equal(house.health.report().checks.nats?.status, 'warn')
  answer = () => other.url
  await eventually(() => isReading(source))
})
