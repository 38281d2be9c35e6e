import { test } from 'node:test'
import { temporaryDirectory } from '../support/log-house.ts'
import { simulateLogSide } from './simulation.ts'

const first = Number(process.env.LOG_SIDE_SEED ?? 1)
const lives = Number(process.env.LOG_SIDE_LIVES ?? 15)

test(`OL1 OL2 OL3 OL6: what the tables were given is what the log holds, each position once, in lives with failures and deaths`, async t => {
  for (let seed = first; seed < first + lives; seed++) await simulateLogSide(temporaryDirectory(t), seed)
})
