import { test } from 'node:test'
import { simulateSessions } from './simulation.ts'
import { fastDirectory, makeHouse } from './support.ts'

const lives = Number(process.env.SESSION_LIVES ?? 8)
const firstSeed = Number(process.env.SESSION_SEED ?? 1)

// All of the invariants at once (SE1, SE2, SE3, SE5, SE6, SE10): see the simulation for what it checks. `SESSION_SEED=4711 SESSION_LIVES=1 npm test --
// sessions/test/simulation` repeats a life, as far as threads and a real store repeat themselves; `SESSION_LIVES=50` lives longer.
test(`SE1, SE3: ${lives} simulated lives with faults and deaths`, async t => {
  const house = await makeHouse(t, fastDirectory)
  for (let seed = firstSeed; seed < firstSeed + lives; seed++) await simulateSessions(house, seed)
})
