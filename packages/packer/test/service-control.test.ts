/** Whoever asks a running packer is told what it answers, also when that is an error. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { ChronicleError, systemClock } from '@chronicle/base'
import { createLogger } from '@chronicle/telemetry'
import { askPacker, packerErrors, serveControl } from '../src/index.ts'
import { requestLineBytesMax } from '../src/service/control-lines.ts'
import { temporaryBase } from './temporary-base.ts'

const path = `${temporaryBase()}/s`
const logger = createLogger({ level: 'error', format: 'json', colours: false, write: () => undefined })
const handlers = {
  echo: ({ word }: { word?: unknown }) => ({ word }),
  steps: (_: object, tell: (progress: object) => void) => {
    for (const step of [1, 2]) tell({ step })
    return { done: true }
  },
  busy: () => Promise.reject(packerErrors.create('packer.run-in-progress', { reason: 'schedule' })),
  sources: () => ({
    sources: Array.from({ length: 5000 }, (_, at) => ({ source: `topic/id/orders/${at}`, position: at })),
  }),
  silent: () => new Promise<object>(() => undefined),
  broken: () => Promise.reject(new Error('the disk is gone')),
}

async function withControl(use: () => Promise<void>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const server = await serveControl({ path, handlers, clock: systemClock, logger })
  try {
    await use()
  } finally {
    await server.stop()
    rmSync(dirname(path), { recursive: true, force: true })
  }
}

/** What is answered to bytes that `askPacker` would not send. */
async function answerTo(bytes: string): Promise<string> {
  const socket = connect(path)
  await once(socket, 'connect')
  socket.write(bytes)
  return text(socket)
}

test('answers, progress and errors of every kind reach whoever asks', async () => {
  await withControl(async () => {
    assert.deepEqual(await askPacker(path, { command: 'echo', word: 'ä' }), { word: 'ä' })
    const told: object[] = []
    assert.deepEqual(await askPacker(path, { command: 'steps' }, step => told.push(step)), { done: true })
    assert.deepEqual(told, [{ step: 1 }, { step: 2 }])
    for (const [command, code, words] of [
      ['busy', 'packer.run-in-progress', /reason: schedule/],
      ['broken', 'packer.control-refused', /the disk is gone/],
      ['toString', 'packer.control-refused', /no such command/],
    ] as const) {
      await assert.rejects(askPacker(path, { command }), (error: ChronicleError) => {
        assert.ok(error instanceof ChronicleError)
        assert.equal(error.code, code)
        assert.match(error.message, words)
        return true
      })
    }
    for (const bytes of ['{\n', '7\n', 'x'.repeat(requestLineBytesMax + 1)]) {
      assert.equal(JSON.parse(await answerTo(bytes)).error.code, 'packer.control-refused')
    }
  })
  assert.equal(await askPacker(path, { command: 'echo' }), undefined, 'nobody listens any more')
})

test('an answer may be far longer than a request: that about thousands of partitions arrives', async () => {
  await withControl(async () => {
    const { sources } = (await askPacker(path, { command: 'sources' })) as { sources: object[] }
    assert.equal(sources.length, 5000)
  })
})

test('a packer that does not answer is not waited for without end', async () => {
  await withControl(async () => {
    await assert.rejects(askPacker(path, { command: 'silent' }, undefined, 50), error => {
      assert.ok(packerErrors.is(error) && error.code === 'packer.control-refused')
      assert.match(String(error.details.reason), /not answered for 50 ms/)
      return true
    })
  })
})
