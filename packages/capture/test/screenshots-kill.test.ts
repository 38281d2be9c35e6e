import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@chronicle/base'
import { House } from './screenshots-support.ts'

const childPath = fileURLToPath(new URL('./screenshots-child.ts', import.meta.url))
const kills = Number(process.env.CRASH_KILLS ?? 10)
const seed = Number(process.env.CRASH_SEED ?? 1)
const liveMsMax = 300

/** Starts a child, lets it live for so long, and kills it. Returns the keys that it drew. */
async function liveAndDie(base: string, childSeed: number, liveMs: number): Promise<Buffer[]> {
  const child: ChildProcess = spawn(process.execPath, [childPath, base, String(childSeed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const keys: Buffer[] = []
  const ready = Promise.withResolvers<void>()
  const lines = createInterface({ input: child.stdout! })
  lines.on('line', line => {
    if (line === 'ready') ready.resolve()
    else keys.push(Buffer.from(line, 'hex'))
  })
  const closed = once(child, 'close')
  void closed.then(() => ready.reject(new Error(`the child ended by itself: ${child.exitCode}`)))
  await ready.promise
  await sleep(liveMs)
  child.kill('SIGKILL')
  await closed
  assert.equal(child.signalCode, 'SIGKILL')
  return keys
}

test('CS1, CS4: a killed process leaves no plain byte and no key, and the next start no file', async t => {
  const random = seededRandom(seed)
  const first = new House()
  first.close()
  let [withFiles, keys] = [0, 0]
  for (let kill = 1; kill <= kills; kill++) {
    const drawn = await liveAndDie(first.base, seed * 1000 + kill, random.int(liveMsMax))
    const after = new House({ base: first.base })
    after.random.given.push(...drawn)
    if (after.files.length > 0) withFiles++
    keys += drawn.length
    after.assertNothingPlain()
    await after.open()
    assert.deepEqual(after.files, [], `kill ${kill} of seed ${seed}`)
    for (const row of after.rows()) assert.equal(row.state, 'deleted', `kill ${kill} of seed ${seed}`)
    after.assertNothingPlain()
    if (kill === kills) await after.remove()
    else after.close()
  }
  assert.ok(!existsSync(first.base))
  t.diagnostic(`${kills} kills, ${withFiles} of them with sealed files left, ${keys} keys`)
  assert.ok(withFiles > 0 && keys > 0, 'nothing was under way at any kill')
})
