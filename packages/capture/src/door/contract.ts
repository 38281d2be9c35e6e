/**
 * The door of a capture that runs: HTTP/1.1 over a Unix socket beside the database, for its owner alone (CD1). It is how an analysis in another process gets the pixels of a
 * screenshot and says that it needs them no more, and what `chronicle capture status` asks.
 *
 * ```text
 * GET  /status              200 {@link CaptureStatus} as JSON
 * GET  /metrics             200 Prometheus' text format (0.0.4)
 * GET  /screenshots/{id}    200 the bytes as they came; 404 not known, 410 deleted
 * POST /analysed            204 once the bytes are gone; {"screenshots":["{id}", …]}, ids that are not known are passed over
 * otherwise                 4xx, 5xx {"code":"capture.…","summary":"…","remedy":"…","details":{…}}
 * ```
 */
import type { HealthReport } from '@chronicle/telemetry'
import { captureErrors } from '../errors.ts'
import type { StorageMetrics } from '../storage-metrics.ts'

const KiB = 1024

export type DoorLimits = {
  readonly connectionsMax: number
  /** On one connection, which is closed then. */
  readonly connectionRequestsMax: number
  /** From the connection to the end of the request. */
  readonly requestMsMax: number
  readonly headerBytesMax: number
  readonly bodyBytesMax: number
  /** Of one request: as many as a batch has events at most. */
  readonly idsMax: number
  /** Screenshots that are being sent: each is a copy in memory. The next ones wait. */
  readonly sendingMax: number
  /** For the bytes of one screenshot. Whoever is slower is cut off. */
  readonly sendMsMax: number
}

/** CD5 */
export const doorLimits: DoorLimits = {
  connectionsMax: 32,
  connectionRequestsMax: 100,
  requestMsMax: 10_000,
  headerBytesMax: 8 * KiB,
  bodyBytesMax: 512 * KiB,
  idsMax: 10_000,
  sendingMax: 2,
  sendMsMax: 30_000,
}

export type WaitingWindows = { readonly open: number; readonly closed: number; readonly built: number }

/** What a capture says of itself. */
export type CaptureStatus = {
  readonly pid: number
  /** Since when it runs, RFC 3339. */
  readonly started: string
  readonly database: string
  readonly socket: string
  /** null where the database cannot be asked; health says why. */
  readonly database_bytes: number | null
  /** Version of the tables. */
  readonly format: number
  /** Where the keys are that seal events, in words. */
  readonly keys: string
  readonly bus: string
  readonly health: HealthReport
  readonly metrics: StorageMetrics
  /** Windows whose batches have not all been taken: that still take events, that wait to be built, that wait to be taken. null as above. */
  readonly windows: WaitingWindows | null
  /** What the measures of `metrics` are to be compared with. */
  readonly limits: {
    readonly queue_events: number
    readonly queue_bytes: number
    readonly spill_bytes: number
    readonly screenshot_memory_bytes: number
    readonly screenshot_files_bytes: number
  }
}

/** sun_path of Linux has 108 bytes, that of macOS 104, with the zero at its end. */
const pathBytesMax = 103

/** Throws 'capture.door-path-too-long' where no socket can have this path. */
export function checkDoorPath(path: string): void {
  const bytes = Buffer.byteLength(path)
  if (bytes <= pathBytesMax) return
  throw captureErrors.create('capture.door-path-too-long', { socket: path, bytes, bytesMax: pathBytesMax })
}
