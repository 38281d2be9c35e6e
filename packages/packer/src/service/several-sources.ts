/** Sources that are packed one after another in a run. Each stands for itself: what fails leaves the others to be packed (PS5). */
import type { Clock } from '@chronicle/base'
import type { FailedSource, RunReport } from '../archive/contract.ts'
import { explained, inWords } from './failure.ts'

export type SourceJob = {
  readonly name: string
  /** Packs for so long at most. */
  readonly pack: (msMax: number) => Promise<RunReport>
}

export type JobsOptions = {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Of all jobs together. */
  readonly msMax: number
  readonly onFailure: (source: string, failure: unknown) => void
}

/** What all did together. A single one that fails rejects as it does; of several those that fail are named in the report. */
export async function packAll(jobs: readonly SourceJob[], options: JobsOptions): Promise<RunReport> {
  const { clock, signal, msMax, onFailure } = options
  const startMs = clock.monotonic()
  const passedMs = () => clock.monotonic() - startMs
  const reports: RunReport[] = []
  const failed: FailedSource[] = []
  let cut: RunReport['ended'] | undefined
  for (const { name, pack } of jobs) {
    cut = signal.aborted ? 'stopped' : passedMs() >= msMax ? 'time-limit' : undefined
    if (cut) break
    try {
      reports.push(await pack(msMax - passedMs()))
    } catch (error) {
      if (jobs.length === 1) throw error
      const failure = explained(error)
      onFailure(name, failure)
      failed.push({ source: name, failure: inWords(failure) })
    }
  }
  const ended = cut ?? reports.find(report => report.ended !== 'drained')?.ended ?? 'drained'
  return { ...together(reports, failed), durationMs: passedMs(), ended }
}

function together(
  reports: readonly RunReport[],
  failed: readonly FailedSource[],
): Omit<RunReport, 'durationMs' | 'ended'> {
  const sum = (of: (report: RunReport) => number) => reports.reduce((total, report) => total + of(report), 0)
  const lostRecords = sum(report => report.lostRecords ?? 0)
  const failedSources = [...reports.flatMap(report => report.failedSources ?? []), ...failed]
  return {
    eventsProcessed: sum(report => report.eventsProcessed),
    eventsFailed: sum(report => report.eventsFailed),
    duplicates: sum(report => report.duplicates),
    damagedRecords: sum(report => report.damagedRecords),
    outOfOrder: sum(report => report.outOfOrder),
    frames: sum(report => report.frames),
    filesCreated: sum(report => report.filesCreated),
    bytesProcessed: sum(report => report.bytesProcessed),
    ...(lostRecords > 0 && { lostRecords }),
    ...(failedSources.length > 0 && { failedSources }),
  }
}
