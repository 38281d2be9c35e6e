import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { seededRandom } from '@chronicle/base'
import type { SwarmEvent, WrittenBatch } from '@chronicle/observe'
import { SimScheduler } from '@chronicle/testing'
import { Follower } from '../src/http/observe/follower.ts'
import { TailEvents } from '../src/http/observe/tail-events.ts'
import { eventually } from './support/observe.ts'

const limits = { eventsMax: 1_000, bytesMax: 1 << 20, lingerMs: 1_000 }

let clock: SimScheduler
let events: TailEvents
let write: (count: number, text?: string) => void
let subscribers: Set<(written: WrittenBatch) => void>
let number: number

beforeEach(() => {
  const random = seededRandom(1)
  clock = new SimScheduler(random)
  subscribers = new Set()
  number = 0
  const subscribe = (listener: (written: WrittenBatch) => void) => {
    subscribers.add(listener)
    return () => void subscribers.delete(listener)
  }
  events = new TailEvents({ projector: { subscribe }, clock, random, limits })
  write = (count, text = '') => {
    const batch = Array.from({ length: count }, () => event(number++, text))
    for (const listener of subscribers) listener({ events: batch } as unknown as WrittenBatch)
  }
})

function event(n: number, text: string): SwarmEvent {
  const traceId = `trace ${n}`
  const metadata = { n, text }
  return { eventId: `${n}`, traceId, source: '', eventType: 'x', timestampMicros: n, metadata, isDeadLetter: false }
}

const server = createServer()
before(() => once(server.listen(0, '127.0.0.1'), 'listening'))
after(() => {
  server.close()
  server.closeAllConnections()
})

/** Both ends of one answer over a real connection. */
async function answer(): Promise<{ response: ServerResponse; socket: Socket }> {
  const arrived = once(server, 'request') as Promise<[unknown, ServerResponse]>
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET / HTTP/1.0\r\n\r\n')
  socket.pause()
  const [, response] = await arrived
  response.writeHead(200)
  return { response, socket }
}

const all = () => true

test('S26: what waits for a client that does not read is bounded, and it is told what it missed', async () => {
  const { response, socket } = await answer()
  new Follower({ events, response, filter: all, lastId: undefined })
  let waitingMax = 0
  const total = 40_000
  while (number < total) {
    write(100, 'x'.repeat(1_000))
    await turn()
    waitingMax = Math.max(waitingMax, response.writableLength)
  }
  assert.ok(waitingMax > 0 && waitingMax < 512 * 1024, `${waitingMax} bytes waited`)
  let text = ''
  socket.setEncoding('utf8').on('data', piece => {
    text += piece
  })
  socket.resume()
  await eventually(
    async () => text.includes(`"n":${total - 1},`),
    isThere => isThere,
  )
  const seen = [...text.matchAll(/^data: \{"event_id".*"n":(\d+),/gm)].map(match => Number(match[1]))
  const missed = [...text.matchAll(/^data: \{"missed":(\d+)\}$/gm)].map(match => Number(match[1]))
  assert.ok(missed.length > 0)
  assert.equal(seen.length + missed.reduce((sum, each) => sum + each, 0), total)
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
  socket.destroy()
})

test('S26: no more events are kept than there is room for, by their number and by their bytes', () => {
  events.follow(() => undefined)
  write(1_500)
  assert.deepEqual([events.first, events.end], [500, 1_500])
  assert.match(events.at(500)!.text, /"n":500,/)
  assert.equal(events.at(499), undefined)
  write(10, 'x'.repeat(400_000))
  assert.deepEqual([events.first, events.end], [1_508, 1_510])
})

test('nothing is kept for nobody, and what was kept goes when nobody comes back', async () => {
  write(5)
  assert.equal(subscribers.size, 0)
  const unfollow = events.follow(() => undefined)
  write(3)
  const { epoch } = events
  unfollow()
  write(2)
  assert.deepEqual([events.first, events.end, subscribers.size], [0, 5, 1])
  await clock.advance(limits.lingerMs)
  assert.deepEqual([events.first, events.end, subscribers.size], [0, 0, 0])
  assert.notEqual(events.epoch, epoch)
})

test('a client that was away for too long is told how many it missed, and then the rest', async () => {
  events.follow(() => undefined)
  write(1_200)
  const { response, socket } = await answer()
  new Follower({ events, response, filter: ({ traceId }) => traceId.endsWith('99'), lastId: `${events.epoch}-49` })
  response.end()
  let text = ''
  for await (const piece of socket.setEncoding('utf8')) text += piece
  assert.match(text, new RegExp(`id: ${events.epoch}-199\nevent: gap\ndata: {"missed":150}\n\n`))
  assert.deepEqual(
    [...text.matchAll(/"n":(\d+)/g)].map(([, n]) => n),
    ['299', '399', '499', '599', '699'],
  )
})

test('a heartbeat says where the client is, also where nothing was for it', async () => {
  const { response, socket } = await answer()
  const follower = new Follower({ events, response, filter: () => false, lastId: undefined })
  write(7)
  await turn()
  follower.beat()
  follower.end()
  let text = ''
  for await (const piece of socket.setEncoding('utf8')) text += piece
  assert.ok(text.endsWith(`: alive\nid: ${events.epoch}-6\n\n`), text)
  assert.equal(subscribers.size, 1)
})
