import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { startNatsServer, withoutNatsServer } from '../src/index.ts'

const skip = withoutNatsServer()
const stream = JSON.stringify({ name: 'TASKS', subjects: ['swarm.task.>'], storage: 'file' })

test('what was acknowledged is in the store after a kill, on the same port', { skip }, async () => {
  const server = await startNatsServer()
  try {
    const before = await Client.open(server.port)
    assert.match(await before.request('$JS.API.STREAM.CREATE.TASKS', stream), /"created"/)
    assert.match(await before.request('swarm.task.created', '{}'), /"seq":1/)
    const { port, pid } = server
    await server.kill()
    await before.closed
    await server.start()
    assert.equal(server.port, port)
    assert.notEqual(server.pid, pid)
    const after = await Client.open(server.port)
    assert.match(await after.request('$JS.API.STREAM.INFO.TASKS', ''), /"messages":1/)
    after.close()
  } finally {
    await server.stop()
  }
  assert.equal(existsSync(server.storeDir), false)
})

test('one that is paused says nothing, and answers when it goes on', { skip }, async () => {
  const server = await startNatsServer()
  try {
    const client = await Client.open(server.port)
    await server.pause()
    const answer = client.request('$JS.API.INFO', '')
    const first = await Promise.race([
      answer,
      new Promise<string>(resolve => setTimeout(() => resolve('nothing'), 100)),
    ])
    assert.equal(first, 'nothing')
    server.resume()
    assert.match(await answer, /"streams":0/)
    client.close()
    await server.pause()
  } finally {
    await server.stop()
  }
})

test('arguments are passed on, and a bad one is told in the server’s own words', { skip }, async () => {
  await assert.rejects(
    startNatsServer({ args: ['--no-such-flag'] }),
    /ended before it was ready.*\n[\s\S]*no-such-flag/,
  )
  const server = await startNatsServer({ args: ['--user', 'swarm', '--pass', 'secret'] })
  try {
    await assert.rejects(Client.open(server.port), /Authorization Violation/)
  } finally {
    await server.stop()
  }
})

/** As much of the NATS protocol as one request at a time takes. */
class Client {
  readonly closed: Promise<void>
  readonly #socket: Socket
  #received = ''
  #onMore: (() => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise(resolve => socket.once('close', () => resolve()))
    socket.on('error', () => undefined)
    socket.setEncoding('utf8').on('data', (piece: string) => {
      this.#received += piece
      this.#onMore?.()
    })
  }

  static async open(port: number): Promise<Client> {
    const client = new Client(connect(port, '127.0.0.1'))
    client.#socket.write('CONNECT {"verbose":false,"headers":true}\r\nSUB answers 1\r\nPING\r\n')
    await client.#until(/PONG\r\n/)
    return client
  }

  request(subject: string, payload: string): Promise<string> {
    this.#received = ''
    this.#socket.write(`PUB ${subject} answers ${payload.length}\r\n${payload}\r\n`)
    return this.#until(/MSG answers [\s\S]*\}\r\n/)
  }

  close(): void {
    this.#socket.destroy()
  }

  async #until(form: RegExp): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    this.#onMore = () => {
      if (form.test(this.#received)) resolve(this.#received)
      if (this.#received.includes('-ERR')) reject(new Error(this.#received))
    }
    this.#onMore()
    return promise
  }
}
