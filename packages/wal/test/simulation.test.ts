import { test } from 'node:test'
import { simulations } from '@chronicle/testing'

const lives = 150

// All of the log's invariants at once (W1, W2, W3, W4, W5, W6, W7, W8, W9, W10): see the simulation for what it checks.
test(`${lives} simulated lives with crashes, faults and decay`, async () => {
  for (let seed = 1; seed <= lives; seed++) await simulations.wal!(seed)
})

// Seeds that once found a defect.
for (const [seed, what] of [[5655, 'a repair that was killed, run again, survives the loss of power']] as const) {
  test(`${what} (seed ${seed})`, () => simulations.wal!(seed))
}
