/** The door against who asks wrongly, slowly, or too often. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Stoppable } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import { type CaptureStatus, type DoorLimits, doorLimits, openCapture, openDoor } from '../src/door/index.ts'
import type { Screenshots } from '../src/screenshots/index.ts'
import { eventually } from './bus-support.ts'
import { eventOf, House, type HouseOptions, idOf, imageOf, settle } from './screenshots-support.ts'

/** Larger than what fits into a connection that nobody reads. */
const imageBytes = 8_000_000
const roomy = { shotBytesMax: 2 ** 30, memoryShotBytesMax: 2 ** 30, memoryBytesMax: 2 ** 30, waitingBytesMax: 2 ** 30 }

/** Screenshots, and a door before them; `read` has the copies that were given out. */
class Entrance {
  readonly house: House
  readonly path: string
  readonly read: Buffer[] = []
  readonly screenshots: Screenshots
  readonly #door: Stoppable

  private constructor(house: House, screenshots: Screenshots, read: Buffer[], door: Stoppable) {
    this.house = house
    this.path = join(house.base, 'door.sock')
    this.screenshots = screenshots
    this.read = read
    this.#door = door
  }

  static async open(limits: Partial<DoorLimits> = {}, options: HouseOptions = {}): Promise<Entrance> {
    const house = new House({ ...options, limits: roomy })
    const screenshots = await house.open()
    const read: Buffer[] = []
    const inside = {
      status: () => ({ pid: process.pid }) as CaptureStatus,
      metrics: () => house.registry.metrics(),
      async screenshot(id: string) {
        const bytes = await screenshots.read(id)
        read.push(bytes)
        return bytes
      },
      imageFormat: (id: string) => screenshots.formatOf(id),
      isDeleted: (id: string) => screenshots.placeOf(id) === 'deleted',
      analysed: (ids: readonly string[]) => screenshots.analysed(ids),
    }
    const around = { clock: house.clock, logger: silentLogger, limits: { ...doorLimits, ...limits } }
    const door = await openDoor({ path: join(house.base, 'door.sock'), inside, ...around })
    return new Entrance(house, screenshots, read, door)
  }

  async ask(method: string, path: string, body = ''): Promise<{ status: number; body: string; type?: string }> {
    const asked = request({ socketPath: this.path, method, path, agent: false })
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const pieces: Buffer[] = await response.toArray()
    const type = response.headers['content-type']
    return { status: response.statusCode!, body: Buffer.concat(pieces).toString('latin1'), ...(type && { type }) }
  }

  /** A connection that says `text` and is not read. */
  async silent(text: string): Promise<Socket> {
    const socket = connect(this.path)
    await once(socket, 'connect')
    socket.pause()
    socket.on('error', () => undefined)
    socket.write(text)
    return socket
  }

  async close(): Promise<void> {
    await this.#door.stop()
    await this.house.remove()
  }
}

test('CD5: whatever is no request of ours has an answer that names a code, and nothing else', async () => {
  const entrance = await Entrance.open({ bodyBytesMax: 1000, idsMax: 3 })
  const ids = (count: number) => JSON.stringify({ screenshots: Array.from({ length: count }, (_, n) => idOf(n)) })
  const asked: readonly (readonly [string, string, string, number, string])[] = [
    ['GET', '/', '', 404, 'capture.door-no-such-page'],
    ['GET', '/screenshots/', '', 404, 'capture.door-no-such-page'],
    ['GET', '/screenshots/../../etc/passwd', '', 404, 'capture.door-no-such-page'],
    ['GET', '/screenshots/..%2f..%2fetc%2fpasswd', '', 400, 'capture.door-request'],
    ['GET', '/screenshots/00000000-0000-0000-0000-000000000000', '', 400, 'capture.door-request'],
    ['GET', `/screenshots/${idOf(1)}`, '', 404, 'capture.screenshot-unknown'],
    ['DELETE', `/screenshots/${idOf(1)}`, '', 404, 'capture.door-no-such-page'],
    ['GET', '/constructor', '', 404, 'capture.door-no-such-page'],
    ['POST', '/status', '', 404, 'capture.door-no-such-page'],
    ['POST', '/analysed', '', 400, 'capture.door-request'],
    ['POST', '/analysed', 'null', 400, 'capture.door-request'],
    ['POST', '/analysed', '{"screenshots":"all"}', 400, 'capture.door-request'],
    ['POST', '/analysed', '{"screenshots":["all"]}', 400, 'capture.door-request'],
    ['POST', '/analysed', '{"screenshots":[{}]}', 400, 'capture.door-request'],
    ['POST', '/analysed', ids(4), 400, 'capture.door-request'],
    ['POST', '/analysed', `{"screenshots":[],"more":"${'x'.repeat(2000)}"}`, 413, 'capture.limit-door-request'],
  ]
  for (const [method, path, body, status, code] of asked) {
    const answer = await entrance.ask(method, path, body)
    assert.deepEqual([answer.status, JSON.parse(answer.body).code], [status, code], `${method} ${path}`)
    assert.ok(!answer.body.includes('passwd'), 'what was asked is not repeated')
  }
  assert.equal((await entrance.ask('POST', '/analysed', ids(3))).status, 204)
  await entrance.close()
})

