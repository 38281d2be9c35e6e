import { Counter, Gauge, Histogram, type Registry } from '@chronicle/telemetry'
import type { CommittedGroup } from '../archive/contract.ts'
import { codesOf } from './failure.ts'

const runSeconds = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600]
const fileSeconds = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60]

/** What is looked at from time to time. */
export type Sample = {
  readonly memoryBytes: number
  readonly cpuPercent: number
  readonly diskBytes: number
  readonly ring?: { readonly usedBytes: number; readonly capacityBytes: number } | undefined
}

/** The packer's own metrics, by the names that dashboards know. */
export class PackerMetrics {
  readonly #eventsProcessed: Counter
  readonly #eventsFailed: Counter
  readonly #processingSeconds: Histogram
  readonly #filesCreated: Counter
  readonly #bytesProcessed: Counter
  readonly #storageSeconds: Histogram
  readonly #memory: Gauge
  readonly #cpu: Gauge
  readonly #disk: Gauge
  readonly #ringBytes: Gauge
  readonly #ringPercent: Gauge
  readonly #ringErrors: Counter
  readonly #storageErrors: Counter
  readonly #encryptionErrors: Counter
  readonly #topicErrors: Counter
  readonly #recordsLost: Counter

  constructor(registry: Registry) {
    const registers = [registry]
    const counter = (name: string, help: string) => new Counter({ name: `chronicle_${name}`, help, registers })
    const gauge = (name: string, help: string) => new Gauge({ name: `chronicle_${name}`, help, registers })
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name: `chronicle_${name}`, help, buckets, registers })
    this.#eventsProcessed = counter('events_processed_total', 'Events that are in verified files')
    this.#eventsFailed = counter('events_failed_total', 'Events that were refused and are in quarantine')
    this.#processingSeconds = histogram('processing_duration_seconds', 'Duration of a run', runSeconds)
    this.#filesCreated = counter('files_created_total', 'Files that were written, verified and put in place')
    this.#bytesProcessed = counter('bytes_processed_total', 'Bytes of the source that were packed')
    this.#storageSeconds = histogram('storage_duration_seconds', 'Time to write, verify and place a file', fileSeconds)
    this.#memory = gauge('memory_usage_bytes', 'Resident memory of the process')
    this.#cpu = gauge('cpu_usage_percent', 'Processor time since the last look; 100 is one processor')
    this.#disk = gauge('disk_usage_bytes', 'Bytes of the files of the archive')
    this.#ringBytes = gauge('ring_buffer_size_bytes', 'Bytes that wait in the ring')
    this.#ringPercent = gauge('ring_buffer_utilization_percent', 'Share of the ring that is in use')
    this.#ringErrors = counter('ring_buffer_errors_total', 'Failures of the ring, and damaged records in it')
    this.#storageErrors = counter('storage_errors_total', 'Failures to write, verify or place a file')
    this.#encryptionErrors = counter('encryption_errors_total', 'Failures of keys and of sealing')
    this.#topicErrors = counter('topic_errors_total', 'Failures to read a topic')
    this.#recordsLost = counter(
      'topic_records_lost_total',
      'Offsets of topics that were deleted before they were packed',
    )
  }

  /** What one commit put in place, as it happens: a run that fails later has packed it all the same. */
  committed(group: CommittedGroup): void {
    this.#eventsProcessed.inc(group.eventsProcessed)
    this.#eventsFailed.inc(group.eventsFailed)
    this.#filesCreated.inc(group.filesCreated)
    this.#bytesProcessed.inc(group.bytesProcessed)
    this.#ringErrors.inc(group.damagedRecords)
    for (const durationMs of group.storedMs) this.#storageSeconds.observe(durationMs / 1000)
  }

  /** Records of a topic that its retention took before they were packed. */
  lost(records: number): void {
    this.#recordsLost.inc(records)
  }

  ran(durationMs: number): void {
    this.#processingSeconds.observe(durationMs / 1000)
  }

  /** Counts a failure where its causes belong: keys first, for what fails for want of a key fails in the writing. */
  failed(error: unknown): void {
    const codes = codesOf(error)
    if (codes.some(code => code.startsWith('vault.'))) this.#encryptionErrors.inc()
    else if (codes.some(code => code.startsWith('packer.ring-'))) this.#ringErrors.inc()
    else if (codes.some(code => code.startsWith('packer.topic-'))) this.#topicErrors.inc()
    else this.#storageErrors.inc()
  }

  sample({ memoryBytes, cpuPercent, diskBytes, ring }: Sample): void {
    this.#memory.set(memoryBytes)
    this.#cpu.set(cpuPercent)
    this.#disk.set(diskBytes)
    if (!ring) return
    this.#ringBytes.set(ring.usedBytes)
    this.#ringPercent.set((100 * ring.usedBytes) / ring.capacityBytes)
  }
}
