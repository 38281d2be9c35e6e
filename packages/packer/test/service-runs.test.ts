import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '@chronicle/base'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { vaultErrors } from '@chronicle/vault'
import type { RunReport } from '../src/archive/contract.ts'
import { packerErrors } from '../src/errors.ts'
import { type Engine, PackerMetrics, PackerService, type RetentionReport } from '../src/service/index.ts'

const report: RunReport = {
  eventsProcessed: 1,
  eventsFailed: 0,
  duplicates: 0,
  damagedRecords: 0,
  outOfOrder: 0,
  frames: 0,
  filesCreated: 1,
  bytesProcessed: 1,
  durationMs: 1,
  ended: 'drained',
}

/** Time passes when it is told to; then everything that is due happens once. */
class SteppedClock implements Clock {
  readonly #startMs = Date.parse('2026-05-01T12:00:00Z')
  #passedMs = 0
  #timers: { atMs: number; everyMs: number; action: () => void }[] = []

  now = () => this.#startMs + this.#passedMs
  monotonic = () => this.#passedMs
  after = (delayMs: number, action: () => void) => this.#add(delayMs, 0, action)
  every = (everyMs: number, action: () => void) => this.#add(everyMs, everyMs, action)

  async pass(ms: number): Promise<void> {
    this.#passedMs += ms
    for (const timer of this.#timers.filter(({ atMs }) => atMs <= this.#passedMs)) {
      if (timer.everyMs === 0) this.#timers = this.#timers.filter(each => each !== timer)
      else timer.atMs = this.#passedMs + timer.everyMs
      timer.action()
    }
    await new Promise(setImmediate)
  }

  #add(delayMs: number, everyMs: number, action: () => void) {
    const timer = { atMs: this.#passedMs + delayMs, everyMs, action }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter(each => each !== timer)) }
  }
}

function serviceOf(engine: Partial<Engine>) {
  const clock = new SteppedClock()
  const settings = { dailyTime: { hour: 3, minute: 0 }, timezone: 'UTC', backupThresholdBytes: 100 }
  const whole: Engine = {
    run: async () => report,
    deleteExpired: async () => ({ filesDeleted: 0, bytesDeleted: 0, filesHeldBack: 0 }),
    backlogBytes: () => 0,
    lastCommitMs: () => clock.now(),
    ...engine,
  }
  const registry = createRegistry()
  const metrics = new PackerMetrics(registry)
  const service = new PackerService({ engine: whole, settings, clock, logger: silentLogger, metrics }).begin()
  const look = () => clock.pass(1000)
  const total = async (name: string): Promise<number | undefined> =>
    (await registry.getSingleMetric(`chronicle_${name}`)?.get())?.values[0]?.value
  return { service, clock, look, total }
}

test('PS1: a second run is refused while one is under way, and a stop waits for its end', async () => {
  const { service } = serviceOf({
    run: ({ signal }) =>
      new Promise(resolve => signal.addEventListener('abort', () => resolve({ ...report, ended: 'stopped' }))),
  })
  const first = service.run({ reason: 'command' })
  assert.equal(service.status().running?.reason, 'command')
  assert.throws(() => service.run({ reason: 'command' }), { code: 'packer.run-in-progress' })
  await service.stop()
  assert.equal((await first).ended, 'stopped')
  assert.throws(() => service.run({ reason: 'command' }), { code: 'packer.stopping' })
})

test('PS6: nothing is deleted beside a run, and no run begins beside a deletion', async () => {
  const running = Promise.withResolvers<RunReport>()
  const deleting = Promise.withResolvers<RetentionReport>()
  const { service } = serviceOf({ run: () => running.promise, deleteExpired: () => deleting.promise })
  const cleanUp = service.cleanUp()
  assert.throws(() => service.run({ reason: 'command' }), { code: 'packer.run-in-progress' })
  deleting.resolve({ filesDeleted: 1, bytesDeleted: 5, filesHeldBack: 0 })
  assert.equal((await cleanUp).filesDeleted, 1)
  const run = service.run({ reason: 'command' })
  assert.throws(() => service.cleanUp(), { code: 'packer.run-in-progress' })
  running.resolve(report)
  await run
  await service.stop()
})

