import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { seededRandom } from '@chronicle/base'
import type { Database } from '@chronicle/observe'
import { SimScheduler } from '@chronicle/testing'
import { fastify } from 'fastify'
import { BytesBudget } from '../src/http/bytes-budget.ts'
import { answerFrom } from '../src/http/observe/answers.ts'
import { TablesReader } from '../src/http/observe/tables-reader.ts'

const mebibyte = 1024 * 1024
const clock = new SimScheduler(seededRandom(1))
const budget = new BytesBudget({ bytesMax: 40 * mebibyte, waitingMax: 5, waitMsMax: 1_000 }, clock)
const database: Pick<Database, 'read'> = { read: work => work(undefined as never) }
const reading = {
  reader: new TablesReader({ tables: { database: async () => database as Database, state: 'open' }, clock }),
  budget,
}

const app = fastify({ forceCloseConnections: true })
app.get<{ Querystring: { bytes: string; bytesMax: string } }>('/', ({ query }, reply) =>
  answerFrom(reply, reading, {
    bytesMax: Number(query.bytesMax),
    read: async () => 'x'.repeat(Number(query.bytes)),
    view: text => ({ text }),
  }),
)
before(() => app.listen({ host: '127.0.0.1', port: 0 }))
after(() => app.close())

async function beginningOf(socket: Socket): Promise<string> {
  const [piece] = (await once(socket, 'data')) as [Buffer]
  socket.pause()
  return piece.toString('latin1', 0, 12)
}

const ask = (bytes: number, bytesMax: number) =>
  fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/?bytes=${bytes}&bytesMax=${bytesMax}`)

test('S24: an answer that nobody takes holds its memory, one that has left does not', async () => {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.pause().write(`GET /?bytes=${30 * mebibyte}&bytesMax=${30 * mebibyte} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await new Promise(resolve => socket.once('readable', resolve))

  const refused = ask(1, 20 * mebibyte)
  while ((await Promise.race([refused, turn('waiting')])) === 'waiting') await clock.advance(100)
  assert.equal(((await (await refused).json()) as { code: string }).code, 'server.busy')
  assert.equal((await ask(1, 5 * mebibyte)).status, 200, 'there is room for a smaller one')

  let bytes = 0
  socket.removeAllListeners('readable').on('data', piece => {
    bytes += piece.length
  })
  socket.resume()
  while (bytes < 30 * mebibyte) await turn()
  const other = await ask(1, 40 * mebibyte)
  assert.equal(other.status, 200)
  socket.destroy()
})

test('S24: of what an answer could take only what it does is held while it leaves, and nothing once the client is gone', async () => {
  const port = (app.server.address() as AddressInfo).port
  const sockets = Array.from({ length: 4 }, () => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET /?bytes=${7 * mebibyte}&bytesMax=${16 * mebibyte} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    return socket
  })
  // Together they could take more than there is; all of them are answered, for they do not.
  const begun = Promise.all(sockets.map(beginningOf))
  while ((await Promise.race([begun, turn('waiting')])) === 'waiting') await clock.advance(10)
  assert.deepEqual(new Set(await begun), new Set(['HTTP/1.1 200']))
  const last = ask(1, 40 * mebibyte)
  for (const socket of sockets) socket.destroy()
  assert.equal((await last).status, 200)
})
