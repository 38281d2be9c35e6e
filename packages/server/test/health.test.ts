import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Health, silentLogger } from '@chronicle/telemetry'
import { startHttp } from '../src/http/app.ts'
import { addHealthRoute } from '../src/http/health.ts'

test('health answers 503 with the reasons while a check fails', async () => {
  const health = new Health()
  const version = '1.2.3'
  const http = await startHttp({
    address: '127.0.0.1',
    port: 0,
    allowedHosts: [],
    connectionsMax: 10,
    requestMsMax: 1000,
    addRoutes: to => addHealthRoute(to, health, version),
    logger: silentLogger,
    version,
    places: { kafka: 'k', metrics: 'm', dataDirectory: 'd' },
  })
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
  }
})
