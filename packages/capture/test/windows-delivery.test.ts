import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock, systemRandom } from '@chronicle/base'
import { createLogger } from '@chronicle/telemetry'
import { createVault, type KeyStorage, keyFileSource, vaultErrors } from '@chronicle/vault'
import type { EventBatch } from '../src/contract.ts'
import { vaultPayloadKeys } from '../src/store/payload-keys.ts'
import { unansweredMax } from '../src/windows/handover.ts'
import { makeDirectory, move, openPipeline, SetClock, until, windowMs } from './event-support.ts'

const start = Math.floor(Date.parse('2026-11-21T12:00:00Z') / windowMs) * windowMs

/** A window with one event for each of the next `count` windows; the clock is behind all of them. */
async function windowsOf(count: number, { pipeline }: Awaited<ReturnType<typeof openPipeline>>, clock: SetClock) {
  for (let at = 0; at < count; at++) {
    clock.nowMs = start + at * windowMs
    pipeline.receive({ event: move(clock.nowMs) })
  }
  await pipeline.flushed()
  clock.nowMs = start + count * windowMs + 500
}

test('CW7: a consumer that never answers gets a few batches and no more, health says so, and all come once it answers', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start)
  const unanswered: { batch: EventBatch; signal: AbortSignal; answer: () => void }[] = []
  let isSilent = true
  const got = new Set<string>()
  const consumer = async (batch: EventBatch, signal: AbortSignal) => {
    if (isSilent) await new Promise<void>(answer => unanswered.push({ batch, signal, answer }))
    else got.add(batch.batch_id)
  }
  const opened = await openPipeline({ directory, clock, consumer, limits: { deliveryMsMax: 10 } })
  await windowsOf(10, opened, clock)
  await until(() => opened.pipeline.health().delivery.status === 'warn')
  await new Promise(resolve => setTimeout(resolve, 100))
  assert.equal(unanswered.length, unansweredMax)
  assert.equal(opened.pipeline.waiting().unanswered, unansweredMax)
  assert.ok(
    unanswered.every(({ signal }) => signal.aborted),
    'each was told that nobody waits any more',
  )
  isSilent = false
  for (const { answer } of unanswered) answer()
  clock.nowMs += 600_000
  await until(() => got.size === 10, 'all ten')
  assert.equal(opened.pipeline.health().delivery.status, 'pass')
  await opened.pipeline.stop(1_000)
  opened.database.close()
})

test('CW4: a batch that is refused again and again does not hold up those behind it', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start)
  const got: string[] = []
  let isRefused = true
  const consumer = async (batch: EventBatch) => {
    if (isRefused && Date.parse(batch.window_start) === start) throw new TypeError('a private title is no number')
    got.push(batch.window_start)
  }
  const lines: string[] = []
  const logger = createLogger({ level: 'info', write: line => lines.push(line) })
  const opened = await openPipeline({ directory, clock, consumer, logger })
  const delivery = () => opened.pipeline.health().delivery
  await windowsOf(5, opened, clock)
  await until(() => got.length === 4)
  assert.deepEqual(got, got.toSorted())
  assert.equal(opened.pipeline.counts.deliveriesFailed, 1)
  // Health says so until it is taken, and neither that nor the log what the consumer says: it may quote events.
  assert.equal(delivery().status, 'warn')
  assert.match(delivery().reason, /sent in vain, and are sent again: 1\. .*refused one.*TypeError/)
  assert.ok(!`${lines.join('')}${delivery().reason}`.includes('private title'))
  assert.ok(lines.some(line => line.includes('TypeError')))
  isRefused = false
  clock.nowMs += 10_000
  await until(() => got.length === 5)
  assert.equal(delivery().status, 'pass')
  await opened.pipeline.stop(1_000)
  opened.database.close()
})

