import type { ChronicleError, Clock, Random } from '@chronicle/base'
import { formatValue, type Setting } from '@chronicle/config'
import type { CheckResult, Logger, Registry } from '@chronicle/telemetry'
import type { Vault } from '@chronicle/vault'
import type { Bus } from './bus/index.ts'
import { captureErrors } from './errors.ts'
import type { PipelineLimits } from './pipeline-parts.ts'
import {
  type HandedOn,
  mebibyte,
  type ScreenshotLimits,
  type ScreenshotTimes,
  screenshotLimits,
} from './screenshots/index.ts'
import { type CaptureSettings, captureSettings } from './settings.ts'

/** What a program may give besides settings. What it gives it also closes. */
export type StorageParts = {
  /** Keys that seal events. Without one capture keeps its own beside the database. */
  readonly vault?: Vault
  /** In place of the one that the settings name. */
  readonly ownBus?: Bus
  readonly logger?: Logger
  readonly registry?: Registry
  readonly clock?: Clock
  readonly random?: Random
  /** Gets each screenshot before its bytes are destroyed; what `screenshotHandOn` says is wired with it. */
  readonly handOn?: (shot: HandedOn) => Promise<void>
  /** What `health` says besides its own, by name: of whatever `handOn` writes to. Answers from memory. */
  readonly checks?: Readonly<Record<string, () => CheckResult>>
}

export type StorageConfig = CaptureSettings & StorageParts

/** Throws 'capture.setting' for the first one that is not accepted. */
export function checkSettings(config: StorageConfig): void {
  for (const [name, each] of Object.entries(captureSettings) as [keyof CaptureSettings, Setting][]) {
    const value = config[name]
    if (value === undefined && each.defaultText !== undefined) continue
    const text = value === undefined ? undefined : formatValue(each, value)
    if (text !== undefined && each.type.parse(text, '/') === value) continue
    throw refused(each, value, each.type.accepts)
  }
  if (config.screenshotHandOn !== 'none' && !config.handOn)
    throw refused(captureSettings.screenshotHandOn, config.screenshotHandOn, 'none, where no handOn is given')
}

function refused({ key }: Setting, value: unknown, accepted: string): ChronicleError {
  return captureErrors.create('capture.setting', { key, value: String(value), accepted })
}

export function screenshotLimitsOf(config: CaptureSettings): ScreenshotLimits {
  return {
    ...screenshotLimits,
    shotBytesMax: config.screenshotMaxMb * mebibyte,
    memoryShotBytesMax: config.screenshotMemoryThresholdMb * mebibyte,
    memoryBytesMax: config.screenshotMemoryTotalMb * mebibyte,
    waitingBytesMax: config.screenshotWaitingMb * mebibyte,
    filesBytesMax: config.screenshotFilesTotalMb * mebibyte,
    imagePixelsMax: config.screenshotMaxPixels,
    imageSecondsMax: config.screenshotDecodeSeconds,
  }
}

export function screenshotTimesOf(config: CaptureSettings): ScreenshotTimes {
  return {
    windowMs: config.batchWindowSeconds * 1000,
    allowedLatenessMs: config.allowedLatenessMs,
    afterWindowMs: config.screenshotAfterWindowSeconds * 1000,
  }
}

export function pipelineLimitsOf(config: CaptureSettings): Partial<PipelineLimits> {
  return {
    queueEventsMax: config.queueEventsMax,
    queueBytesMax: config.queueMb * mebibyte,
    spillBytesMax: config.spillMb * mebibyte,
    deliveryMsMax: config.deliveryTimeoutSeconds * 1000,
  }
}
