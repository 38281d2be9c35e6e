import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { RecentIds } from '../src/receiver/recent-ids.ts'

test('CB4: an id is known among at least the last ones, forgotten after twice as many, and never taken for another', () => {
  const random = seededRandom(4711)
  const idsMin = 100
  const recent = new RecentIds(idsMin)
  const ids = Array.from({ length: 1_000 }, () => random.uuid())
  for (const [at, id] of ids.entries()) {
    assert.equal(recent.has(id), false)
    recent.add(id)
    for (const known of ids.slice(Math.max(0, at - idsMin + 1), at + 1)) assert.ok(recent.has(known))
    if (at >= 2 * idsMin) assert.equal(recent.has(ids[at - 2 * idsMin]!), false)
  }
})

test('CB4: ids that meet in one place of the table stay apart', () => {
  const recent = new RecentIds(100)
  // The same words in another order, so that what is mixed of them is the same.
  const words = ['11111111', '2222-2222', '3333-3333', '44444444']
  const ids = [0, 1, 2, 3].map(first => {
    const digits = [...words.slice(first), ...words.slice(0, first)].join('').replaceAll('-', '')
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  })
  for (const [at, id] of ids.entries()) {
    for (const [other, another] of ids.entries()) assert.equal(recent.has(another), other < at)
    recent.add(id)
  }
})
