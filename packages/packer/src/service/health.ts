import type { RingStatus } from '../ring/contract.ts'
import type { LastRun } from './contract.ts'
import { inWords } from './failure.ts'

export type HealthStatus = 'ok' | 'degraded' | 'failing'
export type PackerCheck = { readonly status: HealthStatus; readonly reason: string }
export type PackerHealth = {
  readonly status: HealthStatus
  readonly checks: Readonly<Record<'ring' | 'disk' | 'keys' | 'last_run', PackerCheck>>
}

const mebibyte = 1 << 20
/** Below these a night may not fit, and the next file may not. */
const freeBytesLow = 1024 * mebibyte
const freeBytesMin = 64 * mebibyte
/** One failure may pass by itself; so many in a row do not. */
const failuresMax = 3

export type HealthSources = {
  ring(): RingStatus
  /** What a person should know of the ring although it works. */
  ringNotice(): string | undefined
  /** Throws where the archive's directory cannot be written. */
  disk(): DiskRoom
  keys(): Promise<PackerCheck>
  lastRun(): LastRun | undefined
}

/** What is left for this user on the disk of the archive. Quotas do not show here: what they refuse fails a run. */
export type DiskRoom = { readonly freeBytes: number; readonly hasFreeNames: boolean }

/** How the packer is, as bad as its worst check. */
export async function packerHealth(sources: HealthSources): Promise<PackerHealth> {
  const checks = {
    ring: await ask(() => ringCheck(sources.ring(), sources.ringNotice())),
    disk: await ask(() => diskCheck(sources.disk(), sources.lastRun())),
    keys: await ask(() => sources.keys()),
    last_run: await ask(() => lastRunCheck(sources.lastRun())),
  }
  const found = Object.values(checks).map(({ status }) => status)
  const status = found.includes('failing') ? 'failing' : found.includes('degraded') ? 'degraded' : 'ok'
  return { status, checks }
}

async function ask(check: () => PackerCheck | Promise<PackerCheck>): Promise<PackerCheck> {
  try {
    return await check()
  } catch (error) {
    return { status: 'failing', reason: inWords(error) }
  }
}

function ringCheck(ring: RingStatus, notice: string | undefined): PackerCheck {
  const { usedBytes, capacityBytes, isPressed, lostRecords, lostBytes, writerPid } = ring
  const used = `${sizeInWords(usedBytes)} of ${sizeInWords(capacityBytes)} in use`
  const recorder = writerPid === undefined ? 'no recorder has it open' : `process ${writerPid} writes into it`
  const lost = lostRecords === 0 ? '' : `; lost since the ring was made: ${lostRecords} (${sizeInWords(lostBytes)})`
  const facts = `${used}, ${recorder}${lost}`
  if (notice !== undefined) return { status: 'degraded', reason: `${notice}; ${facts}` }
  if (isPressed) return { status: 'degraded', reason: `above ring_buffer.backpressure_threshold: ${facts}` }
  return { status: 'ok', reason: facts }
}

/** `3.2 MB`, as `status` says it. */
function sizeInWords(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1024
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

function diskCheck({ freeBytes, hasFreeNames }: DiskRoom, run: LastRun | undefined): PackerCheck {
  const free = `${sizeInWords(freeBytes)} free`
  if (run?.failureCode === 'packer.disk-full') return { status: 'failing', reason: `${free}; ${run.failure}` }
  if (freeBytes < freeBytesMin)
    return { status: 'failing', reason: `${free}, ${sizeInWords(freeBytesMin)} are needed: make room` }
  if (!hasFreeNames) return { status: 'failing', reason: `${free}, but no more files can be made: delete some` }
  if (freeBytes < freeBytesLow) return { status: 'degraded', reason: `${free}: a night may not fit, make room` }
  return { status: 'ok', reason: free }
}

function lastRunCheck(run: LastRun | undefined): PackerCheck {
  if (!run) return { status: 'ok', reason: 'none since the start' }
  const at = new Date(run.endedMs).toISOString()
  if (run.failure !== undefined) {
    const reason = `${run.failures} failed in a row, the last one at ${at}: ${run.failure}`
    return { status: run.failures < failuresMax ? 'degraded' : 'failing', reason }
  }
  const { ended, eventsProcessed, failedSources = [], lostRecords = 0 } = run.report!
  if (failedSources.length > 0) {
    const failures = failedSources.map(({ source, failure }) => `${source}: ${failure}`).join('; ')
    return { status: 'degraded', reason: `at ${at}, ${eventsProcessed} events, but not of ${failures}` }
  }
  if (ended === 'time-limit') {
    const reason = `at ${at} its time was up before all was packed: raise scheduling.max_processing_time`
    return { status: 'degraded', reason }
  }
  const packed = `at ${at}, ${eventsProcessed} events`
  if (lostRecords > 0) {
    const remedy = 'give the topic a longer retention, or pack it more often'
    return {
      status: 'degraded',
      reason: `${packed}; ${lostRecords} records were deleted before they were packed: ${remedy}`,
    }
  }
  if (run.retentionFailure === undefined) return { status: 'ok', reason: packed }
  return { status: 'degraded', reason: `${packed}; what is past its retention stays: ${run.retentionFailure}` }
}
