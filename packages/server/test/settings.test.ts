import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveSettings } from '@chronicle/config'
import { defaultBrokerLimits, defaultGroupSettings } from '@chronicle/kafka'
import { defaultLogSettings } from '@chronicle/log'
import { brokerLimits, groupSettings, logSettings, walLimits } from '../src/process/options.ts'
import { renderSettingsTable, settings } from '../src/settings.ts'

const resolve = (environment: Record<string, string>) =>
  resolveSettings(settings, { flags: {}, environment, directory: '/here' }).values

test('the defaults that are declared are those of the parts', () => {
  const values = resolve({})
  assert.deepEqual(brokerLimits(values, defaultBrokerLimits), defaultBrokerLimits)
  assert.deepEqual(groupSettings(values, defaultGroupSettings), defaultGroupSettings)
  assert.deepEqual({ ...defaultLogSettings, ...logSettings(values) }, defaultLogSettings)
})

test('every variable of the specification is there, with its default', () => {
  const values = resolve({})
  assert.equal(values.kafkaPort, 9092)
  assert.equal(values.bindAddress, '127.0.0.1')
  assert.equal(values.dataDirectory, '/here/data')
  assert.equal(values.fileMetadata, false)
  assert.equal(values.httpPort, 8700)
  assert.equal(values.metricsPort, 9090)
  assert.equal(values.produceProfile, 'balanced')
  assert.equal(values.walRotationBytes, 250 * 2 ** 20)
  const variables = Object.values(settings).flatMap(each => each.environment)
  const specified = ['KAFKA_PORT', 'BIND_ADDR', 'ADVERTISED_ADDR', 'ADVERTISED_PORT', 'DATA_DIR', 'FILE_METADATA']
  for (const name of [...specified, 'PRODUCE_PROFILE', 'WAL_PROFILE', 'WAL_ROTATION_SIZE']) {
    assert.ok(variables.includes(`CHRONIK_${name}`) && variables.includes(`CHRONICLE_${name}`), name)
  }
  const flags = Object.values(settings).flatMap(({ flag }) => flag ?? [])
  for (const flag of ['advertised-addr', 'advertised-port', 'bind-addr', 'kafka-port', 'data-dir', 'node-id']) {
    assert.ok(flags.includes(`--${flag}`), flag)
  }
})

test('profiles bound what waits for its sync, and it fits into the memory of the log', () => {
  const megabyte = 2 ** 20
  const expected = { 'low-latency': 16, balanced: 32, 'high-throughput': 128 }
  for (const walProfile of ['low', 'medium', 'high', 'ultra']) {
    for (const [profile, megabytes] of Object.entries(expected)) {
      const limits = walLimits(resolve({ CHRONIK_PRODUCE_PROFILE: profile, CHRONICLE_WAL_PROFILE: walProfile }))
      assert.equal(limits.unsyncedBytesMax, megabytes * megabyte)
      assert.ok(limits.unsyncedBytesMax <= limits.tailBytesMax)
    }
  }
  assert.equal(walLimits(resolve({ CHRONIK_WAL_ROTATION_SIZE: '100KB' })).fileBytesMax, 102_400)
  assert.equal(walLimits(resolve({ CHRONIK_DISK_FREE_MIN: '8MB' })).freeBytesMin, 8 * 1024 * 1024)
})

test('the table of the docs names every setting', () => {
  const table = renderSettingsTable()
  for (const { key, environment } of Object.values(settings)) {
    assert.ok(
      [key, ...environment].every(name => table.includes(`\`${name}\``)),
      key,
    )
  }
})
