import { test } from 'node:test'
import { simulations } from '@chronicle/testing'

const lives = 150

// Covers W1 to W10 at once: see the simulation for what it does and what it checks.
test(`${lives} simulated lives with crashes, faults and decay`, async () => {
  for (let seed = 1; seed <= lives; seed++) await simulations.wal!(seed)
})
