/** From the start of the process to the first answer. */
import { compileOnce, startChronicle } from '../chronicle.ts'
import { atMost, type Benchmark, type Context, single } from '../harness.ts'
import { fillAndKill, gibibyte } from './recovery.ts'

export const starting: Benchmark = {
  name: 'start',
  about: 'from the start of the process to its answer to ApiVersions; the full one after SIGKILL',
  async run(context) {
    const empty: number[] = []
    const full: number[] = []
    const first: number[] = []
    await compileOnce(context)
    context.progress('filling 1 GiB')
    await fillAndKill(context, 'full', gibibyte)
    for (let round = 0; round < context.rounds; round++) {
      context.progress(`round ${round + 1} of ${context.rounds}`)
      first.push(await secondsToReady(context, `first-${round}`, { NODE_DISABLE_COMPILE_CACHE: '1' }))
      empty.push(await secondsToReady(context, `empty-${round}`))
      full.push(await secondsToReady(context, 'full'))
    }
    return [
      single('start to ready, empty, the very first time (nothing compiled yet)', first, 's'),
      single('start to ready, empty', empty, 's', atMost(0.7)),
      single('start to ready, 1 GiB of hot log, after SIGKILL', full, 's', atMost(2)),
    ]
  },
}

async function secondsToReady(context: Context, name: string, env: Record<string, string> = {}): Promise<number> {
  const broker = await startChronicle(context, name, { env })
  await broker.kill()
  return broker.readyMs / 1000
}
