/** `npm run sim -- [seed] [runs] [name]`: simulated lives with failures, from `seed` on. One that fails is replayed by its seed. */
import { messageOf } from '@chronicle/base'
import { simulations } from './simulations.ts'

const progressEveryMs = 5_000

/** Runs `runs` lives of the named simulation, or of all. Resolves with false after the first that fails. */
async function main(seedText = '1', runsText = '1000', only?: string): Promise<boolean> {
  const seed = wholeNumber('seed', seedText)
  const runs = wholeNumber('runs', runsText)
  const names = Object.keys(simulations).filter(name => only === undefined || name === only)
  if (names.length === 0)
    throw new Error(`no simulation is called ${only}; there are: ${Object.keys(simulations).join(', ')}`)
  for (const name of names) if (!(await runAll(name, seed, runs))) return false
  return true
}

async function runAll(name: string, firstSeed: number, runs: number): Promise<boolean> {
  const startedAt = performance.now()
  let reportedAt = startedAt
  for (let run = 0; run < runs; run++) {
    const seed = firstSeed + run
    try {
      await simulations[name]!(seed)
    } catch (error) {
      console.error(messageOf(error))
      if (error instanceof Error && error.cause) console.error(error.cause)
      console.error(`replay with: npm run sim -- ${seed} 1 ${name}`)
      return false
    }
    if (performance.now() - reportedAt > progressEveryMs) {
      reportedAt = performance.now()
      console.log(`${name}: ${run + 1} of ${runs} lives`)
    }
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${name}: ${runs} lives from seed ${firstSeed}, all well, ${seconds} s`)
  return true
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${name} must be a whole number, not ${text}`)
  return Number(text)
}

try {
  if (!(await main(...process.argv.slice(2)))) process.exitCode = 1
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 2
}
