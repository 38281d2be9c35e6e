/**
 * A process that writes to a store, for tests that kill it: `node writer.ts DIRECTORY SEED count|race|churn AMOUNT`. It says `ready`, waits for a line, and
 * then says what it has done, one line of JSON each, only after the store has said that it is durable.
 */
import { once } from 'node:events'
import { seededRandom, systemRandom } from '@chronicle/base'
import { increment } from '@chronicle/testing'
import { objectErrors, openLocalStore } from '../src/index.ts'
import { type Said, selfDescribing } from './support.ts'

const [directory = '', seed = '', mode = '', amount = ''] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const store = await openLocalStore({ directory, random: systemRandom })
const say = (said: Said): boolean => process.stdout.write(`${JSON.stringify(said)}\n`)

process.stdout.write('ready\n')
await once(process.stdin, 'data')

if (mode === 'count') {
  for (let n = 0; n < Number(amount); n++) say(await increment(store, 'counter'))
} else if (mode === 'race') {
  for (let n = 0; n < Number(amount); n++) {
    const won = await store.put(`race/${n}`, Buffer.from(seed), { condition: 'absent' }).catch(refused)
    if (won) say(won)
  }
} else await churn()
await store.close()
process.stdin.destroy()

/** Replaces and deletes a few objects that all writers share, and adds some of its own, until it is killed. */
async function churn(): Promise<never> {
  for (let n = 0; ; n++) {
    const shared = `shared/${random.int(3)}`
    const body = selfDescribing(`${seed}-${n}`, random.int(100_000))
    const action = random.int(4)
    if (action === 0) await store.delete(shared)
    else if (action === 1) say(await store.put(`own/${seed}/${n}`, body, { condition: 'absent' }))
    else if (action === 2) say(await store.put(shared, inPieces(body)))
    else {
      const there = await store.head(shared)
      const condition = there ? { version: there.version } : 'absent'
      const info = await store.put(shared, body, { condition }).catch(refused)
      if (info) say(info)
    }
  }
}

async function* inPieces(body: Uint8Array) {
  for (let at = 0; at < body.length; at += 10_000) yield body.subarray(at, at + 10_000)
}

function refused(error: unknown): undefined {
  if (objectErrors.is(error) && (error.code === 'objects.exists' || error.code === 'objects.changed')) return
  throw error
}
