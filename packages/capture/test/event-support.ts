/** The way of the events over a real database and a real spill in a directory of its own. */
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Clock, seededRandom, systemClock, systemRandom } from '@chronicle/base'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { type SealKey, vaultErrors } from '@chronicle/vault'
import { nodeDisk } from '@chronicle/wal'
import type { EventBatch } from '../src/contract.ts'
import { Pipeline, type PipelineOptions } from '../src/pipeline.ts'
import { CaptureDatabase } from '../src/store/database.ts'
import type { PayloadKeys } from '../src/store/payload-keys.ts'
import { retentionDays } from '../src/store/retention.ts'

/** Where a sync costs nothing. */
export const fastDirectory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export function makeDirectory(t: Pick<TestContext, 'after'>, parent = fastDirectory): string {
  const directory = mkdtempSync(join(parent, 'capture-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export const testKey: SealKey = {
  id: '5a1e2b3c-0000-4000-8000-000000000001',
  epoch: 0,
  secret: createSecretKey(Buffer.alloc(32, 7)),
}

/** One key for ever. */
export const testKeys: PayloadKeys = {
  current: testKey,
  used: async () => undefined,
  async opening(keyId) {
    if (keyId !== testKey.id) throw vaultErrors.create('vault.key-not-found', { keyId })
    return testKey
  },
}

export const windowMs = 30_000
export const latenessMs = 500
export const shape = { windowMs, latenessMs }
export const sessionA = '3f8e2c1a-0000-4000-8000-00000000000a'
export const sessionB = '3f8e2c1a-0000-4000-8000-00000000000b'

export type OpenOptions = Partial<PipelineOptions> & { readonly directory: string }

export type Opened = { readonly pipeline: Pipeline; readonly database: CaptureDatabase; readonly batches: EventBatch[] }

/** Opens database and pipeline; every batch is taken at once, unless there is another consumer. */
export async function openPipeline({ directory, ...options }: OpenOptions): Promise<Opened> {
  const database = options.database ?? CaptureDatabase.open({ path: join(directory, 'capture.db') })
  const batches: EventBatch[] = []
  const pipeline = await Pipeline.open({
    database,
    keys: testKeys,
    spillDirectory: join(directory, 'spill'),
    disk: nodeDisk,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    registry: createRegistry(),
    shape,
    idleAfterMs: 5_000,
    retention: retentionDays,
    consumer: async batch => void batches.push(batch),
    ...options,
  })
  return { pipeline, database, batches }
}

/** Time that only goes on when it is told to, but for timers, which run at once when they are due by real time. */
export class SetClock implements Clock {
  nowMs: number

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  now(): number {
    return this.nowMs
  }

  monotonic = systemClock.monotonic
  after = systemClock.after
  every = systemClock.every
}

const random = seededRandom(4711)

/** A movement, as a publisher sends it. */
export function move(timestamp: number, x = 0, sessionId = sessionA, id = random.uuid()): Record<string, unknown> {
  return { id, timestamp, session_id: sessionId, event_type: 'mouse_move', data: { x, y: 0, velocity: 1 } }
}

export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) assert.fail(`${what} did not come about in 20 seconds`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
