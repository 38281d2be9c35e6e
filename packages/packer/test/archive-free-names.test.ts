import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FreeNames } from '../src/archive/free-names.ts'

const files = 2000
const inPlace = 100
const at = { day: '2026-11-21', second: 86_390 }

for (const [what, give] of [
  ['frames', (names: FreeNames) => names.frame(at)],
  ['files of events', (names: FreeNames) => names.file('parquet', at)],
] as const) {
  test(`${what} of one moment get a name each, and none is looked for twice`, () => {
    const there = new Set<string>()
    let looks = 0
    const names = new FreeNames('%Y/%m/%d', path => {
      looks++
      return there.has(path)
    })
    const give100 = () => Array.from({ length: inPlace }, () => give(names))
    for (const path of give100()) there.add(path)
    names.forget()
    looks = 0
    const given = Array.from({ length: files }, () => give(names))
    assert.equal(new Set([...given, ...there]).size, files + inPlace)
    assert.equal(looks, files + inPlace)
  })
}
