import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChronicleError, errorFamily, messageOf, seededRandom } from '../src/index.ts'

const cupErrors = errorFamily('cup', {
  'cup.empty': { summary: 'The cup is empty', remedy: 'Fill it.' },
  'cup.broken': { summary: 'The cup is broken', remedy: 'Take another.' },
})

test('an error carries its code, its facts and what to do', () => {
  const cause = new Error('it fell')
  const error = cupErrors.create('cup.broken', { height: 80, owner: undefined }, cause)
  assert.equal(error.message, 'The cup is broken (height: 80)')
  assert.equal(error.code, 'cup.broken')
  assert.equal(error.remedy, 'Take another.')
  assert.equal(error.cause, cause)
})

test('a family knows its own errors and no others', () => {
  const saucerErrors = errorFamily('saucer', { 'saucer.lost': { summary: 'Lost', remedy: 'Look for it.' } })
  assert.ok(cupErrors.is(cupErrors.create('cup.empty')))
  assert.ok(!cupErrors.is(saucerErrors.create('saucer.lost')))
  assert.ok(!cupErrors.is(new Error('cup.empty')))
  assert.ok(cupErrors.create('cup.empty') instanceof ChronicleError)
  assert.equal(messageOf('thrown text'), 'thrown text')
})

test('a seeded generator replays, and its UUIDs are version 4', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed)
    return [random.int(1000), random.uuid(), Buffer.from(random.bytes(4)).toString('hex')]
  }
  assert.deepEqual(draw(4711), draw(4711))
  assert.notDeepEqual(draw(4711), draw(4712))
  assert.match(seededRandom(1).uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
