/** The commands while the database is away, and while the server is. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import {
  type ChronicleProcess,
  type RunningPostgres,
  spawnChronicle,
  startChronicle,
  startPostgres,
  startTcpProxy,
  type TcpProxy,
  withoutPostgres,
} from '@chronicle/testing'
import { runCommand } from './support/command-line.ts'

const skip = withoutPostgres()
const dataDir = mkdtempSync(join(tmpdir(), 'chronicle-cli-observe-'))
const bufferEvents = 50
let postgres: RunningPostgres
let proxy: TcpProxy
let server: ChronicleProcess
let httpPort = 0

before(async () => {
  if (skip) return
  postgres = await startPostgres()
  proxy = await startTcpProxy(postgres.port)
  proxy.shut()
  server = await start()
  httpPort = server.httpPort
})
after(async () => {
  await server?.stop()
  await proxy?.close()
  await postgres?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

function start(): Promise<ChronicleProcess> {
  const url = new URL(postgres.url)
  url.port = String(proxy.port)
  const env = { DATABASE_URL: url.href, BUFFER_MAX_SIZE: String(bufferEvents), BATCH_FLUSH_INTERVAL_MS: '20' }
  return startChronicle({ dataDir, env, args: ['--http-port', String(httpPort)] })
}

const url = (): string => `http://127.0.0.1:${httpPort}`

async function observe(...args: readonly string[]) {
  return runCommand(['observe', ...args, '--url', url()])
}

test('status names what is wrong; send waits for room, and goes on when the database is back', { skip }, async () => {
  const lines = Array.from({ length: 4 * bufferEvents }, (_, at) => `{"trace_id":"t${at}","event_type":"step"}\n`)
  const sending = runCommand(['observe', 'send', '--url', url()], { input: lines.join('') })
  let isSending = true
  void sending.finally(() => {
    isSending = false
  })
  let status = await observe('status')
  const isTroubled = (): boolean => /buffer_full/.test(status.stdout) && /write_failure/.test(status.stdout)
  while (isSending && !isTroubled()) status = await observe('status')
  assert.equal(status.code, 1)
  assert.match(status.stdout, /^It works, and something needs a look/)
  assert.match(status.stdout, /50 events of 50 wait for the tables/)
  assert.match(status.stdout, /database +✗ failing\n.*The database cannot be reached.*\n/)
  assert.match(status.stdout, /✗ http: held back until the buffer has room/)
  assert.ok(!`${status.stdout}${status.stderr}`.includes(postgres.password))
  proxy.open()
  const sent = await sending
  assert.equal(sent.code, 0, sent.stderr)
  assert.match(sent.stdout, /^Sent 200 events in .*, durably\.\n$/)
  assert.match(sent.stderr, /; waiting\.\n/)
  do status = await observe('status')
  while (status.code !== 0 || !status.stdout.includes(' 0 events of 50 wait'))
  assert.match(status.stdout, /^All is well/)
  assert.equal(JSON.parse((await observe('traces', '--limit', '1000', '--json')).stdout).length, lines.length)
})

/** A way to the server on which every second answer is lost, after the server has done what it was asked for. */
async function startLossyWay(): Promise<Server> {
  let requests = 0
  const way = createServer(async (request, response) => {
    const body = await buffer(request)
    const headers = { 'content-type': request.headers['content-type'] ?? 'application/json' }
    const answer = await fetch(url() + request.url, { method: 'POST', headers, body })
    const text = await answer.text()
    if (++requests % 2 === 0) request.socket.destroy()
    else response.writeHead(answer.status, { 'retry-after': '0' }).end(text)
  }).listen(0, '127.0.0.1')
  await once(way, 'listening')
  return way
}

test('S31: what is sent again after a lost answer is taken once', { skip }, async () => {
  const way = await startLossyWay()
  const { port } = way.address() as AddressInfo
  const lines = Array.from(
    { length: 120 },
    (_, at) => `{"trace_id":"lost","event_type":"step","metadata":{"at":${at}}}\n`,
  )
  const args = ['observe', 'send', '--url', `http://127.0.0.1:${port}`]
  const sent = await runCommand(args, { input: lines.join('') })
  way.close()
  assert.equal(sent.code, 0, sent.stderr)
  assert.match(sent.stdout, /^Sent 120 events /)
  assert.match(sent.stderr, /The server does not answer; waiting\./)
  let status = await observe('status')
  while (!status.stdout.includes(' 0 events of 50 wait')) status = await observe('status')
  assert.equal(JSON.parse((await observe('trace', 'lost', '--json')).stdout).span_count, lines.length)
})

test('tail says that the connection was lost, and goes on with the server that comes back', { skip }, async () => {
  const child = spawnChronicle(['observe', 'tail', '--json'], { CHRONICLE_URL: url() })
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
  let [printed, noted] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', piece => (printed += piece))
  child.stderr!.setEncoding('utf8').on('data', piece => (noted += piece))
  const send = async (trace: string): Promise<void> => {
    while (!printed.includes(trace)) {
      const input = `{"trace_id":"${trace}","event_type":"step"}\n`
      await runCommand(['observe', 'send', '--url', url()], { input })
    }
  }
  await send('before')
  await server.kill()
  server = await start()
  await send('behind')
  child.kill('SIGTERM')
  assert.equal(await exited, 0)
  assert.match(
    noted,
    /^The connection was lost; it is made again\.\nConnected again\.\nEvents that came meanwhile are not shown/,
  )
})