test('CW7: a consumer that is away is asked now and then, and gets all that waits as soon as it is back', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start)
  const got = new Set<string>()
  let isAway = true
  let asked = 0
  const consumer = async (batch: EventBatch) => {
    asked++
    if (isAway) throw new Error('away')
    got.add(batch.batch_id)
  }
  const lines: string[] = []
  const logger = createLogger({ level: 'info', write: line => lines.push(line) })
  const opened = await openPipeline({ directory, clock, consumer, logger })
  await windowsOf(100, opened, clock)
  await until(() => opened.pipeline.counts.windowsBuilt === 100)
  const atOnce = asked
  await new Promise(resolve => setTimeout(resolve, 100))
  assert.ok(asked < 100 && asked <= atOnce + 5, `${asked} tries`)
  assert.ok(lines.length <= 3, 'the first failures are told of, and then now and then')
  isAway = false
  clock.nowMs += 10_000
  await until(() => got.size === 100)
  await opened.pipeline.stop(1_000)
  opened.database.close()
})

test('a block that is damaged costs its own events: they are counted, the rest of the window is sent', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const first = await openPipeline({ directory, clock })
  for (let at = 0; at < 3; at++) {
    for (let event = 0; event < 5; event++) first.pipeline.receive({ event: move(start + at * 10 + event) })
    await first.pipeline.flushed()
  }
  first.database.prepare('UPDATE event_blocks SET payload = zeroblob(100) WHERE block_id = 2').run()
  await first.pipeline.stop(1_000)
  first.database.close()
  clock.nowMs = start + windowMs + 500
  const { pipeline, database, batches } = await openPipeline({ directory, clock })
  await until(() => batches.length === 1)
  assert.deepEqual([batches[0]!.events.length, { ...batches[0]!.counts }], [10, { mouse_move: 10 }])
  assert.equal(pipeline.counts.lost.get('unreadable'), 5)
  await pipeline.stop(1_000)
  database.close()
})

test('CW6: a window that is built from memory is the one that is built from its blocks', async t => {
  const directory = makeDirectory(t)
  const clock = new SetClock(start + 1_000)
  const refused: EventBatch[] = []
  const consumer = async (batch: EventBatch) => {
    refused.push(batch)
    throw new Error('after the restart')
  }
  const first = await openPipeline({ directory, clock, consumer })
  for (let at = 0; at < 600; at++) {
    first.pipeline.receive({ event: move(start + ((at * 7) % 50), at) })
    if (at % 50 === 0) await first.pipeline.flushed()
  }
  await first.pipeline.flushed()
  clock.nowMs = start + windowMs + 500
  await until(() => refused.length === 1)
  await first.pipeline.stop(1_000)
  first.database.close()
  clock.nowMs += 10_000
  const second = await openPipeline({ directory, clock })
  await until(() => second.batches.length === 1)
  assert.deepEqual(second.batches, refused)
  await second.pipeline.stop(1_000)
  second.database.close()
})

test('CE3: with a vault, payloads are sealed under a key of their purpose, and nothing of an event lies on the disk in the clear', async t => {
  const directory = makeDirectory(t)
  const vault = await createVault({
    storage: memoryStorage(),
    source: keyFileSource({ path: join(directory, 'master.key') }),
    audit: { record: async () => undefined },
    clock: systemClock,
    random: systemRandom,
  })
  const clock = new SetClock(start + 1_000)
  const { pipeline, database, batches } = await openPipeline({ directory, clock, keys: await vaultPayloadKeys(vault) })
  const secret = 'correct horse battery staple'
  for (let at = 0; at < 10; at++) {
    pipeline.receive({ event: { ...move(start + at), event_type: 'note', data: { secret } } })
  }
  await pipeline.flushed()
  for (const row of database.prepare('SELECT payload FROM event_blocks').all()) {
    assert.ok(!Buffer.from(row.payload as Uint8Array).includes(secret))
  }
  clock.nowMs = start + windowMs + 500
  await until(() => batches.length === 1)
  assert.deepEqual({ ...batches[0]!.events[9]!.data }, { secret })
  await pipeline.stop(1_000)
  database.close()
  vault.close()
})

function memoryStorage(): KeyStorage {
  const records = new Map<string, { bytes: Uint8Array; version: string }>()
  let version = 0
  return {
    location: 'memory',
    read: async name => records.get(name),
    async write(name, bytes, expected) {
      if (records.get(name)?.version !== expected) throw vaultErrors.create('vault.store-changed', { record: name })
      records.set(name, { bytes, version: String(++version) })
      return String(version)
    },
    remove: async name => void records.delete(name),
    async *list(prefix) {
      yield* [...records.keys()].filter(name => name.startsWith(prefix)).sort()
    },
  }
}
