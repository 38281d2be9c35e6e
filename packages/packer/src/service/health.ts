import { messageOf } from '@chronicle/base'
import type { RingStatus } from '../ring/contract.ts'
import type { LastRun } from './contract.ts'

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
  freeBytes(): number
  /** In words; throws where keys cannot be had. */
  keys(): string
  lastRun(): LastRun | undefined
}

/** How the packer is, as bad as its worst check. */
export function packerHealth(sources: HealthSources): PackerHealth {
  const checks = {
    ring: ask(() => ringCheck(sources.ring())),
    disk: ask(() => diskCheck(sources.freeBytes())),
    keys: ask(() => ({ status: 'ok', reason: sources.keys() })),
    last_run: ask(() => lastRunCheck(sources.lastRun())),
  }
  const found = Object.values(checks).map(({ status }) => status)
  const status = found.includes('failing') ? 'failing' : found.includes('degraded') ? 'degraded' : 'ok'
  return { status, checks }
}

function ask(check: () => PackerCheck): PackerCheck {
  try {
    return check()
  } catch (error) {
    return { status: 'failing', reason: messageOf(error) }
  }
}

function ringCheck({ usedBytes, capacityBytes, isPressed, lostRecords, lostBytes }: RingStatus): PackerCheck {
  const used = `${usedBytes} of ${capacityBytes} bytes in use`
  const lost = lostRecords === 0 ? '' : `; ${lostRecords} records (${lostBytes} bytes) were lost to a full ring so far`
  if (isPressed) return { status: 'degraded', reason: `above its threshold: ${used}${lost}` }
  return { status: 'ok', reason: `${used}${lost}` }
}

function diskCheck(freeBytes: number): PackerCheck {
  const reason = `${freeBytes} bytes free`
  if (freeBytes < freeBytesMin) return { status: 'failing', reason: `${reason}, ${freeBytesMin} are needed` }
  return { status: freeBytes < freeBytesLow ? 'degraded' : 'ok', reason }
}

function lastRunCheck(run: LastRun | undefined): PackerCheck {
  if (!run) return { status: 'ok', reason: 'none since the start' }
  const at = new Date(run.endedMs).toISOString()
  if (run.failure !== undefined) {
    const reason = `${run.failures} failed in a row, the last one at ${at}: ${run.failure}`
    return { status: run.failures < failuresMax ? 'degraded' : 'failing', reason }
  }
  const { ended, eventsProcessed } = run.report!
  if (ended === 'time-limit') return { status: 'degraded', reason: `at ${at} its time was up before all was packed` }
  return { status: 'ok', reason: `at ${at}, ${eventsProcessed} events` }
}
