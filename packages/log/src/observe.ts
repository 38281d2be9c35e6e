import { ChronicleError } from '@chronicle/base'
import { type CheckResult, Gauge, type Health, type Registry } from '@chronicle/telemetry'
import type { Engine } from './engine.ts'
import type { LogState } from './log-state.ts'
import type { Maintenance } from './maintenance.ts'

export function registerHealth(health: Health, engine: Engine, maintenance: Maintenance): void {
  health.register('log', (): CheckResult => {
    const { failure, hindrance } = engine
    if (failure) return { status: 'fail', reason: `Nothing is taken any more: ${told(failure)}` }
    if (hindrance) return { status: 'fail', reason: `Nothing is taken for now: ${told(hindrance)}` }
    const { snapshotFailure } = maintenance
    if (snapshotFailure === undefined) return { status: 'pass', reason: 'records are taken and become durable' }
    return {
      status: 'warn',
      reason: `The last snapshot failed (${snapshotFailure}): space is not given back and the next start takes longer. Look at the disk.`,
    }
  })
}

function told(error: Error): string {
  return error instanceof ChronicleError ? `${error.message}. ${error.remedy}` : `${error.message}.`
}

/** Metrics are drawn from plain counters when somebody asks: nothing is looked up where batches pass. */
export function registerMetrics(registry: Registry, engine: Engine, state: LogState, maintenance: Maintenance): void {
  const registers = [registry]
  const add = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: `chronicle_log_${name}`,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  }
  add('batches_total', 'Record batches taken since the start, replayed ones included.', () => engine.batches)
  add('records_total', 'Records taken since the start, replayed ones included.', () => engine.records)
  add('bytes_total', 'Bytes of record batches taken since the start, replayed ones included.', () => engine.bytes)
  add('partitions', 'Partitions of all topics.', () => state.partitionCount)
  add('groups', 'Consumer groups with a state or with committed offsets.', () => state.journal.state.groups.size)
  add('index_bytes', 'Memory of the batch indexes.', () => engine.usage.indexBytes)
  add('producers', 'Idempotent producers remembered, counted in each partition.', () => engine.usage.producers)
  add('unacknowledged_batches', 'Batches appended that are not durable yet.', () => engine.watermarks.length)
  const { losses } = state
  add('lost_offsets', 'Offsets missing in partitions, as far as the last start replayed them.', () => losses.offsets)
  add('orphaned_entries', 'Entries that the last start passed over: what they refer to was lost.', () => losses.orphans)
  add('snapshots_total', 'Snapshots taken since the start.', () => maintenance.snapshotsTaken)
}
