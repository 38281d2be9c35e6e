/**
 * A program that publishes at a steady pace, in a process of its own: `node bench/load/capture-steady.ts capture DIRECTORY PER-SECOND SECONDS` embeds capture with its
 * defaults and takes every batch, `… alone …` makes the same events and lets go of them. Prints one line of JSON, a {@link Steady}.
 */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { residentMB } from '../processes.ts'
import { CaptureEvents } from './capture-events.ts'

export type Steady = {
  readonly published: number
  /** 0 of a program without capture. */
  readonly stored: number
  readonly lost: number
  readonly batches: number
  /** Processor time of all threads while it was counted, in milliseconds a second. */
  readonly cpuMsPerSecond: number
  /** Resident: the most from the start of the process on, and when it had published everything. */
  readonly peakMB: number
  readonly endMB: number
}

/** Until most of the code is compiled, and the first window has closed. */
const warmMs = 31_000
const turnMs = 10

const [kind, directory, perSecond, seconds] = process.argv.slice(2) as [string, string, string, string]

type Taker = { publish(event: unknown): void; end(): Promise<Pick<Steady, 'stored' | 'lost' | 'batches'>> }

const taker = kind === 'capture' ? await embedded(directory) : nobody()
const steady = await publishing(taker, Number(perSecond), Number(seconds))
console.log(JSON.stringify(steady))

async function publishing({ publish, end }: Taker, perSecondWanted: number, secondsCounted: number): Promise<Steady> {
  const events = new CaptureEvents()
  let published = 0
  const started = performance.now()
  const until = async (ms: number): Promise<void> => {
    for (let elapsed = 0; elapsed < ms; elapsed = performance.now() - started) {
      const due = (elapsed * perSecondWanted) / 1000
      for (; published < due; published++) publish(events.next(Date.now()))
      await sleep(turnMs)
    }
  }
  await until(Math.min(warmMs, secondsCounted * 1000))
  const [cpu, at] = [process.cpuUsage(), performance.now()]
  await until(at - started + secondsCounted * 1000)
  const { user, system } = process.cpuUsage(cpu)
  const cpuMsPerSecond = (user + system) / (performance.now() - at)
  const endMB = residentMB(process.pid)
  return { published, ...(await end()), cpuMsPerSecond, peakMB: residentMB(process.pid, 'peak'), endMB }
}

function nobody(): Taker {
  return { publish: () => undefined, end: async () => ({ stored: 0, lost: 0, batches: 0 }) }
}

async function embedded(own: string): Promise<Taker> {
  const { defaultConfig, StorageModule } = await import('@chronicle/capture')
  const storage = await StorageModule.create({ ...defaultConfig, databasePath: path.join(own, 'capture.db') })
  let batches = 0
  storage.bus.subscribeBatches(async () => void batches++)
  await storage.run()
  return {
    publish: event => storage.bus.publish(event),
    async end() {
      await storage.flushed()
      const { stored, lost, refused } = storage.metrics().events
      await storage.shutdown()
      return { stored, lost: sum(lost) + sum(refused), batches }
    },
  }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, each) => all + each, 0)
}
