import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, systemClock } from '@chronicle/base'
import type { EventSource, RunReport } from '../src/archive/contract.ts'
import { packerErrors } from '../src/errors.ts'
import { preview } from '../src/service/preview.ts'
import { packAll, type SourceJob } from '../src/service/several-sources.ts'
import { progressTogether, upTo } from '../src/service/source-wrappers.ts'
import { topicSlice } from '../src/topic/index.ts'
import { MemorySource } from './run-support.ts'

const report: RunReport = {
  eventsProcessed: 1,
  eventsFailed: 2,
  duplicates: 3,
  damagedRecords: 4,
  outOfOrder: 5,
  frames: 6,
  filesCreated: 7,
  bytesProcessed: 8,
  durationMs: 9,
  ended: 'drained',
}

/** Packs with an hour of time, on a clock on which each source takes `stepMs`. */
function run(jobs: readonly SourceJob['pack'][], { stepMs = 0, signal = new AbortController().signal } = {}) {
  let nowMs = 0
  const clock: Clock = { ...systemClock, monotonic: () => nowMs }
  const failures: string[] = []
  const named = jobs.map((pack, at) => ({
    name: `source ${at}`,
    pack: async (msMax: number) => {
      nowMs += stepMs
      return pack(msMax)
    },
  }))
  const onFailure = (source: string) => void failures.push(source)
  return { failures, result: packAll(named, { clock, signal, msMax: 3_600_000, onFailure }) }
}

const fails = async () => {
  throw packerErrors.create('packer.topic-no-broker', { address: 'localhost:1' })
}

test('reports of several sources are added up', async () => {
  const lost = { ...report, lostRecords: 2 }
  const { durationMs, ...sum } = await run([async () => report, async () => lost, async () => lost]).result
  assert.deepEqual(sum, {
    eventsProcessed: 3,
    eventsFailed: 6,
    duplicates: 9,
    damagedRecords: 12,
    outOfOrder: 15,
    frames: 18,
    filesCreated: 21,
    bytesProcessed: 24,
    lostRecords: 4,
    ended: 'drained',
  })
  assert.equal(durationMs, 0)
})

test('PS5: a source that fails leaves the others to be packed and is named; a single one rejects as it does', async () => {
  const { result, failures } = run([fails, async () => report, fails])
  const { eventsProcessed, failedSources } = await result
  assert.equal(eventsProcessed, 1)
  assert.deepEqual(failures, ['source 0', 'source 2'])
  assert.deepEqual(
    failedSources?.map(({ source }) => source),
    failures,
  )
  assert.match(failedSources?.[0]?.failure ?? '', /No broker answers.*Start it/s)
  await assert.rejects(run([fails]).result, { code: 'packer.topic-no-broker' })
})

test('PS5: a failure inside of one source is named among those of all', async () => {
  const failedSources = [{ source: 'partition 1', failure: 'gone' }]
  const { result } = run([async () => ({ ...report, failedSources }), fails])
  assert.deepEqual(
    (await result).failedSources?.map(({ source }) => source),
    ['partition 1', 'source 1'],
  )
})

test('time is for all sources together: each gets what is left, and those after its end are not begun', async () => {
  const given: number[] = []
  const packs = async (msMax: number) => {
    given.push(msMax)
    return report
  }
  const { ended, eventsProcessed } = await run([packs, packs, packs, packs], { stepMs: 1_500_000 }).result
  assert.deepEqual(given, [3_600_000, 2_100_000, 600_000])
  assert.deepEqual([ended, eventsProcessed], ['time-limit', 3])
})

test('told to stop, it begins no other source; a source that did not come to its end is said', async () => {
  const abort = new AbortController()
  const stops = async () => {
    abort.abort()
    return { ...report, ended: 'stopped' as const }
  }
  const { ended, eventsProcessed } = await run([stops, async () => report], { signal: abort.signal }).result
  assert.deepEqual([ended, eventsProcessed], ['stopped', 1])
  const late = async () => ({ ...report, ended: 'time-limit' as const })
  assert.equal((await run([late, async () => report]).result).ended, 'time-limit')
})

test('progress goes on from one source to the next', () => {
  const told: number[][] = []
  const next = progressTogether(({ doneBytes, totalBytes }) => void told.push([doneBytes, totalBytes]))
  const first = next()
  first({ doneBytes: 10, totalBytes: 30 })
  first({ doneBytes: 30, totalBytes: 30 })
  const second = next()
  second({ doneBytes: 50, totalBytes: 60 })
  assert.deepEqual(told, [
    [10, 30],
    [30, 30],
    [80, 90],
  ])
})

test('a dry run up to a day counts what lies before the cut, in the middle of records too', async () => {
  const dayMs = 86_400_000
  const records = [1, 1, 2, 3].map((day, offset) => {
    return { offset, timestampMs: day * dayMs, key: null, headers: [], value: Buffer.from('x') }
  })
  const slices = [topicSlice(records, { topic: 't', partition: 0, topicId: 'id' }, { from: 0, next: 4 })]
  const source = upTo({ ...new MemorySource([]), read: async () => slices.shift() } as unknown as EventSource, ns => {
    return ns > BigInt(dayMs) * 1_000_000n
  })
  const dayOf = (ns: bigint) => `${ns}`
  const found = await preview(source, { clock: systemClock, dayOf, signal: new AbortController().signal })
  assert.deepEqual([found.eventsProcessed, found.filesCreated], [2, 1])
})
