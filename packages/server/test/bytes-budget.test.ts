import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { SimScheduler } from '@chronicle/testing'
import { BytesBudget } from '../src/http/bytes-budget.ts'

const limits = { bytesMax: 100, waitingMax: 2, waitMsMax: 50 }
const budget = () => {
  const scheduler = new SimScheduler(seededRandom(1))
  return { scheduler, budget: new BytesBudget(limits, scheduler) }
}

/** 'waiting', 'held' or the code of the refusal. */
function follow(promise: Promise<() => void>): { state: string; giveBack: () => void } {
  const followed = { state: 'waiting', giveBack: () => assert.fail('nothing is held') }
  promise.then(
    giveBack => Object.assign(followed, { state: 'held', giveBack }),
    error => Object.assign(followed, { state: error.code }),
  )
  return followed
}

const settled = () => new Promise(resolve => setImmediate(resolve))

test('S10: who does not fit waits, and gets its turn in order', async () => {
  const { budget: shared } = budget()
  const first = follow(shared.reserve(80))
  const large = follow(shared.reserve(60))
  const small = follow(shared.reserve(10))
  await settled()
  assert.deepEqual([first.state, large.state, small.state], ['held', 'waiting', 'waiting'])
  first.giveBack()
  first.giveBack()
  await settled()
  assert.deepEqual([large.state, small.state], ['held', 'held'])
  const last = follow(shared.reserve(40))
  await settled()
  assert.equal(last.state, 'waiting')
  small.giveBack()
  await settled()
  assert.equal(last.state, 'held')
})

test('one more than may wait is refused, and so is one that waits for too long', async () => {
  const { budget: shared, scheduler } = budget()
  const held = follow(shared.reserve(90))
  await settled()
  const waiting = [follow(shared.reserve(50)), follow(shared.reserve(5)), follow(shared.reserve(5))]
  await settled()
  assert.deepEqual(
    waiting.map(({ state }) => state),
    ['waiting', 'waiting', 'server.busy'],
  )
  await scheduler.advance(limits.waitMsMax)
  assert.deepEqual(
    waiting.map(({ state }) => state),
    ['server.busy', 'held', 'server.busy'],
  )
  held.giveBack()
})

test('what turns out to need less gives back all but that, and no more than it had', async () => {
  const { budget: shared } = budget()
  const giveBack = await shared.reserve(100)
  giveBack(60)
  giveBack(90)
  const fits = follow(shared.reserve(40))
  const next = follow(shared.reserve(60))
  await settled()
  assert.deepEqual([fits.state, next.state], ['held', 'waiting'])
  giveBack()
  giveBack()
  await settled()
  assert.equal(next.state, 'held')
})

test('more than there is at all counts as all of it', async () => {
  const { budget: shared } = budget()
  const huge = follow(shared.reserve(1000))
  await settled()
  assert.equal(huge.state, 'held')
  const next = follow(shared.reserve(1))
  await settled()
  assert.equal(next.state, 'waiting')
  huge.giveBack()
  await settled()
  assert.equal(next.state, 'held')
})
