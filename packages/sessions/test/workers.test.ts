import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import diagnostics from 'node:diagnostics_channel'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { systemClock, systemRandom } from '@chronicle/base'
import { type SealKey, sealedKinds } from '@chronicle/vault'
import { framePayloadBytesMax, workerIdleMs } from '../src/limits.ts'
import type { SealJob } from '../src/seal-job.ts'
import { WorkerPool } from '../src/worker-pool.ts'
import { keysUnder, ManualClock, makeHouse, payloadOf, post, refused, until } from './support.ts'

/** The threads that were started, so that a test can end them as a fault would. */
const threads: Worker[] = []
diagnostics.subscribe('worker_threads', message => void threads.push((message as { worker: Worker }).worker))

function keyOf(): SealKey {
  return { id: systemRandom.uuid(), epoch: 1, secret: createSecretKey(randomBytes(32)) }
}

const order = { leafMetadata: new Uint8Array(), salt: new Uint8Array(32), compressionLevel: undefined }

async function sendFrame(job: SealJob, bytes: number, isLast: boolean): Promise<void> {
  job.send({ memory: await job.memory(), bytes, isLast })
}

async function drain(job: SealJob): Promise<number> {
  let bytes = 0
  for await (const piece of job.output()) bytes += piece.length
  return bytes
}

test('workers start with the work and stop when there is none', async () => {
  assert.ok('chunk' in sealedKinds)
  const clock = new ManualClock()
  const pool = new WorkerPool(3, clock)
  assert.equal(pool.size, 0)
  const jobs = Array.from({ length: 5 }, (_, at) => pool.start({ ...order, place: `s/${at}` }, keyOf()))
  assert.equal(pool.size, 0, 'a chunk takes a worker with its first frame')
  for (const job of jobs) await sendFrame(job, framePayloadBytesMax, false)
  assert.deepEqual([pool.size, pool.busy], [3, 3])
  for (const job of jobs) await sendFrame(job, 10, true)
  for (const job of jobs) assert.ok((await drain(job)) > framePayloadBytesMax)
  assert.deepEqual([pool.size, pool.busy], [3, 0])
  clock.advance(workerIdleMs - 1)
  assert.equal(pool.size, 3)
  clock.advance(1)
  assert.equal(pool.size, 0)
  await pool.close()
})

test('small chunks share a worker while it has less than a frame to do', async () => {
  const pool = new WorkerPool(10, systemClock)
  const key = keyOf()
  const jobs = Array.from({ length: 20 }, (_, at) => pool.start({ ...order, place: `s/${at}` }, key))
  for (const job of jobs) await sendFrame(job, 1000, true)
  assert.equal(pool.size, 1)
  await Promise.all(jobs.map(drain))
  await pool.close()
})

test('SE7: a job has four frames at most, and the next only when what became of one was taken', async () => {
  const pool = new WorkerPool(1, systemClock)
  const job = pool.start({ ...order, place: 's/0' }, keyOf())
  for (let frame = 0; frame < 4; frame++) await sendFrame(job, framePayloadBytesMax, false)
  let given = false
  const fifth = job.memory().then(memory => {
    given = true
    return memory
  })
  const output = job.output()
  await output.next()
  assert.equal(given, false)
  await output.next()
  job.send({ memory: await fifth, bytes: 0, isLast: true })
  for (let next = await output.next(); !next.done; ) next = await output.next()
  await pool.close()
})

test('SE8: a worker that dies fails its chunks, leaves nothing of them, and is replaced', async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open()
  threads.length = 0
  await post(sessions, 'w', 0)
  let pulled = 0
  async function* body() {
    for (let piece = 0; ; piece++) {
      pulled++
      if (piece === 20) await Promise.all(threads.map(thread => thread.terminate()))
      yield randomBytes(65_536)
    }
  }
  const large = sessions.process({ sessionId: 'w', chunkIndex: 1, body: body() })
  await refused('sessions.worker-failed', large)
  assert.ok(pulled >= 20)
  assert.equal((await keysUnder(house.store, 'sessions/chunks/w/')).length, 1)
  assert.equal((await post(sessions, 'w', 1)).repeated, false)
  assert.equal((await sessions.finalize('w')).treeSize, 2)
  assert.ok(threads.length >= 2)
})

test('a key goes to a thread once, and is taken back when the session is deleted', async t => {
  const house = await makeHouse(t)
  const { sessions } = await house.open()
  threads.length = 0
  await post(sessions, 'k', 0)
  assert.equal(threads.length, 1)
  const sent: { type: string }[] = []
  const [thread] = threads
  const postMessage = thread!.postMessage.bind(thread)
  thread!.postMessage = (message: { type: string }, transfer?: readonly unknown[]) => {
    sent.push(message)
    postMessage(message, transfer as never)
  }
  for (let index = 1; index < 5; index++) await post(sessions, 'k', index, payloadOf(index, 100))
  assert.deepEqual([...new Set(sent.map(({ type }) => type))], ['seal'])
  await sessions.delete('k')
  await until(() => sent.some(({ type }) => type === 'forget'))
  assert.ok(thread!.threadId)
})
