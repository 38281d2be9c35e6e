import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '@chronicle/base'
import fc from 'fast-check'
import { apiVersions, defaultBrokerLimits } from '../src/index.ts'
import { ByteBudget } from '../src/net/byte-budget.ts'
import { Connection } from '../src/net/connection.ts'
import { Outbox } from '../src/net/outbox.ts'
import { frameOf } from './support/frames.ts'
import { connectionShared } from './support/shared.ts'

const MiB = 1024 * 1024

/** Takes writes and lets the test say when they have left. */
function fakeSocket() {
  const written: Buffer[] = []
  let pending: ((error?: Error | null) => void) | undefined
  let destroyed = false
  return {
    written,
    cork: () => undefined,
    uncork: () => undefined,
    write(bytes: Uint8Array, sent?: (error?: Error | null) => void) {
      written.push(Buffer.from(bytes))
      if (sent) pending = sent
    },
    resume: () => undefined,
    destroy: () => {
      destroyed = true
    },
    get isWriting() {
      return pending !== undefined
    },
    get destroyed() {
      return destroyed
    },
    sent(error?: Error) {
      const callback = pending
      pending = undefined
      callback?.(error)
    },
  }
}

const turn = (): Promise<void> => new Promise(resolve => process.nextTick(resolve))

test('N2: pieces of any size leave in order, in bounded writes, and each response is released when it has left', async () => {
  const sizes = fc.array(
    fc.array(fc.oneof(fc.nat(100), fc.nat(10_000), fc.integer({ min: MiB - 5, max: 2 * MiB + 5 })), {
      minLength: 1,
      maxLength: 5,
    }),
    { minLength: 1, maxLength: 6 },
  )
  await fc.assert(
    fc.asyncProperty(sizes, async responses => {
      const socket = fakeSocket()
      const total = new ByteBudget(1e9)
      let sentBytes = 0
      const outbox = new Outbox(socket, total, bytes => {
        sentBytes += bytes
      })
      const expected: Buffer[] = []
      const released: number[] = []
      for (const [n, lengths] of responses.entries()) {
        const pieces = lengths.map((length, at) => Buffer.alloc(length, (n * 7 + at) & 0xff))
        const bytes = lengths.reduce((sum, length) => sum + length, 0)
        expected.push(...pieces)
        total.take(bytes)
        outbox.push(pieces, bytes, [() => released.push(n)])
      }
      await turn()
      while (socket.isWriting) {
        const before = socket.written.length
        socket.sent()
        const write = socket.written.slice(before).reduce((sum, { length }) => sum + length, 0)
        assert.ok(write < 2 * MiB, `a write of ${write} bytes`)
      }
      const all = Buffer.concat(expected)
      assert.ok(Buffer.concat(socket.written).equals(all))
      assert.deepEqual(
        released,
        responses.map((_, n) => n),
      )
      assert.deepEqual([sentBytes, outbox.bytes, total.used], [all.length, 0, 0])
    }),
    { numRuns: 30 },
  )
})

test('N4: what was not sent is released once, when the socket is closed, not when a write fails', async () => {
  const socket = fakeSocket()
  const total = new ByteBudget(1e9)
  const outbox = new Outbox(socket, total, () => undefined)
  const released: number[] = []
  for (let n = 0; n < 3; n++) {
    total.take(10)
    outbox.push([Buffer.alloc(10)], 10, [() => released.push(n)])
  }
  await turn()
  socket.sent(new Error('EPIPE'))
  assert.deepEqual(released, [])
  outbox.close()
  outbox.close()
  assert.deepEqual([released, total.used], [[0, 1, 2], 0])
})

test('N5: a peer that takes something now and then is not closed, one that takes nothing is', async () => {
  let now = 0
  const limits = { ...defaultBrokerLimits, sendStallMsMax: 100 }
  const shared = connectionShared({ limits, clock: { ...systemClock, monotonic: () => now } })
  const socket = fakeSocket()
  const connection = new Connection(shared, socket, { id: 1, host: '127.0.0.1', port: 1 })
  const ask = () => connection.accept(frameOf(apiVersions, 0, 1, {}))
  now = 1_000
  ask()
  await turn()
  for (let n = 0; n < 5; n++) {
    // The next answer waits behind the write that is under way.
    ask()
    now += 90
    connection.checkTimes(now)
    assert.equal(socket.destroyed, false)
    socket.sent()
    await turn()
  }
  now += 90
  ask()
  connection.checkTimes(now)
  assert.equal(socket.destroyed, false)
  now += 20
  connection.checkTimes(now)
  assert.equal(socket.destroyed, true)
  connection.socketClosed()
  assert.deepEqual([shared.arriving.used, shared.inFlight.used, shared.unsent.used], [0, 0, 0])
})
