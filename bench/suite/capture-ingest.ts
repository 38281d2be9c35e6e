/** Events that capture stores a second when they come as fast as a publisher can. */
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { defaultConfig, StorageModule } from '@chronicle/capture'
import { alternate, atLeast, type Benchmark, type Context, compare } from '../harness.ts'
import { type CaptureEvent, CaptureEvents } from '../load/capture-events.ts'
import { BareSqlite } from '../peers/sqlite.ts'

/** Of one round. Some seconds' worth, so that the log of the database goes round. */
const eventsCount = 100_000
/** Published before others have a turn. */
const eventsPerTurn = 500

export const captureIngest: Benchmark = {
  name: 'capture-ingest',
  about:
    'events a second that capture stores, checked, sealed and compressed, beside bare inserts of the same events as rows',
  async run(context) {
    const maker = new CaptureEvents()
    const startMs = Date.now()
    // A millisecond each: they lie in several windows.
    const events = Array.from({ length: eventsCount }, (_, at) => maker.next(startMs + at))
    await inDirectory(context, directory => capture(directory, events, true))
    const figures = await alternate(context, {
      sealed: () => inDirectory(context, directory => capture(directory, events, true)),
      plain: () => inDirectory(context, directory => capture(directory, events, false)),
      bare100: () => inDirectory(context, directory => bare(directory, events, 100)),
      bare1000: () => inDirectory(context, directory => bare(directory, events, 1000)),
    })
    const row = (what: string, ours: readonly number[], peer: readonly number[], per: number) =>
      compare({ what, unit: 'events/s', ours, peer, peerName: `node:sqlite, ${per} a transaction` })
    return [
      { ...row('stored, default settings', figures.sealed, figures.bare100, 100), target: atLeast(100_000) },
      row('the same', figures.sealed, figures.bare1000, 1000),
      row('not sealed', figures.plain, figures.bare1000, 1000),
    ]
  },
}

async function capture(directory: string, events: readonly CaptureEvent[], encryptPayloads: boolean): Promise<number> {
  const databasePath = path.join(directory, 'capture.db')
  const storage = await StorageModule.create({ ...defaultConfig, databasePath, encryptPayloads })
  await storage.run()
  const started = performance.now()
  for (const [at, event] of events.entries()) {
    storage.bus.publish(event)
    if (at % eventsPerTurn === eventsPerTurn - 1) await nextTurn()
  }
  await storage.flushed()
  const elapsedMs = performance.now() - started
  const { stored } = storage.metrics().events
  await storage.shutdown()
  if (stored !== events.length) throw new Error(`${stored} of ${events.length} events were stored`)
  return (stored * 1000) / elapsedMs
}

async function bare(directory: string, events: readonly CaptureEvent[], perTransaction: number): Promise<number> {
  const sqlite = new BareSqlite(directory)
  const started = performance.now()
  sqlite.insert(events, perTransaction)
  const elapsedMs = performance.now() - started
  sqlite.close()
  return (events.length * 1000) / elapsedMs
}

async function inDirectory<T>({ directory }: Context, work: (directory: string) => Promise<T>): Promise<T> {
  const own = mkdtempSync(path.join(directory, 'round-'))
  try {
    return await work(own)
  } finally {
    rmSync(own, { recursive: true })
  }
}
