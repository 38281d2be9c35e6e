/** What capture costs the program that embeds it: processor time and memory at a steady pace. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { atMost, type Benchmark, type Context, type Row, single } from '../harness.ts'
import { runChild } from '../load/capture-child.ts'
import type { Steady } from '../load/capture-steady.ts'

const perSecond = 1_000
/** Two windows. With `--seconds 60` it is the five minutes that the target speaks of. */
const secondsMin = 60

export const captureSteady: Benchmark = {
  name: 'capture-steady',
  about: `a program that embeds capture and publishes ${perSecond} events a second, beside one that only makes them`,
  async run(context) {
    const seconds = Math.max(secondsMin, context.secondsPerRound * context.rounds)
    context.progress('compiling')
    await steady(context, 'capture', 'compiling', 1)
    context.progress(`${seconds} s`)
    // At the same time: what else goes on costs both.
    const [ours, alone] = await Promise.all([
      steady(context, 'capture', 'ours', seconds),
      steady(context, 'alone', 'alone', seconds),
    ])
    if (ours.stored !== ours.published || ours.lost > 0) throw new Error(`events were lost: ${JSON.stringify(ours)}`)
    return rowsOf(ours, alone, seconds)
  },
}

function rowsOf(ours: Steady, alone: Steady, seconds: number): Row[] {
  const peer = (value: number, unit: string) => ({ value, unit, name: 'the same events, let go of' })
  const [whole, bare] = [percentOf(ours), percentOf(alone)]
  return [
    single(`processor of one core that capture takes, ${seconds} s`, [whole - bare], '%', atMost(2)),
    {
      what: 'processor of one core, the whole program',
      ours: { value: whole, unit: '%' },
      peer: peer(bare, '%'),
      ratio: whole / bare,
    },
    {
      what: 'resident at most, from the start of the process on',
      ours: { value: ours.peakMB, unit: 'MB' },
      peer: peer(alone.peakMB, 'MB'),
      ratio: ours.peakMB / alone.peakMB,
      target: atMost(100),
    },
    single('resident at the end', [ours.endMB], 'MB'),
  ]
}

function percentOf({ cpuMsPerSecond }: Steady): number {
  return cpuMsPerSecond / 10
}

function steady(context: Context, kind: 'capture' | 'alone', name: string, seconds: number): Promise<Steady> {
  const directory = path.join(context.directory, name)
  mkdirSync(directory)
  return runChild(context, 'capture-steady.ts', [kind, directory, String(perSecond), String(seconds)])
}
