/** What the API answers from the tables of a month, in a PostgreSQL on the same machine. */
import { compileOnce, startChronicle } from '../chronicle.ts'
import { atMost, type Benchmark, type Context, percentile, type Row } from '../harness.ts'
import { fillTables, someTraces } from '../load/filled-tables.ts'
import { openTables, startDefaultPostgres } from '../peers/postgres.ts'

/** `BENCH_EVENTS=10000000` is the size of the results in docs/PERFORMANCE.md: some 5 GB of disk, and many minutes to fill. */
const events = Number(process.env.BENCH_EVENTS ?? 200_000)
/** Of each kind, one after the other. */
const requests = 300
const notCounted = 20
const p99Max = atMost(200)

export const observeApi: Benchmark = {
  name: 'observe-api',
  about: `GETs over ${events.toLocaleString('en')} events (BENCH_EVENTS) of 29 days, one after the other`,
  async run(context) {
    await compileOnce(context)
    // Fewer checkpoints while they are filled, which is not what is measured.
    const postgres = await startDefaultPostgres({ max_wal_size: '8GB' })
    try {
      const tables = await openTables(postgres.url)
      await fillTables(tables, events, context.progress)
      const traces = await someTraces(tables, events, requests)
      await tables.stop()
      return await measure(context, postgres.url, traces)
    } finally {
      await postgres.stop()
    }
  },
}

export async function measure(context: Context, databaseUrl: string, traces: readonly string[]): Promise<Row[]> {
  const chronicle = await startChronicle(context, 'api', { env: { DATABASE_URL: databaseUrl } })
  try {
    const rows: Row[] = []
    for (const [what, pathOf] of Object.entries(paths(traces))) {
      context.progress(what)
      const times = await ask(`http://127.0.0.1:${chronicle.httpPort}/api/v1`, pathOf)
      const p50 = percentile(times, 50).toFixed(1)
      rows.push({
        what: `${what}, p99 (p50 ${p50} ms)`,
        ours: { value: percentile(times, 99), unit: 'ms' },
        target: p99Max,
      })
    }
    return rows
  } finally {
    await chronicle.stop()
  }
}

/** What is asked, by the number of the request. */
function paths(traces: readonly string[]): Record<string, (n: number) => string> {
  const traceOf = (n: number): string => encodeURIComponent(traces[n % traces.length]!)
  const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString()
  return {
    'events of a trace': n => `/events?trace_id=${traceOf(n)}`,
    'a trace with its spans': n => `/traces/${traceOf(n)}`,
    'newest traces': () => '/traces?limit=100',
    'traces of a rare status': () => '/traces?status=in_progress&limit=100',
    'traces of an agent': n => `/traces?agent=agent-${n % 200}&limit=100`,
    'failed traces of an agent': n => `/traces?agent=agent-${n % 200}&status=failed&limit=100`,
    'traces of an owner, some days ago': n => `/traces?owner=owner-${n % 20}&until=${daysAgo(n % 29)}&limit=100`,
    "an agent's newest day": n => `/metrics/agent-${n % 200}/latest`,
    'all agents of the day': () => '/metrics/summary',
    health: () => '/health',
  }
}

/** Milliseconds of each answer. */
async function ask(api: string, pathOf: (n: number) => string): Promise<number[]> {
  const times: number[] = []
  for (let n = -notCounted; n < requests; n++) {
    const started = performance.now()
    const answer = await fetch(`${api}${pathOf(Math.abs(n))}`)
    const text = await answer.text()
    if (answer.status !== 200)
      throw new Error(`${pathOf(Math.abs(n))} was answered with ${answer.status}: ${text.slice(0, 300)}`)
    if (n >= 0) times.push(performance.now() - started)
  }
  return times
}
