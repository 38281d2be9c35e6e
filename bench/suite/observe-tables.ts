/** From the log into the three tables of a PostgreSQL on the same machine, beside a bare COPY of the same rows into `swarm_events` alone. */
import path from 'node:path'
import { systemClock, systemRandom } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import { eventsTopic, startPipeline, type Tables } from '@chronicle/observe'
import { createRegistry, Health, silentLogger } from '@chronicle/telemetry'
import type { RunningPostgres } from '@chronicle/testing'
import { alternate, atLeast, type Benchmark, type Context, compare, ratioAtLeast, single } from '../harness.ts'
import { openLocalLog } from '../load/local-log.ts'
import { appendDeliveries, recentDeliveries } from '../load/swarm.ts'
import { copyEvents, exportEvents, openFreshTables, processorSeconds, startDefaultPostgres } from '../peers/postgres.ts'

const day = { agents: 200, traces: 20_000 }
const hourMs = 3_600_000

export const observeTables: Benchmark = {
  name: 'observe-tables',
  about: `a backlog of ${day.traces} traces of ${day.agents} agents from the log into three tables, over a bare COPY of its events`,
  async run(context) {
    const postgres = await startDefaultPostgres()
    const log = await openLocalLog(path.join(context.directory, 'log'))
    try {
      context.progress('filling the log')
      const deliveries = recentDeliveries(day)
      await appendDeliveries(log, eventsTopic, deliveries)
      return await measure(context, postgres, log, deliveries.length)
    } finally {
      await log.close()
      await postgres.stop()
    }
  },
}

async function measure(context: Context, postgres: RunningPostgres, log: Log, deliveries: number) {
  const processor: Record<'ours' | 'postgres' | 'copy', number[]> = { ours: [], postgres: [], copy: [] }
  let rows = 0
  const timed = async (side: 'postgres' | 'copy', work: (tables: Tables) => Promise<number>): Promise<number> =>
    withTables(postgres, async tables => {
      const before = processorSeconds(postgres)
      const seconds = await work(tables)
      processor[side].push(((processorSeconds(postgres) - before) * 1e6) / rows)
      return rows / seconds
    })
  // Once, not counted: the compiler, and the rows for the peer.
  await withTables(postgres, async tables => {
    rows = (await project(log, tables, deliveries)).rows
    await exportEvents(postgres, tables)
  })
  const figures = await alternate(context, {
    ours: () =>
      timed('postgres', async tables => {
        const projected = await project(log, tables, deliveries)
        processor.ours.push((projected.processorSeconds * 1e6) / rows)
        return projected.seconds
      }),
    copy: () => timed('copy', tables => copyEvents(postgres, tables)),
  })
  const what = 'events from the log into the three tables'
  const both = { ours: figures.ours, peer: figures.copy, peerName: 'bare COPY', peerUnit: 'rows/s' }
  return [
    compare({ what, unit: 'events/s', ...both, target: ratioAtLeast(0.6) }),
    single(what, figures.ours, 'events/s', atLeast(20_000)),
    single('processor time of our process an event', processor.ours, 'µs'),
    compare({
      what: 'processor time of PostgreSQL an event',
      unit: 'µs',
      ours: processor.postgres,
      peer: processor.copy,
      peerName: 'bare COPY',
    }),
  ]
}

async function withTables<T>(postgres: RunningPostgres, work: (tables: Tables) => Promise<T>): Promise<T> {
  const tables = await openFreshTables(postgres)
  try {
    return await work(tables)
  } finally {
    await tables.stop()
  }
}

/** Brings all of the log to empty tables, and takes the time. */
async function project(log: Log, tables: Tables, deliveries: number) {
  const done = Promise.withResolvers<void>()
  const before = process.cpuUsage()
  const started = performance.now()
  const pipeline = await startPipeline({
    log,
    writer: deadLetters => tables.writer(deadLetters),
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    registry: createRegistry(),
    health: new Health(),
    settings: {
      flushThreshold: 100,
      flushIntervalMs: 5000,
      bufferEventsMax: 10_000,
      overflow: 'back-pressure',
      logRetentionMs: 24 * hourMs,
    },
  })
  let rows = 0
  let left = deliveries
  pipeline.projector.subscribe(({ events, report }) => {
    rows += report.inserted
    left -= events.length
    if (left === 0) done.resolve()
  })
  await done.promise
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(before)
  await pipeline.stop()
  return { rows, seconds, processorSeconds: (user + system) / 1e6 }
}