test('CD5: bytes that are no HTTP, headers without an end and a request that stops half-way are cut off', async () => {
  const entrance = await Entrance.open({ requestMsMax: 500 })
  const texts = [
    '\0\x01\x02 hello\r\n\r\n',
    `GET /status HTTP/1.1\r\nhost: x\r\nmore: ${'x'.repeat(20_000)}`,
    'GET /status HTTP/1.1\r\nhost: x\r\n',
    'POST /analysed HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{',
  ]
  const sockets = await Promise.all(texts.map(text => entrance.silent(text)))
  await Promise.all(sockets.map(socket => once(socket.resume(), 'close')))
  assert.equal((await entrance.ask('GET', '/status')).status, 200)
  await entrance.close()
})

test('CD5: more connections than there may be are turned away, and room is there again when they go', async () => {
  const entrance = await Entrance.open({ connectionsMax: 3 })
  const held = await Promise.all([1, 2, 3].map(() => entrance.silent('')))
  await assert.rejects(openCapture('', { socket: entrance.path }).status(), { code: 'capture.door-failed' })
  for (const socket of held) socket.destroy()
  // The door learns of it in a later turn.
  let isOpen = false
  const look = () =>
    void openCapture('', { socket: entrance.path })
      .status()
      .then(() => (isOpen = true), look)
  look()
  await eventually(() => isOpen)
  await entrance.close()
})

test('CD3: who does not read is cut off in time, and others wait for the turn; copies are overwritten', async () => {
  const entrance = await Entrance.open({ sendingMax: 2, sendMsMax: 2000 })
  await entrance.screenshots.accept(eventOf(1), imageOf(imageBytes))
  const silent = await entrance.silent(`GET /screenshots/${idOf(1)} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(5))
  await eventually(() => entrance.read.length === 2)
  const answers: string[] = []
  void entrance.ask('GET', `/screenshots/${idOf(1)}`).then(({ body }) => answers.push(body))
  await settle()
  assert.equal(entrance.read.length, 2, 'two at a time')
  await entrance.house.clock.pass(3000)
  await eventually(() => answers.length === 1)
  assert.equal(answers[0], imageOf(imageBytes).toString('latin1'))
  // What waited behind them on the same connection is not read at all.
  assert.equal(entrance.read.length, 3)
  await eventually(() => entrance.read.every(isOverwritten))
  silent.destroy()
  await entrance.close()
})

test('CD2, CD3: what is analysed or past its time is broken off on its way, and overwritten before it is called gone', async () => {
  const entrance = await Entrance.open()
  for (const number of [1, 2]) {
    await entrance.screenshots.accept(eventOf(number), imageOf(imageBytes, number))
    await entrance.silent(`GET /screenshots/${idOf(number)} HTTP/1.1\r\nhost: x\r\n\r\n`)
    await eventually(() => entrance.read.length === number)
  }
  assert.ok(!entrance.read.some(isOverwritten))
  assert.equal((await entrance.ask('POST', '/analysed', JSON.stringify({ screenshots: [idOf(1)] }))).status, 204)
  assert.deepEqual(entrance.read.map(isOverwritten), [true, false])
  await entrance.house.clock.pass(70_000)
  await eventually(() => entrance.read.every(isOverwritten))
  assert.equal((await entrance.ask('GET', `/screenshots/${idOf(2)}`)).status, 410)
  await entrance.close()
})

test('CD2: a screenshot that is being handed on is called gone once it is destroyed, whoever asks', async () => {
  const { promise: taken, resolve: take } = Promise.withResolvers<void>()
  const entrance = await Entrance.open({}, { handOn: () => taken })
  await entrance.screenshots.accept(eventOf(1), imageOf(1000))
  const answered: number[] = []
  const ask = (number: number) =>
    entrance.ask('POST', '/analysed', JSON.stringify({ screenshots: [idOf(1)] })).then(({ status }) => {
      answered.push(number)
      return status
    })
  const asked = [ask(1), ask(2)]
  // Both have come in before this is answered.
  assert.equal((await entrance.ask('GET', '/status')).status, 200)
  await settle()
  assert.deepEqual([answered, entrance.screenshots.placeOf(idOf(1))], [[], 'memory'])
  take()
  assert.deepEqual(await Promise.all(asked), [204, 204])
  assert.equal(entrance.screenshots.placeOf(idOf(1)), 'deleted')
  await entrance.close()
})

function isOverwritten(bytes: Buffer): boolean {
  return bytes.every(byte => byte === 0)
}
