import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ChronicleError, systemClock } from '@chronicle/base'
import { Alexandria, type AlexandriaOptions } from '../../src/secrets/alexandria.ts'
import { testClock } from '../support/log-house.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server that answers as it is told, and what it was asked. */
async function startApi(t: TestContext) {
  const asked: IncomingMessage[] = []
  let answer: Answer = (_, response) => void response.writeHead(404).end()
  const server = createServer((request, response) => {
    asked.push(request)
    answer(request, response)
  })
  const listening = async (port = 0): Promise<number> => {
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }
  const port = await listening()
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  t.after(stop)
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    asked,
    stop,
    start: () => listening(port),
    answers: (next: Answer) => void (answer = next),
    gives: (value: unknown) => void (answer = (_, response) => response.end(JSON.stringify(value))),
    open: (more: Partial<AlexandriaOptions> = {}) =>
      new Alexandria({ url, token: undefined, clock: systemClock, fetch, standsMs: 0, ...more }),
  }
}

const databaseUrl = 'postgres://chronicle:hunter2@db:5432/chronicle'

/** The error of a request that has to fail; it shows nothing of any answer. */
async function failure(asking: Promise<unknown>): Promise<ChronicleError> {
  const error = await asking.then(
    () => assert.fail('it was given'),
    error => error,
  )
  assert.ok(error instanceof ChronicleError)
  assert.doesNotMatch(JSON.stringify([error, error.message, error.details, error.stack]), /hunter2|t0ken/)
  return error
}

test('a secret is asked for by its name, as the agent chronicle, with the token where there is one', async t => {
  const api = await startApi(t)
  api.gives({ data: { name: 'DATABASE_URL', value: databaseUrl, version: 3 } })
  assert.equal(await api.open().value('DATABASE_URL'), databaseUrl)
  const below = api.open({ url: `${api.url}/vault/`, token: 't0ken' })
  api.gives({ value: 'nats://hermes:4222' })
  assert.equal(await below.value('NATS_URL'), 'nats://hermes:4222')
  const seen = api.asked.map(({ method, url, headers }) => [method, url, headers['x-agent-id'], headers.authorization])
  assert.deepEqual(seen, [
    ['GET', '/api/v1/secrets/DATABASE_URL', 'chronicle', undefined],
    ['GET', '/vault/api/v1/secrets/NATS_URL', 'chronicle', 'Bearer t0ken'],
  ])
})

test('OS8: an answer without the secret is refused, and nothing of it is shown', async t => {
  const api = await startApi(t)
  const secrets = api.open({ token: 't0ken' })
  const text = (status: number, body: string, headers = {}): Answer => {
    return (_, response) => void response.writeHead(status, headers).end(body)
  }
  const lies: readonly (readonly [string, Answer])[] = [
    ['the token is not accepted', text(401, databaseUrl)],
    ['agent chronicle may not read it', text(403, databaseUrl)],
    ['it is not there', text(404, databaseUrl)],
    ['asked too often', text(429, databaseUrl)],
    ['no answer of this API', text(302, databaseUrl, { location: `${api.url}/elsewhere` })],
    ['the answer has no text data.value', text(200, databaseUrl)],
    ['the answer has no text data.value', text(200, '{"data":{"value":5432}}')],
    ['the answer has no text data.value', text(200, '{"data":{"value":""}}')],
    ['the answer has no text data.value', text(200, 'null')],
    ['the answer is longer than 65536 bytes', text(200, JSON.stringify({ value: 'hunter2'.repeat(10_000) }))],
  ]
  for (const [reason, answer] of lies) {
    api.answers(answer)
    const error = await failure(secrets.value('DATABASE_URL'))
    assert.deepEqual(
      [error.code, error.details.reason, error.details.name],
      ['observe.secret-refused', reason, 'DATABASE_URL'],
    )
    assert.equal(secrets.check().status, 'warn')
  }
  assert.equal(api.asked.length, lies.length, 'no redirect was followed')
  api.gives({ data: { value: databaseUrl } })
  await secrets.value('DATABASE_URL')
  assert.deepEqual(secrets.check(), { status: 'pass', reason: 'gave DATABASE_URL' })
})

test('an API that is away, breaks off, is at fault or is too slow is unavailable, and is asked again at once', async t => {
  const api = await startApi(t)
  const clock = testClock()
  const secrets = api.open({ clock, standsMs: 15_000 })
  const unavailable = async (asking: Promise<unknown>): Promise<unknown> => {
    const { code, details } = await failure(asking)
    assert.equal(code, 'observe.secrets-unavailable')
    return details.reason
  }
  api.answers((_, response) => void response.writeHead(503).end(databaseUrl))
  assert.equal(await unavailable(secrets.value('DATABASE_URL')), 'it is at fault itself')
  api.answers((_, response) => void response.write('{"data":', () => response.destroy()))
  await unavailable(secrets.value('DATABASE_URL'))
  const held = Promise.withResolvers<void>()
  api.answers((_, response) => void response.write('{"data":', () => held.resolve()))
  const slow = secrets.value('DATABASE_URL')
  await held.promise
  clock.advance(5_000)
  assert.equal(await unavailable(slow), 'no answer in 5000 ms')
  await api.stop()
  assert.equal(await unavailable(secrets.value('DATABASE_URL')), 'ECONNREFUSED')
  await api.start()
  api.gives({ data: { value: databaseUrl } })
  assert.equal(await secrets.value('DATABASE_URL'), databaseUrl)
  await api.stop()
  clock.advance(15_000)
  assert.equal(await secrets.value('DATABASE_URL'), databaseUrl, 'what it gave stands while it is away')
  assert.equal(secrets.check().status, 'warn')
})

test('an answer stands for a while, whoever asks, and a rotated secret is there after that', async t => {
  const api = await startApi(t)
  const clock = testClock()
  const secrets = api.open({ clock, standsMs: 15_000 })
  let version = 0
  api.answers((_, response) => void response.end(JSON.stringify({ data: { value: `v${++version}` } })))
  assert.deepEqual(await Promise.all([secrets.value('NATS_URL'), secrets.value('NATS_URL')]), ['v1', 'v1'])
  clock.advance(14_999)
  assert.equal(await secrets.value('NATS_URL'), 'v1')
  clock.advance(1)
  assert.equal(await secrets.value('NATS_URL'), 'v2')
  api.answers((_, response) => void response.writeHead(429).end())
  clock.advance(15_000)
  await failure(secrets.value('NATS_URL'))
  await failure(secrets.value('NATS_URL'))
  assert.equal(api.asked.length, 3, 'a refusal stands as well: to ask more often makes it worse')
})
