/** A real PostgreSQL with the defaults of its makers, and what it does by itself with the rows that observe has written. */
import { chmodSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { systemClock } from '@chronicle/base'
import { Tables } from '@chronicle/observe'
import { silentLogger } from '@chronicle/telemetry'
import { type RunningPostgres, startPostgres, withoutPostgres } from '@chronicle/testing'
import { PeerMissing } from '../harness.ts'
import { cpuMs } from '../processes.ts'

export function startDefaultPostgres(settings: Readonly<Record<string, string>> = {}): Promise<RunningPostgres> {
  const missing = withoutPostgres()
  if (missing !== false) throw new PeerMissing(missing)
  // The launcher's own settings are for tests: these are what a fresh installation has.
  return startPostgres({ settings: { fsync: 'on', shared_buffers: '128MB', ...settings } })
}

/** Tables in a database of their own, migrated and empty. */
export async function openFreshTables(postgres: RunningPostgres): Promise<Tables> {
  return openTables(await postgres.createDatabase())
}

export async function openTables(url: string): Promise<Tables> {
  const tables = new Tables({ place: () => ({ url }), clock: systemClock, logger: silentLogger })
  await tables.database()
  return tables
}

/** Writes the rows of `swarm_events` to a file of the server's, which {@link copyEvents} reads. */
export async function exportEvents(postgres: RunningPostgres, tables: Tables): Promise<void> {
  const file = rowsFile(postgres)
  await (await tables.database()).script(`copy (select * from swarm_events) to '${file}'`)
  chmodSync(file, 0o644)
}

/** The same rows into empty tables by one bare COPY, from a file of the server's: no client, no protocol, no trace, no agent. Returns how long it took. */
export async function copyEvents(postgres: RunningPostgres, tables: Tables): Promise<number> {
  const database = await tables.database()
  const started = performance.now()
  await database.script(`copy swarm_events from '${rowsFile(postgres)}'`)
  return (performance.now() - started) / 1000
}

function rowsFile(postgres: RunningPostgres): string {
  return path.join(postgres.directory, 'rows')
}

/** Processor time that all of its processes have used, in seconds: of those that run, and of those that have ended. */
export function processorSeconds({ pid }: RunningPostgres): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number)
  return [pid, ...children].reduce((sum, each) => sum + cpuMs(each, 'with ended children'), 0) / 1000
}
