/**
 * A day at a computer in accelerated time, through the whole of capture, against a model of its own. `DAY_SEED=4711 npm test -- packages/capture/test/day` repeats a day;
 * `DAY_EVENTS=2000000 DAY_SHOTS=5000` is a full one; `DAY_DIRECTORY` names a disk for it.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { liveDay } from './day-run.ts'
import { fastDirectory } from './event-support.ts'

const seed = Number(process.env.DAY_SEED ?? Math.floor(Math.random() * 1_000_000))
const events = Number(process.env.DAY_EVENTS ?? 20_000)
const shots = Number(process.env.DAY_SHOTS ?? 120)
const again = `DAY_SEED=${seed} DAY_EVENTS=${events} DAY_SHOTS=${shots} npm test -- packages/capture/test/day`

test('CW1 CW2 CW3 CW4 CW6 CE7 CB4 CS2 CS3 CS4 CS9: what a day holds is in its windows, its sums and its counts, once each, and no screenshot outlives its use', async t => {
  const directory = mkdtempSync(join(process.env.DAY_DIRECTORY ?? fastDirectory, 'capture-day-'))
  const begun = performance.now()
  try {
    const report = await liveDay({ seed, events, shots }, directory)
    const seconds = Math.round((performance.now() - begun) / 100) / 10
    const residentMb = Math.round(process.resourceUsage().maxRSS / 1024)
    t.diagnostic(JSON.stringify({ seed, seconds, residentMb, ...report }))
    assert.ok(report.published >= events)
  } catch (error) {
    t.diagnostic(`again: ${again}`)
    throw error
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
