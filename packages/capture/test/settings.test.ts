import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { configErrors, parseConfigFile, resolveSettings } from '@chronicle/config'
import { type CaptureSettings, captureSettings, defaultConfig, defaultDatabasePath } from '../src/index.ts'

function resolved(environment: Record<string, string>, ...lines: readonly string[]): CaptureSettings {
  const file = parseConfigFile('capture.toml', ['[storage]', ...lines].join('\n'))
  return resolveSettings(captureSettings, { flags: {}, environment, file, directory: '/work' }).values
}

test('what holds when nothing is set', () => {
  assert.deepEqual(resolved({}), defaultConfig)
  const { batchWindowSeconds, screenshotMemoryThresholdMb, databasePath, devMode, encryptPayloads } = defaultConfig
  assert.deepEqual(
    [batchWindowSeconds, screenshotMemoryThresholdMb, databasePath, devMode, encryptPayloads],
    [30, 5, undefined, false, true],
  )
  const { rawRetentionDays, hourlyRetentionDays, dailyRetentionDays, allowedLatenessMs } = defaultConfig
  assert.deepEqual([rawRetentionDays, hourlyRetentionDays, dailyRetentionDays, allowedLatenessMs], [7, 30, 365, 500])
  assert.equal(defaultDatabasePath(), join(homedir(), '.chronicle/capture.db'))
})

test('the names in [storage], and variables over them', () => {
  const lines = [
    'batch_window_seconds = 10',
    'screenshot_memory_threshold_mb = 2',
    'database_path = "~/captured/events.db"',
    'dev_mode = true',
    'bus = "topics"',
  ]
  const values = resolved({ CHRONICLE_CAPTURE_BATCH_WINDOW_SECONDS: '20' }, ...lines)
  assert.deepEqual(
    [values.batchWindowSeconds, values.screenshotMemoryThresholdMb, values.devMode, values.bus],
    [20, 2, true, 'topics'],
  )
  assert.equal(values.databasePath, join(homedir(), 'captured/events.db'))
})

test('what is out of its range, or unknown, is refused with its key', () => {
  const refused = [
    'batch_window_seconds = 0',
    'batch_window_seconds = 1.5',
    'batch_window_seconds = "soon"',
    'screenshot_max_mb = -1',
    'raw_retention_days = 0',
    'dev_mode = 3',
    'bus = "pigeon"',
    'database_path = ""',
    'batch_windw_seconds = 30',
  ]
  for (const line of refused)
    assert.throws(
      () => resolved({}, line),
      error => configErrors.is(error) && error.message.includes(`storage.${line.split(' ')[0]}`),
      line,
    )
})

test('each setting has its limits in its help', () => {
  for (const { key, environment, help, type } of Object.values(captureSettings)) {
    assert.match(key, /^storage\.[a-z_]+$/)
    assert.equal(environment[0], `CHRONICLE_CAPTURE_${key.replace('storage.', '').toUpperCase()}`)
    assert.match(help, /^[A-Z`].*\.$/)
    assert.ok(type.accepts.length > 0)
  }
})
