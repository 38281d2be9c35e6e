import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declareSettings, resolveSettings, showSettings } from '@chronicle/config'
import { observeSettings } from '../src/settings-observe.ts'

const settings = declareSettings(observeSettings)
const resolve = (environment: Record<string, string>) =>
  resolveSettings(settings, { environment, flags: {}, directory: '/' })

test('the variables have the names and defaults that swarms are set up with', () => {
  const unset = resolve({}).values
  assert.deepEqual(
    [unset.batchFlushIntervalMs, unset.batchFlushThreshold, unset.bufferEventsMax, unset.bufferOverflow],
    [5000, 100, 10_000, 'back-pressure'],
  )
  assert.deepEqual([unset.natsUrl, unset.databaseUrl, unset.alexandriaUrl], [undefined, undefined, undefined])
  const { values } = resolve({
    NATS_URL: 'nats://user:word@hermes:4222',
    DATABASE_URL: 'postgres://user:word@host/chronicle',
    ALEXANDRIA_URL: 'http://alexandria:8500',
    BATCH_FLUSH_INTERVAL_MS: '100',
    BATCH_FLUSH_THRESHOLD: '20',
    BUFFER_MAX_SIZE: '500',
    BUFFER_OVERFLOW: 'drop-oldest',
  })
  assert.deepEqual([values.batchFlushIntervalMs, values.batchFlushThreshold, values.bufferEventsMax], [100, 20, 500])
  assert.deepEqual([values.bufferOverflow, values.alexandriaUrl], ['drop-oldest', 'http://alexandria:8500'])
  assert.equal(values.databaseUrl!.reveal(), 'postgres://user:word@host/chronicle')
})

test('passwords are not shown, and a URL that is shown has none', () => {
  const resolved = resolve({ NATS_URL: 'nats://user:word@hermes', DATABASE_URL: 'postgres://user:word@host/chronicle' })
  const shown = showSettings(settings, resolved).map(({ value }) => value)
  assert.doesNotMatch(shown.join('\n'), /word|hermes|host/)
  for (const url of ['http://user:word@alexandria:8500', 'alexandria:8500', 'nats://alexandria', 'http://']) {
    assert.throws(() => resolve({ ALEXANDRIA_URL: url }), /observe.alexandria-url/, url)
  }
})

test('what is no URL of PostgreSQL is refused at once, and not repeated', () => {
  for (const url of [
    'postgres//ada:hunter2@host/db',
    'mysql://ada:hunter2@host/db',
    'postgres://ada:hunter2@host:port/db',
    'ada:hunter2@host',
  ]) {
    assert.throws(
      () => resolve({ DATABASE_URL: url }),
      ({ code, message }: { code: string; message: string }) =>
        code === 'config.invalid-value' && /DATABASE_URL/.test(message) && !/hunter2/.test(message),
      url,
    )
  }
  for (const url of [
    'postgresql://host/db',
    'postgres://ada@/db?host=/run/postgresql',
    'postgres://%2Frun%2Fpostgresql/db',
  ]) {
    assert.equal(resolve({ DATABASE_URL: url }).values.databaseUrl!.reveal(), url)
  }
})
