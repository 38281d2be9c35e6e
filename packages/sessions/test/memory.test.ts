import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { makeHouse } from './support.ts'

const megabyte = 1024 * 1024
const chunkBytes = 256 * megabyte

/** Of the whole process with its threads. */
function residentBytes(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'))![1]) * 1024
}

test('SE7: a chunk of 256 MiB passes both ways in the memory of a small one', {
  skip: process.platform !== 'linux',
}, async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open({ settings: { maxChunkBytes: chunkBytes, workerTimeoutMs: 120_000 } })
  const piece = randomBytes(65_536)
  let peak = 0
  async function* body(bytes: number) {
    for (let sent = 0; sent < bytes; sent += piece.length) {
      piece.writeUInt32LE(sent)
      peak = Math.max(peak, residentBytes())
      yield piece
    }
  }
  const bothWays = async (chunkIndex: number, bytes: number): Promise<void> => {
    const receipt = await sessions.process({ sessionId: 'm', chunkIndex, body: body(bytes) })
    assert.equal(receipt.plainBytes, bytes)
    let read = 0
    for await (const part of (await sessions.readChunk('m', chunkIndex)).body) {
      read += part.length
      peak = Math.max(peak, residentBytes())
    }
    assert.equal(read, bytes)
  }
  await bothWays(0, 64 * megabyte)
  const before = peak
  await bothWays(1, chunkBytes)
  const grown = (peak - before) / megabyte
  assert.ok(grown < 96, `${grown.toFixed(0)} MiB more than for 64 MiB`)
})
