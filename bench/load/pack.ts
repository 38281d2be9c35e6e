/**
 * Packs once, in a process of its own, and says what it took: `node bench/load/pack.ts BASE ring PATH` empties a ring,
 * `node bench/load/pack.ts BASE day RECORDS COUNT` packs as many records of a file, whose memory is one buffer. Prints one line of JSON, a {@link Packed}.
 */
import { createSecretKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { systemClock, systemRandom } from '@chronicle/base'
import {
  type ArchiveKeys,
  type ArchiveSettings,
  drain,
  type EventSource,
  openArchive,
  openRingReader,
} from '@chronicle/packer'
import { residentMB } from '../processes.ts'
import { EventRecords } from './event-records.ts'

export type Packed = {
  readonly events: number
  /** Of the records in the source. */
  readonly bytes: number
  readonly milliseconds: number
  /** Processor time of the thread that reads, and of all others together: the one that writes, the collector's and the compiler's. */
  readonly readingMs: number
  readonly otherMs: number
  /** Resident, with everything loaded and nothing packed yet, and the most while packing. */
  readonly restMB: number
  readonly peakMB: number
}

const [base, kind, path, count] = process.argv.slice(2) as [string, 'ring' | 'day', string, string]
const settings: ArchiveSettings = {
  basePath: base,
  retentionDays: 0,
  compressionLevel: 6,
  maxFileBytes: 2 ** 30,
  directoryFormat: '%Y/%m/%d',
  checksumAlgorithm: 'blake3',
  rowGroupRows: 65_536,
  pageBytes: 8192,
  parquetCodec: 'SNAPPY',
  dictionaryEncoding: true,
  statistics: true,
  bloomFilterEnabled: true,
  bloomFilterFpp: 0.1,
  bloomFilterColumns: ['app_bundle_id', 'window_title'],
  encryptionEnabled: true,
  parquetEncryption: 'sealed',
  timezone: 'UTC',
  maxProcessingMs: 3_600_000,
}
const key = { id: '00000000-0000-4000-8000-000000000001', epoch: 0, secret: createSecretKey(Buffer.alloc(32, 1)) }
const keys: ArchiveKeys = {
  audit: { record: async () => undefined },
  keyFor: async () => key,
  key: async () => key,
}

const archive = await openArchive({ settings, keys, clock: systemClock, random: systemRandom })
const source = kind === 'ring' ? ringSource(path) : daySource(path, Number(count))
const encodeFrame = () => Promise.reject(new Error('there are no frames'))
const restMB = residentMB(process.pid)
// Sets the peak back to what is resident now (proc(5), clear_refs).
writeFileSync('/proc/self/clear_refs', '5')
const before = { all: process.cpuUsage(), thread: process.threadCpuUsage() }
const started = performance.now()
const report = await drain({ source, archive, settings, clock: systemClock, random: systemRandom, encodeFrame })
const milliseconds = performance.now() - started
const readingMs = inMs(process.threadCpuUsage(before.thread))
const packed: Packed = {
  events: report.eventsProcessed,
  bytes: report.bytesProcessed,
  milliseconds,
  readingMs,
  otherMs: inMs(process.cpuUsage(before.all)) - readingMs,
  restMB,
  peakMB: residentMB(process.pid, 'peak'),
}
await source.close()
archive.close()
if (report.eventsFailed + report.duplicates > 0) throw new Error(`events were refused: ${JSON.stringify(report)}`)
console.log(JSON.stringify(packed))

function inMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000
}

function ringSource(path: string): EventSource {
  const reader = openRingReader({ path, backpressureThreshold: 0.8, clock: systemClock })
  return {
    id: 'ring',
    name: path,
    read: async bytesMax => {
      const slice = reader.read(bytesMax)
      return slice && { records: slice.records, damage: [], from: slice.records[0]!.position, next: slice.next }
    },
    release: async position => reader.release(position),
    skipTo: async () => undefined,
    backlogBytes: () => reader.status().usedBytes,
    close: async () => reader.close(),
  }
}

/** One record a slice. */
function daySource(path: string, count: number): EventSource {
  const records = new EventRecords(path)
  let next = 0
  return {
    id: 'day',
    name: path,
    read: async () => {
      if (next === count) return undefined
      const position = next++
      return { records: [{ kind: 'events', position, payload: records.next() }], damage: [], from: position, next }
    },
    release: async () => undefined,
    skipTo: async () => undefined,
    backlogBytes: () => 0,
    close: async () => records.close(),
  }
}
