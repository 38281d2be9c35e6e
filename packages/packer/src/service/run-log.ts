import type { Logger } from '@chronicle/telemetry'
import type { RunReport } from '../archive/contract.ts'
import type { RunReason } from './contract.ts'

const messages = {
  drained: 'run finished',
  'time-limit': 'run ended by scheduling.max_processing_time; the rest stays in its source',
  stopped: 'run stopped; the rest stays in its source',
} as const

/** The one line that a finished run leaves. Dashboards know its first fields by these names and in this order. */
export function logRun(logger: Logger, reason: RunReason, report: RunReport): void {
  logger.info(
    {
      events_processed: report.eventsProcessed,
      files_created: report.filesCreated,
      bytes_processed: report.bytesProcessed,
      duration_ms: Math.round(report.durationMs),
      events_failed: report.eventsFailed,
      duplicates: report.duplicates,
      damaged_records: report.damagedRecords,
      out_of_order: report.outOfOrder,
      frames: report.frames,
      ended: report.ended,
      reason,
      ...(report.lostRecords !== undefined && { lost_records: report.lostRecords }),
      ...(report.failedSources !== undefined && { failed_sources: report.failedSources.map(({ source }) => source) }),
    },
    messages[report.ended],
  )
}
