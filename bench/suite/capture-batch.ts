/** From the end of a window to its batch in the hands of who takes it. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { defaultConfig, type EventBatch, StorageModule } from '@chronicle/capture'
import { alternate, atMost, type Benchmark, type Context, compare, type Target } from '../harness.ts'
import { type CaptureEvent, CaptureEvents } from '../load/capture-events.ts'
import { SetClock } from '../load/set-clock.ts'
import { BareSqlite } from '../peers/sqlite.ts'

const windowMs = defaultConfig.batchWindowSeconds * 1000
const batchEvents = 10_000
/** A thousand a second for a window. */
const fullEvents = 3 * batchEvents
/** As many as one transaction takes when they come slowly. */
const groupEvents = 100

export const captureBatch: Benchmark = {
  name: 'capture-batch',
  about: `a window that is over, closed, summed up and handed over as batches of ${batchEvents} events at most, beside reading the same events as bare rows`,
  async run(context) {
    await builtMs(context, { count: batchEvents, isOpenedAgain: true })
    const figures = await alternate(context, {
      memory: () => builtMs(context, { count: batchEvents, isOpenedAgain: false }),
      disk: () => builtMs(context, { count: batchEvents, isOpenedAgain: true }),
      bare: async () => bareMs(context, batchEvents),
      full: () => builtMs(context, { count: fullEvents, isOpenedAgain: false }),
      bareFull: async () => bareMs(context, fullEvents),
    })
    const row = (what: string, ours: readonly number[], peer: readonly number[], target?: Target) =>
      compare({ what, unit: 'ms', ours, peer, peerName: 'SELECT and JSON.parse', ...(target && { target }) })
    return [
      row('10,000 events, captured by this process', figures.memory, figures.bare, atMost(8)),
      row('10,000 events, after a restart', figures.disk, figures.bare),
      row('30,000 events in three batches', figures.full, figures.bareFull),
    ]
  },
}

let rounds = 0

type Way = { readonly count: number; readonly isOpenedAgain: boolean }

async function builtMs({ directory }: Context, { count, isOpenedAgain }: Way): Promise<number> {
  const own = path.join(directory, `round-${rounds++}`)
  mkdirSync(own)
  const clock = new SetClock(startOfWindow() + windowMs - 1)
  let storage = await opened(own, clock)
  for (const group of groupsOf(eventsOf(count, startOfWindow()))) {
    for (const event of group) storage.bus.publish(event)
    await storage.flushed()
  }
  if (isOpenedAgain) {
    await storage.shutdown()
    storage = await opened(own, clock)
  }
  const taken = takenBy(storage, count)
  clock.set(startOfWindow() + 2 * windowMs)
  const ms = (await taken) - clock.tickedAt
  await storage.shutdown()
  return ms
}

/** When all events of the window have been taken. */
function takenBy(storage: StorageModule, count: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  // The timers of capture keep no process alive.
  const alive = setInterval(() => undefined, 1000)
  let left = count
  storage.bus.subscribeBatches(async ({ events }: EventBatch) => {
    left -= events.length
    if (left > 0) return
    resolve(performance.now())
    clearInterval(alive)
  })
  return promise
}

async function opened(directory: string, clock: SetClock): Promise<StorageModule> {
  const storage = await StorageModule.create({
    ...defaultConfig,
    databasePath: path.join(directory, 'capture.db'),
    clock,
  })
  await storage.run()
  return storage
}

function bareMs({ directory }: Context, count: number): number {
  const own = path.join(directory, `round-${rounds++}`)
  mkdirSync(own)
  const sqlite = new BareSqlite(own)
  const events = eventsOf(count, startOfWindow())
  sqlite.insert(events, groupEvents)
  const started = performance.now()
  const found = sqlite.batch(events[0]!.session_id, startOfWindow(), startOfWindow() + windowMs)
  const ms = performance.now() - started
  sqlite.close()
  if (found.length !== count) throw new Error(`${found.length} of ${count} events were found`)
  return ms
}

/** Of a window of the past. */
function startOfWindow(): number {
  return Date.UTC(2026, 0, 1)
}

function eventsOf(count: number, startMs: number): CaptureEvent[] {
  const maker = new CaptureEvents()
  return Array.from({ length: count }, (_, at) => maker.next(startMs + Math.floor((at * windowMs) / count)))
}

function* groupsOf(events: readonly CaptureEvent[]): Iterable<readonly CaptureEvent[]> {
  for (let at = 0; at < events.length; at += groupEvents) yield events.slice(at, at + groupEvents)
}
