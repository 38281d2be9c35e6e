/** What the README promises: `npm start` brings everything up, says where it is, and stops in good order. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { platformatic } from './clients/platformatic.ts'

const root = join(import.meta.dirname, '..')

test('npm start serves Kafka, HTTP and metrics on loopback and stops on SIGTERM', { timeout: 60_000 }, async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'chronicle-start-'))
  const ports = ['--kafka-port', '0', '--http-port', '0', '--metrics-port', '0']
  const npm = spawn('npm', ['start', '--silent', '--', '--data-dir', dataDirectory, ...ports], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(npm, 'exit')
  try {
    const { kafka, http, metrics, pid } = await readyLine(npm.stderr)
    await produceAndConsume(kafka)
    assert.equal((await fetch(new URL('/health', http))).status, 200)
    assert.match(JSON.stringify(await (await fetch(new URL('/api/v1/topics', http))).json()), /"first-topic"/)
    assert.equal((await fetch(new URL('/api/v1/openapi.json', http))).status, 200)
    assert.match(await (await fetch(metrics)).text(), /^# HELP /m)
    process.kill(pid, 'SIGTERM')
    assert.deepEqual(await exited, [0, null])
  } finally {
    npm.kill('SIGKILL')
    rmSync(dataDirectory, { recursive: true, force: true })
  }
})

type Ready = { kafka: string; http: string; metrics: string; pid: number }

async function readyLine(log: NodeJS.ReadableStream): Promise<Ready> {
  const lines = createInterface({ input: log })
  for await (const line of lines) if (line.includes('"message":"ready"')) return JSON.parse(line)
  throw new Error('npm start ended before the server was ready')
}

async function produceAndConsume(bootstrap: string): Promise<void> {
  const client = await platformatic.connect(bootstrap)
  await client.createTopic('first-topic', 1)
  const record = { partition: 0, key: null, value: Buffer.from('hello'), headers: [], timestamp: Date.now() }
  await client.produce('first-topic', [record], { compression: 'zstd', idempotent: false })
  const [received] = await client.readFrom('first-topic', 0, 0, 1)
  assert.equal(String(received!.value), 'hello')
  await client.close()
}
