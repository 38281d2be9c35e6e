import { test } from 'node:test'
import { temporaryDirectory } from '../support/log-house.ts'
import { simulateLogSide } from './simulation.ts'

const seeds = 40

test(`OL1 OL2 OL3 OL6: what the tables were given is what the log holds, each position once, in ${seeds} lives with failures and deaths`, async t => {
  for (let seed = 1; seed <= seeds; seed++) await simulateLogSide(temporaryDirectory(t), seed)
})
