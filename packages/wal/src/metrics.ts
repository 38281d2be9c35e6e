import { Counter, Gauge, Histogram, type Registry } from '@chronicle/telemetry'

/** What an open log tells its gauges when they are asked. */
export type WalFigures = {
  readonly durableLsn: number
  readonly endLsn: number
  readonly startLsn: number
  readonly files: number
  readonly tailBytes: number
  readonly freeBytes: number
}

/** The log's measures. Gauges are read when they are scraped; nothing is looked up by label on the way of an entry. */
export class WalMetrics {
  readonly groupBytes: Histogram
  readonly groupEntries: Histogram
  readonly syncSeconds: Histogram
  readonly appendedBytes: Counter
  readonly #failures: Counter<'operation'>

  constructor(registry: Registry, figures: () => WalFigures) {
    const registers = [registry]
    this.groupBytes = new Histogram({
      name: 'chronicle_wal_group_commit_bytes',
      help: 'Bytes made durable by one write and one sync.',
      buckets: [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864],
      registers,
    })
    this.groupEntries = new Histogram({
      name: 'chronicle_wal_group_commit_entries',
      help: 'Entries made durable by one write and one sync.',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096],
      registers,
    })
    this.syncSeconds = new Histogram({
      name: 'chronicle_wal_sync_seconds',
      help: 'Time from the write of a group until it is durable.',
      buckets: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
      registers,
    })
    this.appendedBytes = new Counter({
      name: 'chronicle_wal_appended_bytes_total',
      help: 'Bytes made durable.',
      registers,
    })
    this.#failures = new Counter({
      name: 'chronicle_wal_failures_total',
      help: 'Operations of the log that failed.',
      labelNames: ['operation'],
      registers,
    })
    for (const operation of ['commit', 'read', 'trim']) this.#failures.inc({ operation }, 0)
    gauge(
      registry,
      'chronicle_wal_durable_lsn',
      'Position below which everything is durable.',
      () => figures().durableLsn,
    )
    gauge(registry, 'chronicle_wal_end_lsn', 'Position of the next entry.', () => figures().endLsn)
    gauge(registry, 'chronicle_wal_start_lsn', 'Position of the oldest entry.', () => figures().startLsn)
    gauge(registry, 'chronicle_wal_files', 'Files of the log.', () => figures().files)
    gauge(registry, 'chronicle_wal_tail_bytes', 'Memory that holds the end of the log.', () => figures().tailBytes)
    gauge(registry, 'chronicle_wal_disk_free_bytes', 'Free space when last looked at.', () => figures().freeBytes)
  }

  failed(operation: 'commit' | 'read' | 'trim'): void {
    this.#failures.inc({ operation })
  }
}

export type RecoveryFigures = {
  readonly seconds: number
  readonly bytes: number
  readonly entries: number
  readonly tornBytes: number
}

/** Set once, when the log is opened. */
export function recordRecovery(registry: Registry, { seconds, bytes, entries, tornBytes }: RecoveryFigures): void {
  gauge(registry, 'chronicle_wal_recovery_seconds', 'How long the last recovery took.', () => seconds)
  gauge(registry, 'chronicle_wal_recovery_bytes', 'Bytes replayed by the last recovery.', () => bytes)
  gauge(registry, 'chronicle_wal_recovery_entries', 'Entries replayed by the last recovery.', () => entries)
  gauge(registry, 'chronicle_wal_recovery_torn_bytes', 'Bytes cut off that were never acknowledged.', () => tornBytes)
}

function gauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value())
    },
  })
}
