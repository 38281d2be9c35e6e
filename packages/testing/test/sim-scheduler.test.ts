import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { SimScheduler } from '../src/index.ts'

const scheduler = () => new SimScheduler(seededRandom(1))

test('what is due first happens first, and time is what it was due at', async () => {
  const time = scheduler()
  const seen: string[] = []
  const note = (name: string) => () => seen.push(`${name} ${time.monotonic()}`)
  time.after(20, note('second'))
  time.after(10, note('first'))
  time.after(15, note('cancelled')).cancel()
  time.defer(note('at once'))
  await time.advance(100)
  assert.deepEqual(seen, ['at once 0', 'first 10', 'second 20'])
  assert.equal(time.monotonic(), 100)
})

test('what repeats does so until it is cancelled', async () => {
  const time = scheduler()
  let count = 0
  const timer = time.every(10, () => {
    count++
  })
  await time.advance(35)
  assert.equal(count, 3)
  timer.cancel()
  await time.advance(100)
  assert.equal(count, 3)
})

test('a promise is waited for by doing what leads to it', async () => {
  const time = scheduler()
  const { promise, resolve } = Promise.withResolvers<string>()
  time.after(1e9, () => resolve('a week later'))
  assert.equal(await time.settle(promise), 'a week later')
  await assert.rejects(time.settle(new Promise(() => {})), /nothing left to do/)
  await assert.rejects(
    time.settle(
      time.complete(() => {
        throw new Error('refused')
      }),
    ),
    /refused/,
  )
})
