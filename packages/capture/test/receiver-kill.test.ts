import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@chronicle/base'
import type { EventBatch } from '../src/contract.ts'
import { decodeRunText } from '../src/event/run.ts'
import type { CaptureDatabase } from '../src/store/database.ts'
import { openEnvelope } from '../src/store/envelope.ts'
import { blockPlace } from '../src/store/event-blocks.ts'
import { makeDirectory, openPipeline, testKeys, until } from './event-support.ts'
import { distinct } from './windows-model.ts'

const childPath = fileURLToPath(new URL('./receiver-child.ts', import.meta.url))
const kills = Number(process.env.CRASH_KILLS ?? 10)
const seed = Number(process.env.CRASH_SEED ?? 1)
const shape = { windowMs: 200, latenessMs: 20 }

type Said = { readonly batches: EventBatch[]; readonly stored: string[] }

/** Runs the program until it is killed, so many milliseconds after it has stored something. */
async function runAndKill(directory: string, afterMs: number, said: Said): Promise<void> {
  const child = spawn(process.execPath, [childPath, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  lines.once('line', () => setTimeout(() => child.kill('SIGKILL'), afterMs))
  lines.on('line', line => {
    // The last line may be torn: what it says was not acknowledged.
    if (!line.endsWith('}')) return
    const { batch, stored = [] } = JSON.parse(line) as { batch?: EventBatch; stored?: string[] }
    if (batch) said.batches.push(batch)
    said.stored.push(...stored)
  })
  const [, signal] = await once(child, 'close')
  assert.equal(signal, 'SIGKILL', 'the program ends by nothing else')
}

async function idsIn(database: CaptureDatabase): Promise<string[]> {
  const ids: string[] = []
  for (const row of database.prepare('SELECT * FROM event_blocks').all()) {
    const place = blockPlace(
      Buffer.from(row.session_id as Uint8Array),
      row.window_start as number,
      row.block_id as number,
    )
    const run = decodeRunText(await openEnvelope(Buffer.from(row.payload as Uint8Array), place, testKeys))
    for (const { id } of run!) ids.push(id)
  }
  return ids
}

/** What the spill still holds comes into the database, and all windows close. */
async function settle(t: TestContext, directory: string, said: Said): Promise<CaptureDatabase> {
  const { pipeline, database, batches } = await openPipeline({ directory, shape })
  await pipeline.flushed()
  const open = database.prepare('SELECT count(*) AS windows FROM windows WHERE state < 3')
  await until(() => open.get()!.windows === 0, 'the end of all windows')
  await pipeline.stop(1_000)
  t.after(() => database.close())
  said.batches.push(...batches)
  return database
}

test(`CE4 CW4 CW6 CB3: ${kills} kills of a writing process: every stored event is in one batch, none is lost or doubled`, async t => {
  const directory = makeDirectory(t)
  const random = seededRandom(seed)
  t.diagnostic(`again with CRASH_SEED=${seed}`)
  const said: Said = { batches: [], stored: [] }
  for (let kill = 0; kill < kills; kill++) await runAndKill(directory, random.int(300), said)
  const database = await settle(t, directory, said)
  const stored = await idsIn(database)
  assert.equal(new Set(stored).size, stored.length, 'none is stored twice')
  const known = new Set(stored)
  assert.ok(said.stored.length > 300 * kills, 'they wrote')
  assert.deepEqual(
    said.stored.filter(id => !known.has(id)),
    [],
    'what was said to be stored is there',
  )
  const sent = distinct(said.batches).flatMap(batch => batch.events.map(event => event.id))
  assert.equal(new Set(sent).size, sent.length, 'none is in two batches')
  assert.deepEqual(sent.sort(), stored.sort())
})