test('the threshold begins a run at its size; after failures it waits a minute, two, four, and an hour at most', async () => {
  let backlog = 99
  const begun: number[] = []
  const { service, clock, look } = serviceOf({
    backlogBytes: () => backlog,
    run: async () => {
      begun.push(clock.monotonic())
      throw new Error('no room')
    },
  })
  await look()
  assert.deepEqual(begun, [])
  backlog = 100
  for (let second = 0; second < 16_000; second++) await look()
  const pauses = begun.map((at, index) => (index === 0 ? 0 : (at - begun[index - 1]!) / 60_000))
  assert.deepEqual(pauses.slice(0, 9), [0, 1, 2, 4, 8, 16, 32, 60, 60])
  assert.equal(service.lastRun?.failures, begun.length)
  await service.stop()
})

test('PS4: a scheduled run that fails, or comes while another one is under way, is still due', async () => {
  const reasons: string[] = []
  let fails = true
  const dryRun = Promise.withResolvers<RunReport>()
  const { service, clock, look } = serviceOf({
    run: async request => {
      if (request.dryRun) return dryRun.promise
      reasons.push(request.reason)
      if (fails) throw new Error('no room')
      return report
    },
  })
  const looking = service.run({ reason: 'command', dryRun: true })
  await clock.pass(15 * 3_600_000)
  await look()
  assert.deepEqual(reasons, [], 'it is three, and a dry run is under way')
  dryRun.resolve(report)
  await looking
  await look()
  assert.deepEqual(reasons, ['schedule'])
  fails = false
  await clock.pass(30_000)
  assert.equal(reasons.length, 1)
  await clock.pass(31_000)
  assert.deepEqual(reasons, ['schedule', 'schedule'])
  for (let minute = 0; minute < 30; minute++) await clock.pass(60_000)
  assert.equal(reasons.length, 2, 'what has come is not due any more')
  await service.stop()
})

test('a failure counts where its causes belong, however deep they are', async () => {
  const failures = [
    packerErrors.create('packer.worker-failed', {}, Object.assign(new Error(), { code: 'vault.tampered' })),
    packerErrors.create('packer.ids-damaged', {}, new Error('', { cause: vaultErrors.create('vault.key-not-found') })),
    packerErrors.create('packer.ring-missing'),
    Object.assign(new Error('no space left'), { code: 'ENOSPC' }),
    new TypeError('a defect'),
  ]
  const { service, total } = serviceOf({
    run: async () => {
      throw failures.shift()
    },
  })
  const codes: unknown[] = []
  while (failures.length > 0) {
    await service.run({ reason: 'command' }).catch(error => codes.push((error as { code?: string }).code))
  }
  assert.deepEqual(codes.slice(2), ['packer.ring-missing', 'packer.disk-full', undefined])
  assert.deepEqual(
    await Promise.all(['encryption_errors_total', 'ring_buffer_errors_total', 'storage_errors_total'].map(total)),
    [2, 1, 2],
  )
  await service.stop()
})

test('files that cannot be deleted do not make a failure of the run that packed', async () => {
  const { service, total } = serviceOf({
    deleteExpired: async () => {
      throw new Error('the disk is read-only')
    },
  })
  assert.equal((await service.run({ reason: 'command' })).ended, 'drained')
  assert.equal(service.lastRun?.failures, 0)
  assert.match(service.lastRun?.retentionFailure ?? '', /read-only/)
  assert.equal(await total('storage_errors_total'), 1)
  await service.stop()
})

test('PA11: a run deletes what is beyond doubt and says what it holds back; a person who asks has all of it deleted', async () => {
  const asked: boolean[] = []
  const { service } = serviceOf({
    deleteExpired: async isAsked => {
      asked.push(isAsked)
      return { filesDeleted: 0, bytesDeleted: 0, filesHeldBack: 3 }
    },
  })
  await service.run({ reason: 'command' })
  assert.match(service.lastRun?.retentionFailure ?? '', /^3 files.* --cleanup/)
  await service.cleanUp()
  assert.deepEqual(asked, [false, true])
  await service.stop()
})

test('a run of named topics changes nothing of how the packer is: neither its failure nor its success', async () => {
  const { service } = serviceOf({
    run: async ({ topics }) => {
      if (!topics || topics.includes('mistyped')) throw packerErrors.create('packer.topic-not-found')
      return report
    },
  })
  const failures = () => service.lastRun?.failures
  await assert.rejects(service.run({ reason: 'command', topics: ['mistyped'] }))
  assert.equal(failures(), undefined)
  await service.run({ reason: 'command', topics: ['orders'] })
  assert.equal(failures(), 0)
  await assert.rejects(service.run({ reason: 'schedule' }))
  await service.run({ reason: 'command', topics: ['orders'] })
  assert.equal(failures(), 1)
})
