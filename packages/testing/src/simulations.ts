import { simulateLog } from './log-simulation.ts'
import { simulateWal } from './wal-simulation.ts'

/** Runs one life that `seed` decides, and rejects with what went wrong in it. */
export type Simulation = (seed: number) => Promise<void>

/** Everything that `npm run sim` runs, by name. A further simulation is a line here. */
export const simulations: Readonly<Record<string, Simulation>> = {
  wal: simulateWal,
  log: simulateLog,
}
