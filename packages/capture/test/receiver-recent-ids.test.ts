import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom, systemRandom } from '@chronicle/base'
import { RecentIds } from '../src/receiver/recent-ids.ts'

test('CB4: an id is known among at least the last ones, forgotten after twice as many, and never taken for another', () => {
  const random = seededRandom(4711)
  const idsMin = 100
  const recent = new RecentIds(idsMin, random)
  const ids = Array.from({ length: 1_000 }, () => random.uuid())
  for (const [at, id] of ids.entries()) {
    assert.equal(recent.has(id), false)
    recent.add(id)
    for (const known of ids.slice(Math.max(0, at - idsMin + 1), at + 1)) assert.ok(recent.has(known))
    if (at >= 2 * idsMin) assert.equal(recent.has(ids[at - 2 * idsMin]!), false)
  }
})

test('CB4: ids that differ in little stay apart', () => {
  const recent = new RecentIds(200, systemRandom)
  const uuid = (digits: string) => digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  // One digit of each, at every place.
  const ids = Array.from({ length: 32 }, (_, place) => ['1', '8', 'f'].map(digit => digit.padStart(place + 1, '0')))
    .flat()
    .map(digits => uuid(digits.padEnd(32, '0')))
  for (const [at, id] of ids.entries()) {
    for (const [other, another] of ids.entries()) assert.equal(recent.has(another), other < at)
    recent.add(id)
  }
})
