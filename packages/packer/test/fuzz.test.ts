import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz } from '@chronicle/testing'
import { recordTargets } from './fuzz-targets.ts'

const inputs = 5000

test(`PI3: ${inputs} records, whole, damaged and of noise, are decoded or refused`, async () => {
  const tally = await fuzz(recordTargets(), inputs, 1)
  assert.equal(tally.read + tally.refused, inputs)
  assert.ok(tally.read > inputs / 10 && tally.refused > inputs / 10, JSON.stringify(tally))
})
