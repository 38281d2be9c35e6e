import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { Api, type Json } from './support/api.ts'

const queueSize = 4
const timeoutMs = 1500

let server: ChronicleProcess
let api: Api
before(async () => {
  const env = { CHRONICLE_SESSIONS_QUEUE_SIZE: `${queueSize}`, CHRONICLE_SESSIONS_WORKER_TIMEOUT: `${timeoutMs}ms` }
  server = await startChronicle({ env })
  api = new Api(server)
})
after(() => server.stop())

const crlf = '\r\n'
const type = { put: 'application/octet-stream', post: 'application/json' }
const head = (line: string, contentType: string, ...more: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: localhost', `Content-Type: ${contentType}`, ...more, '', ''].join(crlf)
const putHead = (index: number, ...more: string[]) =>
  head(`PUT /api/v1/sessions/slow/chunks/${index}`, type.put, ...more)
const postHead = (...more: string[]) => head('POST /api/v1/chunks/process', type.post, ...more)

/** Status and problem of an answer, which has to be whole. */
function answered(text: string): { status: number; code: unknown; text: string } {
  const [top = '', body = ''] = text.split(crlf + crlf)
  const length = Number(/content-length: (\d+)/i.exec(top)?.[1])
  assert.equal(Buffer.byteLength(body), length, text)
  assert.match(top, /content-type: application\/problem\+json/i)
  return { status: Number(top.split(' ')[1]), code: (JSON.parse(body) as Json).code, text }
}

async function figures(): Promise<Json> {
  return api.json('/metrics', { headers: { accept: 'application/json' } })
}

/** Chunks that are being received or processed. */
async function waitForQueue(length: number): Promise<void> {
  while ((await figures()).queue_length !== length) await new Promise(resolve => setTimeout(resolve, 10))
}

test('a claim of 100 GiB is refused at once: nothing of it is asked for, and the connection ends', async () => {
  const claim = `Content-Length: ${100 * 2 ** 30}`
  for (const [text, code] of [
    [putHead(0, claim), 'sessions.chunk-too-large'],
    [postHead(claim), 'server.body-too-large'],
    [putHead(0, claim, 'Expect: 100-continue'), 'sessions.chunk-too-large'],
    [postHead(claim, 'Expect: 100-continue'), 'server.body-too-large'],
  ] as const) {
    const answer = answered(await api.exchange(text))
    assert.deepEqual([answer.status, answer.code], [413, code])
    assert.doesNotMatch(answer.text, /100 Continue/)
    assert.match(answer.text, /connection: close/i)
  }
})

test('S9: a client that sends its whole body before it looks sees why it was refused', async () => {
  const bytes = 16 << 20
  const answer = await api.exchange(putHead(0, `Content-Length: ${bytes}`) + 'x'.repeat(bytes))
  assert.equal(answered(answer).status, 413)
})

test('whoever waits for leave to send a body gets it once there is room', async () => {
  const socket = connect(api.port, '127.0.0.1')
  socket.write(putHead(1, 'Content-Length: 5', 'Expect: 100-continue', 'Connection: close'))
  const said = reading(socket)
  await said.until(/100 Continue\r\n\r\n/)
  socket.write('hello')
  await said.until(/HTTP\/1\.1 201 /)
})

test('slow-loris uploads in either form get 408, and everything that they held is free again', async () => {
  const drip = async (text: string): Promise<string> => {
    const socket = connect(api.port, '127.0.0.1')
    const said = reading(socket)
    socket.write(text)
    const dripping = setInterval(() => socket.write('x'), 50)
    try {
      return await said.end
    } finally {
      clearInterval(dripping)
      socket.destroy()
    }
  }
  const length = 'Content-Length: 100000'
  const texts = [putHead(10, length), `${putHead(11, 'Transfer-Encoding: chunked')}ffff${crlf}`, postHead(length)]
  const answers = (await Promise.all(texts.map(drip))).map(answered)
  assert.deepEqual(
    answers.map(({ status }) => status),
    [408, 408, 408],
  )
  await waitForQueue(0)
})

test('a full queue answers 429 with Retry-After before it reads a body; who held its places goes on', async () => {
  const holders = Array.from({ length: queueSize }, (_, index) => {
    const socket = connect(api.port, '127.0.0.1')
    socket.write(`${putHead(20 + index, 'Content-Length: 5', 'Connection: close')}hel`)
    return { socket, said: reading(socket) }
  })
  await waitForQueue(queueSize)
  for (const text of [putHead(30, 'Content-Length: 1000000'), postHead('Content-Length: 1000000')]) {
    const answer = answered(await api.exchange(text))
    assert.deepEqual([answer.status, answer.code], [429, 'sessions.busy'])
    assert.match(answer.text, /retry-after: 1\r/i)
  }
  for (const { socket, said } of holders) {
    socket.write('lo')
    await said.until(/HTTP\/1\.1 201 /)
  }
  await waitForQueue(0)
})

test('a client that goes away in the middle of a chunk leaves nothing behind', async () => {
  const socket = connect(api.port, '127.0.0.1')
  socket.write(`${putHead(40, 'Content-Length: 100000')}half`)
  await waitForQueue(1)
  socket.destroy()
  await waitForQueue(0)
  await api.problem(404, '/api/v1/sessions/slow/chunks/40')
})

test('a download that its client stops taking is ended, and one that goes on is not', { timeout: 30_000 }, async () => {
  const bytes = Buffer.alloc(10 << 20, 'chronicle')
  assert.equal((await api.put('stalled', 0, bytes)).status, 201)
  const download = (): Socket => {
    const socket = connect(api.port, '127.0.0.1')
    socket.write(`GET /api/v1/sessions/stalled/chunks/0 HTTP/1.1${crlf}Host: localhost${crlf}${crlf}`)
    return socket
  }
  const openSockets = (): number => readdirSync(`/proc/${server.pid}/fd`).length
  const before = openSockets()
  const stalled = Array.from({ length: 5 }, () => download().pause())
  const slow = download()
  let came = 0
  slow.on('data', piece => {
    came += piece.length
    slow.pause()
    setTimeout(() => slow.resume(), 20)
  })
  while (came < bytes.length) await new Promise(resolve => setTimeout(resolve, 50))
  slow.destroy()
  while (openSockets() > before) await new Promise(resolve => setTimeout(resolve, 50))
  for (const socket of stalled) socket.destroy()
})

test('10,000 requests at once: each is answered, and memory stays bounded', { timeout: 120_000 }, async t => {
  const requests = 10_000
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })
  const body = Buffer.from(JSON.stringify({ session_id: 'many', chunk_index: 0, data: 'aGVsbG8=' }))
  const roomy = await startChronicle()
  t.after(() => roomy.stop())
  const bytesBefore = residentBytes(roomy)
  const statuses = await Promise.all(
    Array.from({ length: requests }, () => {
      return new Promise<number | string>(resolve => {
        const options = {
          port: roomy.httpPort,
          host: '127.0.0.1',
          path: '/api/v1/chunks/process',
          method: 'POST',
          agent,
        }
        const headers = { 'content-type': 'application/json', 'content-length': body.length }
        request({ ...options, headers })
          .on('response', response => response.resume().on('end', () => resolve(response.statusCode!)))
          .on('error', error => resolve(error.message))
          .end(body)
      })
    }),
  )
  const counts = Map.groupBy(statuses, status => status)
  assert.deepEqual(
    [...counts.keys()].sort(),
    [200, 429],
    JSON.stringify([...counts].map(([key, all]) => [key, all.length])),
  )
  assert.equal((await new Api(roomy).json('/api/v1/sessions/many')).chunks, 1)
  const bytesMore = residentBytes(roomy) - bytesBefore
  assert.ok(bytesMore < 512 * 2 ** 20, `${bytesMore} bytes more`)
})

function residentBytes({ pid }: ChronicleProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024
}

/** What comes over a socket: until a pattern is seen, or to its end. */
function reading(socket: Socket): { until(pattern: RegExp): Promise<void>; readonly end: Promise<string> } {
  let said = ''
  let look = (): void => undefined
  socket.setEncoding('utf8').on('data', piece => {
    said += piece
    look()
  })
  const end = new Promise<string>((resolve, reject) => {
    socket.on('end', () => resolve(said)).on('error', reject)
  })
  end.catch(() => undefined)
  return {
    end,
    until: pattern =>
      new Promise((resolve, reject) => {
        look = () => pattern.test(said) && resolve()
        end.then(() => reject(new Error(`ended after ${JSON.stringify(said)}`)), reject)
        look()
      }),
  }
}
