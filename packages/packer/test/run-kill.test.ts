import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createSecretKey } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@chronicle/base'
import { event } from './intake-support.ts'
import { archivedRows, fixedKeys, settingsFor } from './run-support.ts'
import { temporaryBase } from './temporary-base.ts'

const child = fileURLToPath(new URL('./run-child.ts', import.meta.url))
const records = 6
const rows = records * 200

/** Runs the child; kills it so many milliseconds after it has begun to pack, if it is not done by then. */
async function run(base: string, killAfterMs: number | undefined): Promise<boolean> {
  const packer = spawn(process.execPath, [child, base, `${records}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  packer.stdout.on('data', (text: Buffer) => {
    said += text
    if (killAfterMs !== undefined && said === 'packing\n') systemClock.after(killAfterMs, () => packer.kill('SIGKILL'))
  })
  await once(packer, 'exit')
  return said.endsWith('done\n')
}

test('PA2: killed at any moment, again and again, a packer loses nothing and keeps nothing twice', async () => {
  const wanted = Array.from({ length: rows }, (_, at) => event(at).event_id).sort()
  let killed = 0
  for (const firstMs of [0, 35]) {
    const base = temporaryBase()
    writeFileSync(`${base}.released`, '0')
    const b = { base, settings: settingsFor(base), keys: fixedKeys(createSecretKey(Buffer.alloc(32, 7))) }
    for (let ms = firstMs; !(await run(base, ms)); ms = ms * 2 + 20) {
      killed++
      const found = (await archivedRows(b)).length
      assert.ok(found === 0 || found === rows)
      assert.ok(readFileSync(`${base}.released`, 'utf8') === '0' || found === rows)
    }
    assert.deepEqual((await archivedRows(b)).map(({ row }) => row.event_id).sort(), wanted)
  }
  assert.ok(killed >= 4, `${killed} were killed`)
})
