import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { listTraces } from '../src/cli/observe/traces.ts'
import { Terminal } from '../src/cli/terminal.ts'

/** Standard error as a terminal has it. */
class Notes extends Writable {
  readonly isTTY = true
  text = ''
  readonly says = new Map<string, PromiseWithResolvers<void>>()

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    for (const [words, said] of this.says) if (this.text.includes(words)) said.resolve()
    done()
  }

  getColorDepth(): number {
    return 1
  }

  when(words: string): Promise<void> {
    const said = Promise.withResolvers<void>()
    this.says.set(words, said)
    return said.promise
  }
}

for (const { state, words } of [
  { state: 'opening', words: 'The server opens its database' },
  { state: 'open', words: 'Waiting for the server' },
]) {
  test(`who waits for a database that is ${state} is told so, until the answer is there`, async () => {
    const notes = new Notes()
    const told = notes.when(words)
    let asked = 0
    const server = createServer((request, response) => {
      if (request.url === '/api/v1/health') response.end(JSON.stringify({ database: { state }, buffer_size: 3 }))
      else if (++asked === 1) void told.then(() => response.writeHead(503).end('{"code":"observe.tables-opening"}'))
      else response.end('[]')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: notes }
    const terminal = new Terminal(streams as unknown as ConstructorParameters<typeof Terminal>[0])
    try {
      await listTraces(terminal, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, limit: 1 })
      assert.ok(notes.text.includes('\r\x1b[2KNo traces yet: 3 events wait for the tables'), notes.text)
      assert.equal(asked, 2)
    } finally {
      server.close()
    }
  })
}
