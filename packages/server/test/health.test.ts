import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock, systemRandom } from '@chronicle/base'
import { openLog } from '@chronicle/log'
import { createRegistry, Health, silentLogger } from '@chronicle/telemetry'
import { nodeDisk, openDiskWal, walProfiles } from '@chronicle/wal'
import { startHttp } from '../src/http/app.ts'

test('health answers 503 with the reasons while a check fails', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'health-'))
  const health = new Health()
  const common = {
    clock: systemClock,
    random: systemRandom,
    disk: nodeDisk,
    logger: silentLogger,
    registry: createRegistry(),
  }
  const log = await openLog({
    ...common,
    directory,
    health,
    openWal: asked => openDiskWal({ ...common, ...asked, directory: join(directory, 'wal'), limits: walProfiles.low }),
  })
  const places = { kafka: 'k', metrics: 'm', dataDirectory: directory }
  const http = await startHttp({ port: 0, log, health, logger: silentLogger, version: '1.2.3', places })
  const ask = async (): Promise<{ code: number; body: unknown }> => {
    const response = await fetch(`http://127.0.0.1:${http.port}/health`)
    return { code: response.status, body: await response.json() }
  }
  try {
    let found: ReturnType<Parameters<Health['register']>[1]> = { status: 'warn', reason: 'nearly full' }
    health.register('disk', () => found)
    const checks = (await ask()).body as { checks: Record<string, unknown> }
    assert.deepEqual(checks, { status: 'warn', version: '1.2.3', checks: { ...checks.checks, disk: found } })
    assert.equal((await ask()).code, 200)
    found = { status: 'fail', reason: 'a sync failed: look at the disk, then restart' }
    const failing = await ask()
    assert.equal(failing.code, 503)
    assert.deepEqual((failing.body as typeof checks).checks.disk, found)
  } finally {
    await http.stop()
    await log.close()
    rmSync(directory, { recursive: true, force: true })
  }
})
