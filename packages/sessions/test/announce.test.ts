import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import {
  type Anchor,
  cosign,
  formatVkey,
  parseCheckpoint,
  parseNote,
  vaultErrors,
  verifyCheckpoint,
} from '@chronicle/vault'
import type { RootListener } from '../src/index.ts'
import { keysUnder, ManualClock, makeHouse, post, until } from './support.ts'

type Told = { sessionId: string; treeSize: number; finalized: boolean }

function listener(told: Told[], fails: () => boolean = () => false): RootListener {
  return async ({ sessionId, treeSize, finalized }) => {
    if (fails()) throw new Error('the ledger does not answer')
    told.push({ sessionId, treeSize, finalized })
  }
}

/** Another second goes by. */
function passing(clock: ManualClock): true {
  clock.advance(1000)
  return true
}

test('SE11: every root that leaves is told before it is answered', async t => {
  const house = await makeHouse(t)
  const told: Told[] = []
  const { sessions } = await house.open({ onRoot: listener(told) })
  await post(sessions, 'a', 0)
  await sessions.root('a')
  await sessions.root('a')
  await post(sessions, 'a', 1)
  await sessions.proof('a', 1)
  await sessions.finalize('a')
  await sessions.finalize('a')
  assert.deepEqual(told, [
    { sessionId: 'a', treeSize: 1, finalized: false },
    { sessionId: 'a', treeSize: 2, finalized: false },
    { sessionId: 'a', treeSize: 2, finalized: true },
  ])
  await until(async () => (await keysUnder(house.store, 'sessions/pending/')).length === 0)
})

test('SE11: what could not be told is told at the next start', async t => {
  const house = await makeHouse(t)
  const clock = new ManualClock()
  const told: Told[] = []
  const one = await house.open({ clock, onRoot: listener(told, () => true) })
  await post(one.sessions, 'a', 0)
  const finalized = one.sessions.finalize('a')
  let answered = false
  void finalized.then(() => {
    answered = true
  })
  await until(() => passing(clock) && answered)
  assert.equal((await finalized).treeSize, 1, 'the root is answered all the same')
  await until(() => passing(clock) && one.health.report().status === 'warn')
  one.kill()
  assert.deepEqual(told, [])
  assert.deepEqual(await keysUnder(house.store, 'sessions/pending/'), ['sessions/pending/a'])
  await house.open({ onRoot: listener(told) })
  await until(() => told.length > 0)
  assert.deepEqual(told, [{ sessionId: 'a', treeSize: 1, finalized: true }])
  await until(async () => (await keysUnder(house.store, 'sessions/pending/')).length === 0)
  const quiet: Told[] = []
  const three = await house.open({ onRoot: listener(quiet) })
  await three.sessions.root('a')
  assert.deepEqual(quiet, [], 'what was told is not told again')
})

test('a finalised session is cosigned; a witness that refuses is asked again at the next start', async t => {
  const house = await makeHouse(t)
  const clock = new ManualClock()
  const asked: string[] = []
  let refuses = true
  const witness = (name: string, refused: () => boolean) => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const anchor: Anchor = {
      name,
      async anchor(checkpoint, consistency) {
        asked.push(name)
        if (refused()) throw vaultErrors.create('vault.witness-refused', { witness: name, problem: 'it sleeps' })
        const { text } = parseNote(checkpoint)
        assert.equal((await consistency(1)).length > 0, parseCheckpoint(text).size > 1)
        return [cosign(name, privateKey, text, 1_790_000_000)]
      },
    }
    return { anchor, vkey: formatVkey(name, privateKey, 'cosignature') }
  }
  const good = witness('w1.example', () => false)
  const sleepy = witness('w2.example', () => refuses)
  const anchors = [good.anchor, sleepy.anchor]
  const one = await house.open({ clock, anchors })
  for (let index = 0; index < 3; index++) await post(one.sessions, 'a', index)
  await one.sessions.root('a')
  assert.deepEqual(asked, [], 'an open session is not cosigned')
  await one.sessions.finalize('a')
  await until(() => passing(clock) && one.health.report().status === 'warn')
  const trusted = { logKeys: [one.sessions.publicKey], witnessKeys: [good.vkey, sleepy.vkey] }
  const partly = await one.sessions.root('a')
  assert.deepEqual(
    verifyCheckpoint(partly.checkpoint, { ...trusted, witnessesMin: 1 }).witnesses.map(({ name }) => name),
    ['w1.example'],
  )
  assert.match(one.health.report().checks.sessions!.reason!, /session a/)
  one.kill()

  refuses = false
  asked.length = 0
  const two = await house.open({ anchors })
  await until(async () => (await keysUnder(house.store, 'sessions/pending/')).length === 0)
  assert.deepEqual(asked, ['w2.example'], 'who has signed is not asked again')
  const wholly = await two.sessions.root('a')
  assert.equal(verifyCheckpoint(wholly.checkpoint, trusted).witnesses.length, 2)
  assert.ok((await two.sessions.proof('a', 0)).includes('w2.example'), 'proofs carry the cosignatures')
  assert.equal(two.health.report().status, 'pass')
})
