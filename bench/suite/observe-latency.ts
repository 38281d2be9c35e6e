/** From POST to the row on the API, with a PostgreSQL on the same machine. */
import { compileOnce, startChronicle } from '../chronicle.ts'
import { atMost, type Benchmark, type Context, percentile, type Row, type Target } from '../harness.ts'
import { type Pace, timesToVisible } from '../load/visible.ts'
import { startDefaultPostgres } from '../peers/postgres.ts'

const busy = { requestEveryMs: 10, eventsPerRequest: 10, requestsPerProbe: 5, lookEveryMs: 5 }
/** So few that no batch fills: the interval alone decides. */
const calm = { requestEveryMs: 100, eventsPerRequest: 1, requestsPerProbe: 1, lookEveryMs: 50 }
/** Several intervals of the default. */
const calmSeconds = 15

export const observeLatency: Benchmark = {
  name: 'observe-latency',
  about: 'from POST /api/v1/events to the event on the API',
  async run(context) {
    await compileOnce(context)
    const seconds = context.secondsPerRound * context.rounds
    const short = { BATCH_FLUSH_INTERVAL_MS: '100' }
    return [
      ...(await rows(context, '1,000 events/s, interval of 100 ms', short, { ...busy, seconds }, atMost(300))),
      ...(await rows(context, '1,000 events/s, default settings', {}, { ...busy, seconds }, atMost(5000))),
      ...(await rows(
        context,
        '10 events/s, interval of 100 ms',
        short,
        { ...calm, lookEveryMs: 5, seconds },
        atMost(300),
      )),
      ...(await rows(context, '10 events/s, default settings', {}, { ...calm, seconds: calmSeconds })),
    ]
  },
}

async function rows(
  context: Context,
  what: string,
  settings: Readonly<Record<string, string>>,
  pace: Pace,
  target?: Target,
): Promise<Row[]> {
  context.progress(what)
  const postgres = await startDefaultPostgres()
  try {
    const env = { DATABASE_URL: postgres.url, ...settings }
    const chronicle = await startChronicle(context, what.replaceAll(/\W+/g, '-'), { env })
    try {
      // The first event opens the database and makes the tables.
      await timesToVisible(chronicle.httpPort, { ...busy, seconds: 1 })
      const times = await timesToVisible(chronicle.httpPort, pace)
      const spread = [Math.min(...times), Math.max(...times)] as const
      return [
        { what: `${what}, p50`, ours: { value: percentile(times, 50), unit: 'ms' }, spread },
        { what: `${what}, p99`, ours: { value: percentile(times, 99), unit: 'ms' }, ...(target && { target }) },
      ]
    } finally {
      await chronicle.stop()
    }
  } finally {
    await postgres.stop()
  }
}
